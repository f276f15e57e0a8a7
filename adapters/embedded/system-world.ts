/** The real clock, randomness and sleep behind core's ports. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock, Ids } from '../../core/ledger/index.ts';

/** setTimeout's largest delay; longer sleeps are slept in parts. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    for (let left = ms; left > 0 && signal?.aborted !== true; left -= MAX_TIMER_MS) {
      // An abort is not an error to the sleeper: it wakes up early.
      await sleepFor(Math.min(left, MAX_TIMER_MS), undefined, { signal, ref: false }).catch(() => undefined);
    }
  },
};

export const systemIds: Ids = {
  next: () => uuidV7(Date.now()),
  keyPair: () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    return { privateKey, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
  },
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
