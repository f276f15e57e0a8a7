/**
 * What one segment of the log left, as JSON, for it is verified by one invocation and joined by another. An answer is taken
 * whole or not at all: one that does not say everything about just the segment that was asked for is an error, never OK.
 */
import * as z from 'zod';
import { describeIssues } from '../../../core/errors/index.ts';
import {
  HASH_BYTES,
  TILE_HEIGHT,
  TILE_WIDTH,
  VERDICTS,
  type ReplayIndex,
  type Segment,
  type Window,
} from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { AwsError } from '../request/errors.ts';

const HASH = /^[0-9a-f]{64}$/;

const index = z.int().min(0);
const hash = z.string().regex(HASH).brand<'ChainHash'>();
const bytes = z.base64().transform((text) => Uint8Array.from(Buffer.from(text, 'base64')));
const span = z.tuple([z.string().min(1), index, hash, index, index, hash, z.boolean()]);
const segmentJson = z.strictObject({
  kind: z.literal('segment'),
  entries: index,
  spans: z.array(span),
  finding: z
    .strictObject({
      verdict: z.enum(VERDICTS).exclude(['OK']),
      entity: z.string(),
      seq: index,
      position: index.exactOptional(),
      path: z.string().exactOptional(),
      detail: z.string(),
    })
    .exactOptional(),
  tree: z
    .strictObject({
      from: index,
      to: index,
      tileRoots: bytes,
      ends: z.array(z.strictObject({ size: index, edge: bytes })),
    })
    .exactOptional(),
  replay: z.strictObject({ keys: bytes, decisive: bytes }).exactOptional(),
});

/** Bytes in base64; a chain is [name, first seq, its prev, its log index, last seq, last hash, has change-sets]. */
export type SegmentJson = z.input<typeof segmentJson>;

export function serializeSegment({ entries, spans, finding, tree, replay }: Segment): SegmentJson {
  return {
    kind: 'segment',
    entries,
    spans: [...spans].map(([chain, one]) => [
      ...([chain, one.firstSeq, one.firstPrev, one.firstPosition] as const),
      ...([one.lastSeq, one.lastHash, one.hasChanges] as const),
    ]),
    ...defined({ finding }),
    ...(tree === undefined
      ? {}
      : {
          tree: {
            from: tree.from,
            to: tree.to,
            tileRoots: base64(tree.tileRoots),
            ends: tree.ends.map(({ size, edge }) => ({ size, edge: base64(edge) })),
          },
        }),
    ...(replay === undefined ? {} : { replay: { keys: base64Of(replay.keys), decisive: base64Of(replay.decisive) } }),
  };
}

/**
 * @param window what was asked for
 * @throws AwsError ANSWER_INVALID
 */
export function parseSegment(answer: unknown, window: Pick<Window, 'from' | 'to' | 'sizes' | 'replay'>): Segment {
  const parsed = segmentJson.safeParse(answer);
  if (!parsed.success) throw invalid(describeIssues(parsed.error.issues.slice(0, 3)).message);
  const { entries, finding, tree } = parsed.data;
  const spans: Segment['spans'] = new Map(
    parsed.data.spans.map(([chain, firstSeq, firstPrev, firstPosition, lastSeq, lastHash, hasChanges]) => [
      chain,
      { firstSeq, firstPrev, firstPosition, lastSeq, lastHash, hasChanges },
    ]),
  );
  const length = window.to - window.from;
  if (spans.size !== parsed.data.spans.length) throw invalid('a chain is there twice');
  if (spans.values().some((one) => one.firstPosition < window.from || one.firstPosition >= window.to))
    throw invalid('a chain begins outside the segment');
  if (entries > length || (entries > 0 && spans.size === 0)) throw invalid(`${entries} entries cannot be in it`);
  if (finding !== undefined) return { entries, spans, finding, ...defined({ tree }) };
  if (tree === undefined || entries !== length) throw invalid('neither all entries nor a reason for fewer');
  assertTree(tree, window);
  return { entries, spans, tree, ...(window.replay ? { replay: readReplay(parsed.data.replay, window) } : {}) };
}

/** Sound only as a whole: what is missing here would be missing in the root, or shift what follows. */
function assertTree(
  tree: NonNullable<Segment['tree']>,
  window: { readonly from: number; readonly to: number; sizes: readonly number[] },
) {
  const { from, to } = window;
  const isInTile = (size: number): boolean => size > from && size <= to && size % TILE_WIDTH !== 0;
  const wanted = [...new Set([...window.sizes, to])].filter(isInTile).sort((a, b) => a - b);
  const isWhole =
    tree.from === from &&
    tree.to === to &&
    tree.tileRoots.length === Math.floor((to - from) / TILE_WIDTH) * HASH_BYTES &&
    tree.ends.length === wanted.length &&
    tree.ends.every(({ size, edge }, i) => size === wanted[i] && edge.length === edgeBytes(size));
  if (!isWhole) throw invalid('the tree is not that of the segment');
}

/** As many keys as entries; log indices within the segment, ascending. */
function readReplay(
  replay: { readonly keys: Uint8Array; readonly decisive: Uint8Array } | undefined,
  { from, to }: Pick<Window, 'from' | 'to'>,
): ReplayIndex {
  if (replay === undefined || replay.keys.length !== 8 * (to - from) || replay.decisive.length % 8 !== 0)
    throw invalid('what a replay needs is not that of the segment');
  const keys = new BigUint64Array(replay.keys.slice().buffer);
  const decisive = new Float64Array(replay.decisive.slice().buffer);
  if (
    decisive.some(
      (one, i) => !Number.isInteger(one) || one < (i === 0 ? from : (decisive[i - 1] as number) + 1) || one >= to,
    )
  )
    throw invalid('what a replay needs is not within the segment');
  return { keys, decisive };
}

function edgeBytes(size: number): number {
  let ones = 0;
  for (let level = 0; level < TILE_HEIGHT; level += 1) ones += Math.floor(size / 2 ** level) % 2;
  return ones * HASH_BYTES;
}

function base64Of({ buffer, byteOffset, byteLength }: BigUint64Array | Float64Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function base64(of: Uint8Array): string {
  return Buffer.from(of).toString('base64');
}

function invalid(why: string): AwsError {
  return new AwsError({ code: 'ANSWER_INVALID', message: `not the outcome of the segment that was asked for: ${why}` });
}
