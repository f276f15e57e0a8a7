/** The real clock, randomness and sleep behind core's ports, for every adapter that runs on a machine. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { EpochMs } from '../../core/brands/index.ts';
import type { Clock, Ids } from '../../core/ledger/index.ts';

/** setTimeout's largest delay; who sleeps longer is woken early and looks again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @param options.holdsProcess whether a process that does nothing but sleep stays for it */
export function createSystemClock({ holdsProcess }: { readonly holdsProcess: boolean }): Clock {
  return {
    now: () => Date.now() as EpochMs,
    monotonic: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((wake) => {
        if (ms <= 0 || signal?.aborted === true) {
          wake();
          return;
        }
        // An abort is not an error to the sleeper: it wakes up early, without the cost of an exception.
        const stop = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', stop);
          wake();
        };
        const timer = setTimeout(stop, Math.min(ms, MAX_TIMER_MS));
        if (!holdsProcess) timer.unref();
        signal?.addEventListener('abort', stop);
      }),
  };
}

export const systemIds: Ids = {
  next: () => uuidV7(Date.now()),
  keyPair: () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    return { privateKey, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
  },
  bytes: (length) => randomBytes(length),
  random: () => Math.random(),
};

/** RFC 9562 version 7: sortable by time, 74 random bits. */
function uuidV7(ms: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(ms, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
