/** What appending promises on every EntryStore, as tests. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../adapters/memory/index.ts';
import {
  parseEntry,
  type AppendedEntry,
  type AppendResult,
  type CommitGroup,
  type ItemWrite,
} from '../../core/ledger/index.ts';
import { appenderOn, note, recordedIds, slowSealer, soundLog, turn } from '../core/ledger/ledger-fixture.ts';
import type { Open, OpenStore, Store } from './stores.ts';

const HOUR_MS = 3_600_000;
const check = (sk: string): ItemWrite => ({ kind: 'check', key: { pk: 'p', sk }, expect: 1 });

export function describeAppending(name: string, opens: Open): void {
  describe(`appending on ${name}`, () => {
    let open: OpenStore;
    beforeEach(async () => void (open = await opens()));
    afterEach(() => open.close());

    it.each([1, 100])('32 publishers on %i entities: no gap, no fork, nothing lost or doubled', async (entities) => {
      const relayed: AppendedEntry[] = [];
      const appender = appenderOn(open.store, { onCommit: (entries) => void relayed.push(...entries) });
      const acknowledged: AppendedEntry[] = [];
      const publish = async (publisher: number): Promise<void> => {
        for (let i = 0; i < 25; i++) {
          const result = await appender.append({
            entries: [note(`account:${(publisher * 25 + i) % entities}`, `${publisher}-${i}`)],
          });
          expect(result.kind).toBe('appended');
          if (result.kind === 'appended') acknowledged.push(...result.entries);
        }
      };
      await Promise.all(Array.from({ length: 32 }, (_, i) => publish(i)));
      await appender.drain();
      const log = await soundLog(open.store);
      expect(relayed.map(({ position }) => position)).toEqual(log.map((_, i) => i)); // told in commit order
      expect(acknowledged).toHaveLength(800);
      expect(new Set(log.map(({ idem }) => idem)).size).toBe(801); // and the session key's certificate
      for (const { position, chain, seq, hash, draft } of acknowledged) {
        const stored = log[position as number];
        expect([stored?.chain, stored?.seq, stored?.idem]).toEqual([chain, seq, draft.idem]);
        expect(Buffer.from(stored?.hash ?? []).toString('hex')).toBe(hash);
      }
    });

    it('answers a repeated key with what is recorded, and records nothing', async () => {
      const appender = appenderOn(open.store);
      await appender.append({ entries: [note('account:1', 'a')] });
      const [again, ...same] = await Promise.all([
        appender.append({ entries: [note('account:2', 'b'), note('account:1', 'a')] }),
        appender.append({ entries: [note('account:3', 'c')] }),
        appender.append({ entries: [note('account:3', 'c')] }),
      ]);
      expect(again.kind).toBe('exists');
      if (again.kind === 'exists') expect(again.entries.map((entry) => entry?.chain)).toEqual([undefined, 'account:1']);
      expect(same.map(({ kind }) => kind).sort()).toEqual(['appended', 'exists']);
      expect(await recordedIds(open.store)).toEqual(['a', 'c']);
    });

    it('records entries of several chains together, with their items, in one group', async () => {
      const appender = appenderOn(open.store);
      const result = await appender.append({
        entries: [note('a', '1'), note('b', '2'), note('a', '3')],
        writes: (placed) => [
          { kind: 'put', key: { pk: 'p', sk: 's' }, value: placed.map(({ seq }) => seq), expect: 'absent' },
        ],
      });
      expect(result.kind).toBe('appended');
      expect((await open.store.get({ pk: 'p', sk: 's' }))?.value).toEqual([0, 0, 1]);
      expect(await recordedIds(open.store)).toEqual(['1', '2', '3']);
    });

    it('lets no failed group harm those built on it', async () => {
      const appender = appenderOn(open.store, { sealer: slowSealer });
      await appender.append({ entries: [note('a', 'first')] });
      const results: Promise<AppendResult>[] = [];
      for (let i = 0; i < 12; i++) {
        const fails = i % 3 === 0;
        results.push(appender.append({ entries: [note('a', `n${i}`)], ...(fails && { writes: () => [check('no')] }) }));
        await turn(); // so that each is sealed while the one before is being committed
      }
      const kinds = (await Promise.all(results)).map(({ kind }) => kind);
      expect(kinds).toEqual(kinds.map((_, i) => (i % 3 === 0 ? 'precondition' : 'appended')));
      const ids = await recordedIds(open.store);
      expect(ids.sort()).toEqual(['first', 'n1', 'n2', 'n4', 'n5', 'n7', 'n8', 'n10', 'n11'].sort());
    });

    it('stores what waits on one chain in one commit, whoever else may write', async () => {
      const commits: number[] = [];
      const store: Store = Object.create(open.store, {
        commit: { value: (groups: readonly CommitGroup[]) => (commits.push(groups.length), open.store.commit(groups)) },
      }) as Store;
      const appender = appenderOn(store);
      await appender.append({ entries: [note('a', 'first')] });
      commits.length = 0;
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, i) => appender.append({ entries: [note('a', `n${i}`)] })),
      );
      expect(results.map((result) => result.kind === 'appended' && result.entries[0]?.seq)).toEqual(
        results.map((_, i) => i + 1),
      );
      expect(commits).toEqual([100]);
    });

    it('does not let requests over several chains wait for themselves', async () => {
      const appender = appenderOn(open.store);
      const requests = [['a'], ['a', 'b'], ['b', 'c'], ['c', 'a'], ['b']];
      const results = await Promise.all(
        requests.map((chains, r) => appender.append({ entries: chains.map((chain) => note(chain, `${r}${chain}`)) })),
      );
      expect(results.map(({ kind }) => kind)).toEqual(requests.map(() => 'appended'));
      expect(await recordedIds(open.store)).toHaveLength(8);
    });

    it('tells the caller when its item writes cannot be computed, and goes on', async () => {
      const appender = appenderOn(open.store);
      const broken = appender.append({
        entries: [note('a', 'broken')],
        writes: () => {
          throw new Error('no such item');
        },
      });
      const behind = appender.append({ entries: [note('a', 'behind')] });
      await expect(broken).rejects.toThrow('no such item');
      expect((await behind).kind).toBe('appended');
      expect(await recordedIds(open.store)).toEqual(['behind']);
    });

    it.each([
      ['no entry', [], 'ENTRY_INVALID'],
      ['101 entries', Array.from({ length: 101 }, (_, i) => note('a', `${i}`)), 'ENTRY_INVALID'],
      ['a bad entity id', [note('no spaces', '1')], 'ENTITY_ID_INVALID'],
      ['a decimal', [{ ...note('a', '1'), draft: { ...note('a', '1').draft, data: { x: 1.5 } } }], 'NOT_I_JSON'],
      [
        'too much',
        [{ ...note('a', '1'), draft: { ...note('a', '1').draft, data: { x: 'x'.repeat(65_535) } } }],
        'ENTRY_TOO_LARGE',
      ],
    ])('refuses %s and writes nothing', async (_, entries, code) => {
      await expect(appenderOn(open.store).append({ entries })).rejects.toMatchObject({ code });
      expect(await open.store.size()).toBe(0);
    });

    it('certifies a new session key before the old one ends', async () => {
      const clock = new FakeClock();
      const appender = appenderOn(open.store, { clock });
      await appender.append({ entries: [note('a', '1')] });
      await clock.advance(HOUR_MS / 2);
      await appender.append({ entries: [note('a', '2')] });
      await clock.advance(HOUR_MS);
      await Promise.all([
        appender.append({ entries: [note('a', '3')] }),
        appender.append({ entries: [note('b', '4')] }),
      ]);
      const log = await soundLog(open.store);
      expect(log.map(({ chain }) => chain.split('/')[0])).toEqual(['keys', 'a', 'a', 'keys', 'a', 'b']);
      const signers = log.map(({ note: bytes }) => {
        const parsed = parseEntry(bytes);
        return parsed.kind === 'entry' ? parsed.note.signatures[0]?.name : parsed.reason;
      });
      const keys = log.filter(({ chain }) => chain.startsWith('keys/')).map(({ chain }) => chain);
      expect(signers).toEqual([keys[0], keys[0], keys[0], keys[1], keys[1], keys[1]]);
    });
  });
}
