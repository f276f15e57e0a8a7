/** R7: what time entries say when the clock is set, forwards and back. */
import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../../core/brands/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { EntryVerifier, MAX_AHEAD_MS, parseEntry, type Clock } from '../../../../core/ledger/index.ts';
import { createEntryClock } from '../../../../core/ledger/entries/entry-clock.ts';
import { appenderOn, note, ROOT, turn } from '../ledger-fixture.ts';
import { checked } from '../../../support/checked.ts';

const START = Date.UTC(2026, 10, 21, 9);
const YEAR_MS = 365 * 86_400_000;

function settable(): Clock & { set: (time: number) => void } {
  let time = START;
  return {
    now: () => checked<EpochMs>(time),
    monotonic: () => performance.now(),
    sleep: () => turn(),
    set: (next) => void (time = next),
  };
}

describe('R7: the time of entries', () => {
  it('R7: stands still while the clock is a little behind, and follows one that was set back', () => {
    const clock = settable();
    const now = createEntryClock(clock);
    expect(now()).toBe(START);
    clock.set(START - MAX_AHEAD_MS);
    expect(now()).toBe(START);
    clock.set(START - MAX_AHEAD_MS - 1);
    expect(now()).toBe(START - MAX_AHEAD_MS - 1);
  });

  it('R7: is right again after one jump, and everything verifies', async () => {
    const clock = settable();
    const store = new MemoryStore();
    const appender = appenderOn(store, { clock });
    const times: string[] = [];
    for (const [i, time] of [START, START + YEAR_MS, START + 1, START + 2].entries()) {
      clock.set(time);
      const result = await appender.append({ entries: [note('account:1', `n${i}`)] });
      if (result.kind === 'appended') times.push(result.entries[0]?.at ?? '');
    }
    expect(times.map((at) => Date.parse(at))).toEqual([START, START + YEAR_MS, START + 1, START + 2]);
    await expectSound(store);
  });

  it.each([
    ['forward', START + YEAR_MS],
    ['back', START - YEAR_MS],
  ])('R7: what waits while the clock jumps %s is stamped with a time at which its key is valid', async (_, time) => {
    const clock = settable();
    const store = new MemoryStore();
    const appender = appenderOn(store, { clock });
    const first = appender.append({ entries: [note('account:1', 'a')] });
    clock.set(time); // before the queue is looked at
    const second = appender.append({ entries: [note('account:1', 'b')] });
    await Promise.all([first, second]);
    await expectSound(store);
  });
});

async function expectSound(store: MemoryStore): Promise<void> {
  const verifier = new EntryVerifier({
    ...{ ledger: 'main', root: ROOT, signatures: true, rootSigned: () => false },
    certificate: async (name) => (await store.read(name, 0, 1))[0],
  });
  for (const entry of store.log) {
    expect(parseEntry(entry.note).kind).toBe('entry');
    expect(await verifier.check(entry)).toMatchObject({ kind: 'sound' });
  }
}
