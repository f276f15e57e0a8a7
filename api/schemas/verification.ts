/** What verification is asked, and what it answers. Apart from the other schemas: its function is the largest, and needs no other. */
import * as z from 'zod';
import { VERDICTS, type VerificationReport } from '../../core/ledger/index.ts';
import type { VerifyRequest } from '../../core/system/index.ts';
import { defined } from '../../core/values/index.ts';
import { count, instant, position, seq } from './places.ts';

export const verificationReportSchema: z.ZodType<VerificationReport> = z
  .strictObject({
    verdict: z.enum(VERDICTS),
    firstBad: z
      .strictObject({
        verdict: z.enum(VERDICTS).exclude(['OK']),
        entity: z.string(),
        seq,
        position: position.exactOptional(),
        path: z.string().exactOptional().meta({ description: 'the file that is bad or missing, when it is one' }),
        detail: z.string(),
      })
      .exactOptional(),
    entries: count,
    chains: count,
    against: z
      .array(
        z.strictObject({
          kind: z.enum(['published', 'anchor', 'cosignature', 'witness-memory', 'remembered']),
          size: count,
          root: z.string().meta({ description: 'base64' }),
          by: z.string(),
          at: instant.exactOptional(),
          count: count.exactOptional().meta({ description: 'anchors checked; this is the newest' }),
        }),
      )
      .exactOptional()
      .meta({ description: 'what was signed or remembered of the log, and the ledger agrees with' }),
    checked: z.array(z.string()),
    notChecked: z.array(z.string()).meta({ description: 'and therefore not claimed' }),
    checkpoint: z
      .string()
      .exactOptional()
      .meta({ description: 'the signed checkpoint the ledger leads to: keep it, and send it with mode `since`' }),
  })
  .meta({ id: 'VerificationReport' });

const logIndex = count.optional();

export const verifyInputSchema = z
  .strictObject({
    mode: z.enum(['full', 'range', 'since', 'state']).optional().meta({ description: 'default full' }),
    from: logIndex.meta({ description: '`range`: first log index' }),
    to: logIndex.meta({ description: '`range`: one past the last log index' }),
    checkpoint: z.string().max(65_535).optional().meta({
      description:
        'a signed checkpoint that you kept; `since` verifies that the log begins with it, and what came after',
    }),
    signatures: z.boolean().optional().meta({ description: 'default true; false: hashes and links only' }),
    requireAnchored: z.boolean().optional().meta({ description: 'NOT_YET_ANCHORED unless anchors cover it all' }),
    maxAgeMinutes: z.int().min(1).optional().meta({ description: 'STALE when the log shows no sign of life since' }),
  })
  .refine(({ mode, from, to }) => [from, to].every((one) => (one !== undefined) === (mode === 'range')), {
    error: 'mode "range" takes from and to, other modes take neither',
    path: ['from'],
  })
  .refine(({ mode, from, to }) => mode !== 'range' || from === undefined || to === undefined || from < to, {
    error: 'a range ends behind its begin: from < to',
    path: ['to'],
  })
  .refine(({ mode, checkpoint }) => mode !== 'since' || checkpoint !== undefined, {
    error: 'mode "since" needs the checkpoint that you kept',
    path: ['checkpoint'],
  })
  .meta({
    ...{ id: 'VerifyInput', examples: [{ mode: 'range', from: 0, to: 1024 }] },
    // The rules above, as far as JSON Schema has words for them: it cannot compare two numbers.
    allOf: [
      {
        if: { properties: { mode: { const: 'range' } }, required: ['mode'] },
        then: { required: ['from', 'to'] },
        else: { not: { anyOf: [{ required: ['from'] }, { required: ['to'] }] } },
      },
      {
        if: { properties: { mode: { const: 'since' } }, required: ['mode'] },
        then: { required: ['checkpoint'] },
      },
    ],
  });
export type VerifyInput = z.input<typeof verifyInputSchema>;

/** What the body asks for, in the façade's words. */
export function verifyRequestOf(input: VerifyInput): VerifyRequest {
  const { mode = 'full', from = 0, to = 0, checkpoint, signatures, requireAnchored, maxAgeMinutes } = input;
  return {
    scope: mode === 'range' ? { mode, from, to } : { mode },
    ...(checkpoint === undefined ? {} : { remembered: Buffer.from(checkpoint) }),
    ...defined({ signatures, requireAnchored, maxAgeMinutes }),
  };
}
