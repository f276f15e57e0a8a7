/** The real clock, randomness and sleep behind core's ports, as a function has them. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { EpochMs } from '../../../core/brands/index.ts';
import type { Clock, Ids } from '../../../core/ledger/index.ts';

export const systemClock: Clock = {
  now: () => Date.now() as EpochMs,
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((wake) => {
      if (ms <= 0 || signal?.aborted === true) {
        wake();
        return;
      }
      const stop = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        wake();
      };
      const timer = setTimeout(stop, ms);
      signal?.addEventListener('abort', stop);
    }),
};

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
