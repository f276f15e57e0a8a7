/**
 * Verification for whoever may invoke the function. No gateway ends it after 29 s, and another call (`leg`) continues with
 * what does not fit into the function's 15 minutes. The answer to a wrong request says how to ask.
 */
import * as z from 'zod';
import { describeIssues } from '../../core/errors/index.ts';
import type { SegmentRequest } from '../../adapters/aws/verify/invoke-verifier.ts';
import type { LegName } from '../../adapters/aws/verify/leg-notes.ts';
import type { SegmentJson } from '../../adapters/aws/verify/segment-json.ts';
import { SEGMENT_ENTRIES } from '../../adapters/aws/verify/verify-in-segments.ts';
import type { Continued } from '../../adapters/aws/verify/verify-in-legs.ts';
import { ENTITY_ID, TILE_WIDTH, type VerificationReport } from '../../core/ledger/index.ts';
import { defined } from '../../core/values/index.ts';

const HOW =
  'send {"mode":"full"} or {"mode":"entity","entity":"<id>"}, each with "signatures": false to be faster, ' +
  '"requireAnchored": true, "maxAgeMinutes": <n> or (full) "checkpoint": "<one that you kept>" to ask for more';
const how = {
  signatures: z.boolean().default(true),
  requireAnchored: z.boolean().optional(),
  maxAgeMinutes: z.int().min(1).optional(),
};
const logIndex = z.int().min(0);
/** The function asks itself for these: a segment of a long log. */
const segmentRequest = z
  .strictObject({
    mode: z.literal('stretch'),
    from: logIndex.multipleOf(TILE_WIDTH),
    to: logIndex,
    sizes: z.array(logIndex),
    published: logIndex,
    isShort: z.boolean(),
    replay: z.boolean(),
    signatures: z.boolean(),
  })
  .refine(({ from, to }) => from < to && to - from <= SEGMENT_ENTRIES, `must be 1 to ${SEGMENT_ENTRIES} entries`);
const full = z.strictObject({ mode: z.literal('full'), checkpoint: z.string().optional(), ...how });
/** The function asks itself for these: what is left of a verification of the whole ledger. */
const leg = z.strictObject({
  mode: z.literal('leg'),
  asked: full,
  name: z.strictObject({
    run: z.string().regex(/^[\w:.-]{1,100}$/),
    leg: z.int().min(2),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    pieces: z.int().min(1),
  }),
});
/** What the function is sent to go on. */
export type LegRequest = z.output<typeof leg>;

const request = z.discriminatedUnion('mode', [
  full,
  leg,
  z.strictObject({ mode: z.literal('entity'), entity: z.string().regex(ENTITY_ID, 'must be an entity id'), ...how }),
  segmentRequest,
]);

export interface VerifyRequest {
  readonly entity?: string;
  /** false: bytes, hashes, links and places only */
  readonly signatures: boolean;
  /** a signed checkpoint that the caller kept */
  readonly remembered?: Uint8Array;
  /** NOT_YET_ANCHORED unless anchors cover it all */
  readonly requireAnchored?: boolean;
  /** STALE when the newest sign of life under a checkpoint is older */
  readonly maxAgeMinutes?: number;
}

/** How a verification that is not done in one call is gone on with. */
export interface Continuation {
  /** the leg that this is; absent: the first */
  readonly name?: LegName;
  readonly nextOf: (name: LegName) => LegRequest;
}

export interface RefusedRequest {
  readonly kind: 'refused';
  readonly code: 'REQUEST_INVALID';
  readonly message: string;
}

export interface DirectVerifiers {
  /** @param continuation absent: it is done in one call */
  readonly verify: (request: VerifyRequest, continuation?: Continuation) => Promise<VerificationReport | Continued>;
  readonly verifySegment: (request: SegmentRequest) => Promise<SegmentJson>;
}

export async function verifyDirectly(
  { verify, verifySegment }: DirectVerifiers,
  event: unknown,
): Promise<VerificationReport | Continued | SegmentJson | RefusedRequest> {
  const parsed = request.safeParse(event);
  if (!parsed.success) {
    const { message } = describeIssues(parsed.error.issues);
    return { kind: 'refused', code: 'REQUEST_INVALID', message: `${message}: ${HOW}` };
  }
  if (parsed.data.mode === 'stretch') return verifySegment(parsed.data);
  if (parsed.data.mode === 'entity') return verify(requestOf(parsed.data));
  const asked = parsed.data.mode === 'leg' ? parsed.data.asked : parsed.data;
  const nextOf = (name: LegName): LegRequest => ({ mode: 'leg', asked, name });
  return verify(requestOf(asked), { nextOf, ...(parsed.data.mode === 'leg' ? { name: parsed.data.name } : {}) });
}

function requestOf(asked: VerifyCommand): VerifyRequest {
  const { signatures, requireAnchored, maxAgeMinutes } = asked;
  return {
    signatures,
    ...defined({ requireAnchored, maxAgeMinutes }),
    ...subjectOf(asked),
  };
}

type VerifyCommand = Exclude<z.output<typeof request>, SegmentRequest | LegRequest>;

function subjectOf(asked: VerifyCommand): Pick<VerifyRequest, 'entity' | 'remembered'> {
  if (asked.mode === 'entity') return { entity: asked.entity };
  return asked.checkpoint === undefined ? {} : { remembered: Buffer.from(asked.checkpoint) };
}
