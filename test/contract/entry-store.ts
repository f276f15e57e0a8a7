/** What every EntryStore promises, as tests: the same for one file, for memory and for tables on AWS. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeafHash } from '../../core/brands/index.ts';
import type { CommitGroup, EntryToStore, ItemWrite } from '../../core/ledger/index.ts';
import type { Open, OpenStore } from './stores.ts';
import { checked } from '../support/checked.ts';

const entry = (chain: string, seq: number, idemKey?: string): EntryToStore => ({
  ...{
    chain,
    seq,
    idemKey,
    note: Buffer.from(`${chain} ${seq} ${idemKey ?? ''}`),
    hash: checked<LeafHash>(Buffer.alloc(32, seq + 1)),
  },
});
const group = (entries: EntryToStore[], writes: ItemWrite[] = []): CommitGroup => ({ entries, writes });
const put = (sk: string, expectation: 'absent' | 'any' | number = 'any'): ItemWrite => ({
  ...{ kind: 'put', key: { pk: 'p', sk }, value: sk, expect: expectation },
});

/** @param isDurable it can be closed and opened again */
export function describeEntryStore(name: string, opens: Open, isDurable = false): void {
  describe(`entries of ${name}`, () => {
    let open: OpenStore;
    beforeEach(async () => void (open = await opens()));
    afterEach(() => open.close());
    const places = async (): Promise<unknown[]> =>
      (await open.store.readLog(0, 100)).map(({ position, chain, seq }) => [position, chain, seq]);

    it('stand where they were put, and are read back as they were', async () => {
      const outcomes = await open.store.commit([group([entry('a', 0, 'k')]), group([entry('b', 0), entry('a', 1)])]);
      expect(outcomes).toEqual([
        { kind: 'committed', positions: [0] },
        { kind: 'committed', positions: [1, 2] },
      ]);
      expect(await places()).toEqual([
        [0, 'a', 0],
        [1, 'b', 0],
        [2, 'a', 1],
      ]);
      const head = await open.store.head('a');
      expect([head?.seq, Buffer.from(head?.note ?? []).toString(), Buffer.from(head?.hash ?? [])]).toEqual([
        1,
        'a 1 ',
        Buffer.alloc(32, 2),
      ]);
      expect((await open.store.findByIdemKey('k'))?.position).toBe(0);
      expect([await open.store.head('none'), await open.store.findByIdemKey('none'), await open.store.size()]).toEqual([
        undefined,
        undefined,
        3,
      ]);
    });

    it('are read in pages', async () => {
      await open.store.commit([0, 1, 2, 3, 4].map((seq) => group([entry('a', seq)])));
      const seqs = async (from: number, limit: number): Promise<number[]> =>
        (await open.store.read('a', from, limit)).map(({ seq }) => seq);
      expect([await seqs(0, 2), await seqs(3, 9), await seqs(5, 9), await seqs(0, 0)]).toEqual([
        [0, 1],
        [3, 4],
        [],
        [],
      ]);
      expect((await open.store.readLog(3, 1)).map(({ position }) => position)).toEqual([3]);
      expect(await open.store.readLog(5, 10)).toEqual([]);
    });

    it('never replace another: the loser learns the winner', async () => {
      await open.store.commit([group([entry('a', 0, 'first')])]);
      const [lost] = await open.store.commit([group([entry('a', 0, 'second')])]);
      expect(lost).toMatchObject({ kind: 'conflict', chain: 'a', winner: { seq: 0, position: 0 } });
      expect(lost?.kind === 'conflict' && Buffer.from(lost.winner?.note ?? []).toString()).toBe('a 0 first');
      expect(await open.store.findByIdemKey('second')).toBeUndefined();
      const both = await Promise.all(['x', 'y'].map((key) => open.store.commit([group([entry('r', 0, key)])])));
      expect(both.map(([outcome]) => outcome?.kind).sort()).toEqual(['committed', 'conflict']);
    });

    it('leave no gap', async () => {
      for (const entries of [[entry('a', 1)], [entry('a', 0), entry('a', 2)], [entry('a', 1), entry('a', 0)]])
        expect(await open.store.commit([group(entries)])).toMatchObject([
          { kind: 'conflict', chain: 'a', winner: undefined },
        ]);
      expect([await open.store.size(), await places()]).toEqual([0, []]);
    });

    it('are refused when built on one that failed, also where others wrote more', async () => {
      await open.store.commit([group([entry('a', 0), entry('a', 1, 'theirs')])]);
      const outcomes = await open.store.commit([
        ...[group([entry('a', 1, 'ours')]), group([entry('a', 2, 'on ours')]), group([entry('a', 3, 'and on')])],
        ...[group([entry('b', 0)], [put('x', 7)]), group([entry('b', 1)]), group([entry('b', 0, 'instead')])],
      ]);
      expect(outcomes).toMatchObject([
        { kind: 'conflict', winner: { seq: 1 } },
        { kind: 'conflict', winner: undefined },
        { kind: 'conflict', winner: undefined },
        { kind: 'precondition' },
        { kind: 'conflict', winner: undefined },
        { kind: 'committed' },
      ]);
      expect((await open.store.head('a'))?.seq).toBe(1);
    });

    it('are recorded once per key', async () => {
      const outcomes = await open.store.commit([
        ...[group([entry('a', 0, 'k')]), group([entry('a', 1, 'k')]), group([entry('b', 0), entry('b', 1, 'k')])],
        ...[group([entry('c', 0, 'same'), entry('c', 1, 'same')]), group([entry('a', 1, 'same')])],
      ]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'exists', 'exists', 'exists', 'committed']);
      expect(await places()).toEqual([
        [0, 'a', 0],
        [1, 'a', 1],
      ]);
    });

    it.each<[string, CommitGroup, string]>([
      ['a missing item', group([entry('b', 0, 'g'), entry('c', 0)], [put('new'), put('none', 1)]), 'precondition'],
      ['an item that exists', group([entry('b', 0, 'g')], [put('new'), put('old', 'absent')]), 'precondition'],
      [
        'an old version',
        group([entry('b', 0, 'g')], [put('new'), { kind: 'check', key: { pk: 'p', sk: 'old' }, expect: 2 }]),
        'precondition',
      ],
      ['a taken place', group([entry('b', 0, 'g'), entry('a', 0)], [put('new')]), 'conflict'],
      ['a gap', group([entry('b', 0, 'g'), entry('b', 2)], [put('new')]), 'conflict'],
      ['a known key', group([entry('b', 0, 'g'), entry('c', 0, 'k')], [put('new')]), 'exists'],
    ])('are all refused for %s, and the groups beside them are not', async (_, refused, kind) => {
      await open.store.commit([group([entry('a', 0, 'k')], [put('old')])]);
      const outcomes = await open.store.commit([
        group([entry('x', 0)]),
        refused,
        group([entry('y', 0, 'g')], [put('after')]),
      ]);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(['committed', kind, 'committed']);
      if (kind === 'precondition') expect(outcomes[1]).toHaveProperty('failed.pk', 'p');
      expect(await places()).toEqual([
        [0, 'a', 0],
        [1, 'x', 0],
        [2, 'y', 0],
      ]);
      expect((await open.store.findByIdemKey('g'))?.chain).toBe('y');
      expect((await open.store.list('p', { limit: 9 })).map(({ sk }) => sk)).toEqual(['after', 'old']);
    });

    if (isDurable)
      it('are there when the store is opened again, and the next follow on', async () => {
        if (open.reopen === undefined) throw new Error('a durable store can be opened again');
        await open.store.commit([group([entry('a', 0, 'k'), entry('a', 1)], [put('s')])]);
        const store = await open.reopen();
        expect(await store.commit([group([entry('a', 2)]), group([entry('b', 0, 'k')])])).toMatchObject([
          { kind: 'committed', positions: [2] },
          { kind: 'exists' },
        ]);
        expect((await store.readLog(0, 9)).map(({ seq }) => seq)).toEqual([0, 1, 2]);
        expect((await store.get({ pk: 'p', sk: 's' }))?.version).toBe(1);
      });
  });
}
