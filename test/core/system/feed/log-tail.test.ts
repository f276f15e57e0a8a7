/** The shared end of the log: who waits is never left waiting, and what is read is read once and kept within bounds. */
import { describe, expect, it } from 'vitest';
import type { LeafHash } from '../../../../core/brands/index.ts';
import { FakeClock } from '../../../../adapters/memory/index.ts';
import type { LoggedEntry } from '../../../../core/ledger/index.ts';
import { LogTail } from '../../../../core/system/feed/log-tail.ts';
import { checked } from '../../../support/checked.ts';

interface Played {
  readonly tail: LogTail<{ position: number }>;
  readonly clock: FakeClock;
  /** `[from, limit]` of each read */
  readonly reads: (readonly [number, number])[];
  readonly grow: (entries: number, bytes?: number) => void;
  /** what the next reads do instead of answering at once */
  readonly hold: { until?: Promise<undefined>; error?: Error };
}

function played(exclusive = true): Played {
  const log: LoggedEntry[] = [];
  const reads: Played['reads'] = [];
  const hold: Played['hold'] = {};
  const clock = new FakeClock();
  const readLog = async (from: number, limit: number): Promise<readonly LoggedEntry[]> => {
    reads.push([from, limit]);
    const found = log.slice(from, from + limit); // as it is now, whenever it arrives
    await hold.until;
    if (hold.error !== undefined) throw hold.error;
    return found;
  };
  const itemOf = ({ position }: LoggedEntry): { position: number } => ({ position });
  const tail = new LogTail({ entries: { readLog, exclusive }, clock, pollMs: 1_000, itemOf });
  const grow = (entries: number, bytes = 100): void => {
    for (let i = 0; i < entries; i++) {
      const position = log.length;
      log.push({
        position,
        seq: position,
        chain: 'c',
        hash: checked<LeafHash>(new Uint8Array(32)),
        note: new Uint8Array(bytes),
      });
    }
  };
  return { tail, clock, reads, grow, hold };
}

const isDone = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  void promise.then(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
};

describe('waiting', () => {
  it('is over when the log grows, for everyone', async () => {
    const { tail } = played();
    const end = await tail.read(0);
    const waits = Promise.all([tail.wait(end), tail.wait(end)]);
    expect(await isDone(waits)).toBe(false);
    tail.wake();
    await waits;
  });

  it('does not begin when the log has grown since the end was read', async () => {
    const { tail, grow } = played();
    const end = await tail.read(0);
    grow(1);
    tail.wake();
    expect(await isDone(tail.wait(end))).toBe(true);
  });

  it('does not begin on an end that was read while the log grew', async () => {
    const { tail, grow, hold } = played();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    hold.until = promise;
    const early = Promise.resolve(tail.read(0));
    grow(1);
    tail.wake();
    delete hold.until;
    const late = await tail.read(0);
    expect(late.items).toEqual([{ position: 0 }]); // not told of the earlier end
    resolve(undefined);
    expect((await early).items).toEqual([]);
    expect(await isDone(tail.wait(await early))).toBe(true);
    expect((await tail.read(0)).items).toEqual([{ position: 0 }]); // nor is it kept
  });

  it('is over after a while for all at once, by one timer, and begins again', async () => {
    const { tail, clock } = played();
    for (let round = 0; round < 3; round++) {
      const waits = Array.from({ length: 100 }, async () => tail.wait(await tail.read(0)));
      expect(await isDone(Promise.race(waits))).toBe(false);
      await clock.advance(1_000);
      await Promise.all(waits);
    }
  });

  it('is over when nobody waits any more', async () => {
    const { tail } = played();
    const controller = new AbortController();
    const end = await tail.read(0);
    const wait = tail.wait(end, controller.signal);
    controller.abort();
    await wait;
    await tail.wait(end, controller.signal);
  });
});

describe('reading', () => {
  it('asks the store once for what many want, at the same time or a moment later', async () => {
    const { tail, reads, grow } = played();
    grow(10);
    const [one, other] = await Promise.all([tail.read(0), tail.read(0)]);
    expect(other).toBe(one);
    expect((await tail.read(0)).items[0]).toBe(one.items[0]); // the very same objects
    expect((await tail.read(4)).items).toEqual(one.items.slice(4));
    await tail.read(10);
    await tail.read(10);
    expect(reads.map(([from]) => from)).toEqual([0, 10]);
  });

  it('asks again for the end where others may have written', async () => {
    const { tail, reads, grow } = played(false);
    await tail.read(0);
    grow(1);
    expect((await tail.read(0)).items).toHaveLength(1);
    expect(reads).toHaveLength(2);
  });

  it('asks again after a failure', async () => {
    const { tail, grow, hold } = played();
    grow(1);
    hold.error = new Error('disk on fire');
    await expect(tail.read(0)).rejects.toThrow('disk on fire');
    delete hold.error;
    expect((await tail.read(0)).items).toHaveLength(1);
  });

  it('takes fewer entries at once where they are large, and more again where they are not', async () => {
    const { tail, reads, grow } = played();
    grow(1_000, 64 * 1024);
    grow(5_000, 100);
    for (let from = 0; from < 6_000;) from = (await tail.read(from)).next;
    const limits = reads.map(([, limit]) => limit);
    expect([limits[0], Math.min(...limits), limits.at(-1)]).toEqual([256, 8, 256]);
  });

  it('keeps no more than some megabytes, however much is read', async () => {
    const { tail, reads, grow } = played();
    grow(2_000, 64 * 1024); // 125 MiB
    for (let from = 0; from < 2_000;) from = (await tail.read(from)).next;
    const before = reads.length;
    let kept = 0;
    while (reads.length === before) await tail.read(2_000 - ++kept);
    expect(kept).toBeGreaterThan(8);
    expect(kept * 64 * 1024).toBeLessThanOrEqual(4.5 * 1024 * 1024);
  });
});
