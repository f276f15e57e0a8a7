import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChainHash } from '../../../../core/brands/index.ts';
import { parseSegment, serializeSegment } from '../../../../adapters/aws/verify/segment-json.ts';
import { SegmentHashesBuilder, type SegmentHashes } from '../../../../core/ledger/verify/verify-tree.ts';
import { VERDICTS, type ChainSpan, type Finding, type Segment } from '../../../../core/ledger/index.ts';
import { checked } from '../../../support/checked.ts';

const hex = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => checked<ChainHash>(Buffer.from(bytes).toString('hex')));
const spanIn = (from: number, to: number): fc.Arbitrary<ChainSpan> =>
  fc.record({
    ...{ firstSeq: fc.nat(), firstPrev: hex, firstPosition: fc.integer({ min: from, max: to - 1 }) },
    ...{ lastSeq: fc.nat(), lastHash: hex, hasChanges: fc.boolean() },
  });
const finding = fc.record(
  {
    verdict: fc.constantFrom(...VERDICTS.filter((one) => one !== 'OK')),
    ...{ entity: fc.string(), seq: fc.nat(), position: fc.nat(), path: fc.string(), detail: fc.string() },
  },
  { requiredKeys: ['verdict', 'entity', 'seq', 'detail'], noNullPrototype: true },
) as fc.Arbitrary<Finding>;

/** A segment and what could be found out about it. */
const outcomes = fc
  .record({ tile: fc.nat(50), length: fc.integer({ min: 1, max: 700 }), sizes: fc.array(fc.nat(14_000)) })
  .chain(({ tile, length, sizes }) => {
    const from = tile * 256;
    const to = from + length;
    return fc.record({
      window: fc.constant({ from, to, sizes, replay: from % 512 === 0 }),
      found: fc.option(finding, { nil: undefined }),
      spans: fc.dictionary(fc.string({ minLength: 1 }), spanIn(from, to), { minKeys: 1, noNullPrototype: true }),
    });
  })
  .map(({ window, found, spans }) => {
    const tree = treeOf(window);
    const segment: Segment =
      found === undefined
        ? { entries: tree.to - tree.from, spans: new Map(Object.entries(spans)), tree, ...indexOf(window) }
        : { entries: 1, spans: new Map(Object.entries(spans)), finding: found };
    return { window, segment };
  });

function indexOf({ from, to, replay }: { from: number; to: number; replay: boolean }): Pick<Segment, 'replay'> {
  const keys = BigUint64Array.from({ length: to - from }, (_, i) => BigInt(i) << 40n);
  return replay ? { replay: { keys, decisive: Float64Array.from(new Set([from, to - 1])) } } : {};
}

function treeOf({ from, to, sizes }: { from: number; to: number; sizes: number[] }): SegmentHashes {
  const tree = new SegmentHashesBuilder(from, sizes);
  for (let i = from; i < to; i += 1) tree.append(new Uint8Array(32).fill(i % 251));
  return tree.built();
}

describe('the outcome of a segment as JSON', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(outcomes, ({ window, segment }) => {
        expect(parseSegment(JSON.parse(JSON.stringify(serializeSegment(segment))), window)).toEqual(segment);
      }),
      { numRuns: 200 },
    );
  });

  const window = { from: 256, to: 600, sizes: [300], replay: false };
  const span: ChainSpan = {
    ...{ firstSeq: 0, firstPrev: '0'.repeat(64), firstPosition: 256 },
    ...{ lastSeq: 343, lastHash: checked<ChainHash>('a'.repeat(64)), hasChanges: false },
  };
  const sound = serializeSegment({ entries: 344, spans: new Map([['a', span]]), tree: treeOf(window) });
  const { tree, ...treeless } = sound;
  if (tree === undefined) throw new Error('no tree');

  it('is sound to begin with', () => {
    expect(parseSegment(sound, window).entries).toBe(344);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['an error', { errorType: 'Error', errorMessage: 'no' }],
    ['a refusal', { kind: 'refused', code: 'REQUEST_INVALID', message: 'no' }],
    ['a report', { verdict: 'OK', entries: 344, chains: 1, checked: [], notChecked: [] }],
    ['no tree', treeless],
    ['fewer entries', { ...sound, entries: 343 }],
    ['more entries', { ...sound, entries: 345 }],
    ['no chains', { ...sound, spans: [] }],
    ['a chain twice', { ...sound, spans: [...sound.spans, ...sound.spans] }],
    ['a chain from elsewhere', { ...sound, spans: [['a', 0, '0'.repeat(64), 600, 1, '0'.repeat(64), false]] }],
    ['a hash cut short', { ...sound, spans: [['a', 0, '00', 256, 1, '0'.repeat(64), false]] }],
    ['another segment', { ...sound, tree: { ...tree, from: 0 } }],
    ['an earlier end', { ...sound, tree: { ...tree, to: 599 } }],
    ['a tile root cut short', { ...sound, tree: { ...tree, tileRoots: tree.tileRoots.slice(4) } }],
    ['no tile roots', { ...sound, tree: { ...tree, tileRoots: '' } }],
    ['an edge too few', { ...sound, tree: { ...tree, ends: tree.ends.slice(1) } }],
    ['an edge cut short', { ...sound, tree: { ...tree, ends: tree.ends.map((end) => ({ ...end, edge: '' })) } }],
    ['no base64', { ...sound, tree: { ...tree, tileRoots: '?' } }],
    ['OK as a finding', { ...treeless, finding: { verdict: 'OK', entity: 'a', seq: 0, detail: '' } }],
    ['something beside', { ...sound, verdict: 'OK' }],
  ])('is refused: %s', (_, answer) => {
    expect(() => parseSegment(answer, window)).toThrow(expect.objectContaining({ code: 'ANSWER_INVALID' }) as unknown);
  });
});
