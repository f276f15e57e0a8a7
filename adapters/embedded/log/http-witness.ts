/** A witness somewhere else, over HTTP. https://c2sp.org/tlog-witness. What it answers is untrusted: the publisher checks it. */
import { LogError, parseLogKey, type Witness } from '../../../core/ledger/index.ts';

const TIMEOUT_MS = 10_000;
/** A 200 has one signature line, a 409 one number. */
const MAX_ANSWER_BYTES = 16_384;

export interface HttpWitnessOptions {
  /** `add-checkpoint` is below it */
  readonly url: string;
  /** C2SP verifier key of the witness (type 4) */
  readonly verifierKey: string;
  /** default 10 s */
  readonly timeoutMs?: number;
}

/** @throws LogError WITNESS_REFUSED when the key is none of a witness */
export function createHttpWitness({ url, verifierKey, timeoutMs = TIMEOUT_MS }: HttpWitnessOptions): Witness {
  const key = parseLogKey(verifierKey);
  if ('malformed' in key) throw new LogError('WITNESS_REFUSED', `the witness's verifier key: ${key.malformed}`);
  if (key.role !== 'witness')
    throw new LogError(
      'WITNESS_REFUSED',
      `"${key.name}" is the key of a log, not of a witness: give the one it printed`,
    );
  const target = new URL('add-checkpoint', url.endsWith('/') ? url : `${url}/`);
  return {
    key,
    addCheckpoint: async (body) => {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(target, { method: 'POST', body: Buffer.from(body), signal });
        return { status: response.status, body: await bounded(response) };
      } catch (cause) {
        const { message, cause: inner } = cause as Error & { cause?: Error };
        const why = inner?.message ?? message;
        throw new LogError('WITNESS_REFUSED', `witness "${key.name}" at ${target.href} does not answer: ${why}`);
      }
    },
  };
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop ends the transfer.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}
