/**
 * Verification for whoever may invoke the function: no gateway ends it after 29 s, so a ledger of any size that fits into
 * the function's 15 minutes. What was asked for wrongly is an answer that says how to ask.
 */
import * as z from 'zod';
import { describeIssues } from '../../core/errors/index.ts';
import { ENTITY_ID, type VerificationReport } from '../../core/ledger/index.ts';

const request = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('full'), signatures: z.boolean().optional() }),
  z.strictObject({
    mode: z.literal('entity'),
    entity: z.string().regex(ENTITY_ID, 'must be an entity id'),
    signatures: z.boolean().optional(),
  }),
]);

export interface VerifyRequest {
  readonly entity?: string;
  /** false: bytes, hashes, links and places only */
  readonly signatures: boolean;
}

export interface RefusedRequest {
  readonly kind: 'refused';
  readonly code: 'REQUEST_INVALID';
  readonly message: string;
}

export async function verifyDirectly(
  verify: (request: VerifyRequest) => Promise<VerificationReport>,
  event: unknown,
): Promise<VerificationReport | RefusedRequest> {
  const parsed = request.safeParse(event);
  if (!parsed.success) {
    const { message } = describeIssues(parsed.error.issues);
    const how = 'send {"mode":"full"} or {"mode":"entity","entity":"<id>"}, each with "signatures": false to be faster';
    return { kind: 'refused', code: 'REQUEST_INVALID', message: `${message}: ${how}` };
  }
  const { signatures = true } = parsed.data;
  return verify({ signatures, ...(parsed.data.mode === 'entity' ? { entity: parsed.data.entity } : {}) });
}
