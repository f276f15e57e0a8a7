/**
 * Verification for whoever may invoke the function: no gateway ends it after 29 s, so a ledger of any size that fits into
 * the function's 15 minutes. What was asked for wrongly is an answer that says how to ask.
 */
import * as z from 'zod';
import { describeIssues } from '../../core/errors/index.ts';
import type { StretchRequest } from '../../adapters/aws/invoke-verifier.ts';
import type { SegmentJson } from '../../adapters/aws/segment-json.ts';
import { STRETCH_ENTRIES } from '../../adapters/aws/verify-in-stretches.ts';
import { ENTITY_ID, TILE_WIDTH, type VerificationReport } from '../../core/ledger/index.ts';

const HOW =
  'send {"mode":"full"} or {"mode":"entity","entity":"<id>"}, each with "signatures": false to be faster, ' +
  '"requireAnchored": true, "maxAgeMinutes": <n> or (full) "checkpoint": "<one that you kept>" to ask for more';
const how = {
  signatures: z.boolean().default(true),
  requireAnchored: z.boolean().optional(),
  maxAgeMinutes: z.int().min(1).optional(),
};
const logIndex = z.int().min(0);
/** The function asks itself for these: a stretch of a long log. */
const stretch = z
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
  .refine(({ from, to }) => from < to && to - from <= STRETCH_ENTRIES, `must be 1 to ${STRETCH_ENTRIES} entries`);
const request = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('full'), checkpoint: z.string().optional(), ...how }),
  z.strictObject({ mode: z.literal('entity'), entity: z.string().regex(ENTITY_ID, 'must be an entity id'), ...how }),
  stretch,
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

export interface RefusedRequest {
  readonly kind: 'refused';
  readonly code: 'REQUEST_INVALID';
  readonly message: string;
}

export interface DirectVerifiers {
  readonly verify: (request: VerifyRequest) => Promise<VerificationReport>;
  readonly verifyStretch: (request: StretchRequest) => Promise<SegmentJson>;
}

export async function verifyDirectly(
  { verify, verifyStretch }: DirectVerifiers,
  event: unknown,
): Promise<VerificationReport | SegmentJson | RefusedRequest> {
  const parsed = request.safeParse(event);
  if (!parsed.success) {
    const { message } = describeIssues(parsed.error.issues);
    return { kind: 'refused', code: 'REQUEST_INVALID', message: `${message}: ${HOW}` };
  }
  if (parsed.data.mode === 'stretch') return verifyStretch(parsed.data);
  const { signatures, requireAnchored, maxAgeMinutes } = parsed.data;
  return verify({
    signatures,
    ...(requireAnchored === undefined ? {} : { requireAnchored }),
    ...(maxAgeMinutes === undefined ? {} : { maxAgeMinutes }),
    ...subjectOf(parsed.data),
  });
}

function subjectOf(
  asked: Exclude<z.output<typeof request>, StretchRequest>,
): Pick<VerifyRequest, 'entity' | 'remembered'> {
  if (asked.mode === 'entity') return { entity: asked.entity };
  return asked.checkpoint === undefined ? {} : { remembered: Buffer.from(asked.checkpoint) };
}
