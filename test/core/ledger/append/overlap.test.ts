/** What is done at the same time: a batch is written while those whom the one before it answered go on, and are signed. */
import { describe, expect, it } from 'vitest';
import { FakeClock, MemoryStore } from '../../../../adapters/memory/index.ts';
import type { Appender } from '../../../../core/ledger/index.ts';
import { appenderOn, note, recordedIds, turn } from '../ledger-fixture.ts';

/** Tells when a commit begins, and takes a turn for it, as another thread does. */
function slowly(store: MemoryStore, told: (groups: number) => void): MemoryStore {
  const commit = store.commit.bind(store);
  store.commit = async (groups) => {
    told(groups.length);
    await turn();
    return commit(groups);
  };
  return store;
}

async function startedOn(store: MemoryStore): Promise<Appender> {
  const appender = appenderOn(store, { gather: turn });
  await appender.append({ entries: [note('a', 'the session key is certified')] });
  return appender;
}

describe('two batches', () => {
  it('overlap: the second is handed over before those whom the first answers go on', async () => {
    const happened: string[] = [];
    const store = new MemoryStore();
    const appender = await startedOn(store);
    slowly(store, (groups) => happened.push(`write ${groups}`));
    const publish = async (i: number): Promise<void> => {
      await appender.append({ entries: [note(`chain-${i}`, `${i}`)] });
      happened.push('goes on');
    };
    await Promise.all(Array.from({ length: 64 }, (_, i) => publish(i)));
    expect(happened.slice(0, 3)).toEqual(['write 32', 'write 32', 'goes on']);
    expect(happened).toHaveLength(66);
  });

  it('stay two as long as those who are answered publish again', async () => {
    const commits: number[] = [];
    const store = new MemoryStore();
    const appender = await startedOn(store);
    slowly(store, (groups) => commits.push(groups));
    const publish = async (publisher: number): Promise<void> => {
      for (let i = 0; i < 10; i++)
        await appender.append({ entries: [note(`chain-${publisher}`, `${publisher}-${i}`)] });
    };
    await Promise.all(Array.from({ length: 64 }, (_, i) => publish(i)));
    expect(commits).toEqual(Array.from({ length: 20 }, () => 32));
  });

  it.each([
    ['one where a flush takes longer than making a batch', 12, 64],
    ['two where it takes as long', 3, 32],
  ])('become %s', async (_, flushMs, expected) => {
    const commits: number[] = [];
    const clock = new FakeClock();
    const store = new MemoryStore();
    const appender = appenderOn(store, { clock, gather: () => turn().then(() => clock.advance(3)) });
    await appender.append({ entries: [note('a', 'the session key is certified')] });
    const commit = store.commit.bind(store);
    store.commit = async (groups) => {
      commits.push(groups.length);
      for (let i = 0; i < 5; i++) await turn(); // the next batch is made meanwhile
      await clock.advance(flushMs);
      return commit(groups);
    };
    const publish = async (publisher: number): Promise<void> => {
      for (let i = 0; i < 30; i++)
        await appender.append({ entries: [note(`chain-${publisher}`, `${publisher}-${i}`)] });
    };
    await Promise.all(Array.from({ length: 64 }, (_, i) => publish(i)));
    expect(commits[0]).toBe(32);
    expect(commits.slice(-5, -1)).toEqual([expected, expected, expected, expected]);
  });

  it('are not made of what is less than two trees', async () => {
    const commits: number[] = [];
    const store = new MemoryStore();
    const appender = await startedOn(store);
    slowly(store, (groups) => commits.push(groups));
    await Promise.all(Array.from({ length: 31 }, (_, i) => appender.append({ entries: [note(`chain-${i}`, `${i}`)] })));
    expect(commits).toEqual([31]);
  });
});

describe('what was signed on an entry that was not written', () => {
  it.each([
    [
      'a precondition that fails',
      () => [{ kind: 'check' as const, key: { pk: 'p', sk: 's' }, expect: 1 }],
      'precondition',
    ],
    ['a request that is withdrawn', () => 'withdraw' as const, 'withdrawn'],
  ])('is signed again after %s', async (_, writes, kind) => {
    const store = new MemoryStore();
    const appender = await startedOn(store);
    let commits = 0;
    slowly(store, () => (commits += 1));
    const failing = appender.append({ entries: [note('b', 'not written')], writes });
    const behind = Array.from({ length: 63 }, (_, i) => appender.append({ entries: [note('b', `${i}`)] }));
    expect((await failing).kind).toBe(kind);
    expect((await Promise.all(behind)).map((result) => result.kind)).toEqual(behind.map(() => 'appended'));
    expect(await recordedIds(store)).toHaveLength(64);
    expect(commits).toBeLessThanOrEqual(4);
  });

  it('meets no conflict behind one that was withdrawn after another on its chain', async () => {
    const store = new MemoryStore();
    const appender = await startedOn(store);
    const met: string[] = [];
    const commit = store.commit.bind(store);
    const begun = Promise.withResolvers<undefined>();
    store.commit = async (groups) => {
      begun.resolve(undefined);
      for (let i = 0; i < 5; i++) await turn(); // what comes meanwhile is signed
      const outcomes = await commit(groups);
      met.push(...outcomes.map((outcome) => outcome.kind));
      return outcomes;
    };
    const before = appender.append({ entries: [note('b', 'before')] });
    const withdrawn = appender.append({ entries: [note('b', 'withdrawn')], writes: () => 'withdraw' });
    await begun.promise;
    const behind = appender.append({ entries: [note('b', 'behind')] });
    await Promise.all([before, withdrawn, behind]);
    expect(met).toEqual(['committed', 'committed']);
    expect(await recordedIds(store)).toEqual(['the session key is certified', 'before', 'behind']);
  });
});
