/**
 * One question to the witness, as the log's publisher sends it. It is untrusted: the witness is there because the log may
 * lie. What it refuses is an answer with a status, as over HTTP; the invocation fails only when the witness itself is broken.
 */
import * as z from 'zod';
import type { WitnessAnswer } from '../../core/ledger/index.ts';

/** A checkpoint and a proof of 63 hashes are under 5 kB. */
const MAX_BODY_CHARACTERS = 64_000;
const question = z.strictObject({ kind: z.literal('add-checkpoint'), body: z.base64().max(MAX_BODY_CHARACTERS) });
const HOW = 'send {"kind":"add-checkpoint","body":"<base64 of a tlog-witness request>"}\n';

export async function answerQuestion(
  witness: (body: Uint8Array) => Promise<WitnessAnswer>,
  event: unknown,
): Promise<WitnessAnswer> {
  const parsed = question.safeParse(event);
  return parsed.success ? witness(Buffer.from(parsed.data.body, 'base64')) : { status: 400, body: HOW };
}
