/** A clock that moves only when told, seeded ids and a root key made on the spot: what a test controls. */
import { createHash, generateKeyPairSync, hash, sign } from 'node:crypto';
import type { EpochMs } from '../../core/brands/index.ts';
import { sealRun, type Clock, type Ids, type RootSigner, type Sealer } from '../../core/ledger/index.ts';

export class FakeClock implements Clock {
  /** of the sleepers; the clock shows it, less what it was set back by */
  private time: number;
  private backMs = 0;
  private sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  private readonly idle: () => Promise<void>;

  /** @param idle resolves when whatever was woken has gone as far as it can without time; default: in the next turn */
  constructor(start = Date.UTC(2026, 10, 21, 9), idle: () => Promise<void> = nextTurn) {
    this.time = start;
    this.idle = idle;
  }

  now(): EpochMs {
    return (this.time - this.backMs) as EpochMs;
  }

  monotonic(): number {
    return this.time;
  }

  /** Somebody sets the clock: what was being waited for takes as long as before. */
  setBack(ms: number): void {
    this.backMs += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((wake) => {
      this.sleepers.push({ until: this.time + ms, wake });
      signal?.addEventListener('abort', () => wake(), { once: true });
    });
  }

  /** Moves time forward, waking sleepers in order of their time, and lets what they started settle. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await this.idle();
      const next = this.sleepers.filter(({ until }) => until <= end).sort((a, b) => a.until - b.until)[0];
      if (next === undefined) break;
      this.sleepers = this.sleepers.filter((sleeper) => sleeper !== next);
      this.time = Math.max(this.time, next.until);
      next.wake();
    }
    this.time = end;
    await this.idle();
  }
}

/** Sleeps take no time but let others run: for tests in which waiting is not the point. */
export class ImpatientClock extends FakeClock {
  override sleep(): Promise<void> {
    return nextTurn();
  }
}

/** Ids that count, jitter from a fixed sequence; keys are real. */
export class CountingIds implements Ids {
  private count = 0;

  next(): string {
    this.count += 1;
    return `id-${String(this.count).padStart(6, '0')}`;
  }

  keyPair(): ReturnType<Ids['keyPair']> {
    return generateEd25519();
  }

  /** Different each time, the same in every run. */
  bytes(length: number): Uint8Array {
    this.count += 1;
    return hash('shake256', `bytes ${this.count}`, { outputEncoding: 'buffer', outputLength: length });
  }

  random(): number {
    this.count += 1;
    return createHash('sha256').update(String(this.count)).digest().readUInt32BE() / 2 ** 32;
  }
}

export function memoryRootSigner(name: string): RootSigner {
  const { publicKey, privateKey } = generateEd25519();
  return { name, publicKey, sign: async (text) => sign(null, text, privateKey) };
}

/** Signs on the calling thread. */
export const localSealer: Sealer = {
  seal: async (runs, signer) => runs.map(({ prev, seq, run }) => sealRun({ prev, seq }, run, signer)),
};

function generateEd25519(): ReturnType<Ids['keyPair']> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
