/** When a commit begins: once the requests that have arrived already are in, and at once where nobody else is there. */
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { appenderOn, note, turn } from '../ledger-fixture.ts';

/** Groups of each commit, without those that certify a session key. */
function watch(store: MemoryStore): number[] {
  const commits: number[] = [];
  const commit = store.commit.bind(store);
  store.commit = (groups) => {
    if (!groups.some(({ entries }) => entries.some(({ chain }) => chain.startsWith('keys/'))))
      commits.push(groups.length);
    return commit(groups);
  };
  return commits;
}

describe('an engine that lets the others in before it commits', () => {
  it('commits requests together that arrive one after the other in one turn of its loop', async () => {
    const store = new MemoryStore();
    const appender = appenderOn(store, { gather: turn });
    await appender.append({ entries: [note('a', 'the session key is certified')] });
    const commits = watch(store);
    const answers: Promise<unknown>[] = [];
    // As sockets do: each in a callback of its own, with everything that it begins done before the next.
    for (let i = 0; i < 8; i++)
      setImmediate(() => answers.push(appender.append({ entries: [note(`chain-${i}`, `${i}`)] })));
    while (answers.length < 8) await turn();
    await Promise.all(answers);
    expect(commits).toEqual([8]);
  });

  it('lets them in once for a request that comes alone, not again when it is signed', async () => {
    const store = new MemoryStore();
    let turns = 0;
    const appender = appenderOn(store, { gather: () => turn().then(() => void (turns += 1)) });
    await appender.append({ entries: [note('a', 'first')] });
    turns = 0;
    const commits = watch(store);
    await appender.append({ entries: [note('a', 'alone')] });
    expect([turns, commits]).toEqual([1, [1]]);
  });
});
