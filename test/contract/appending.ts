/** What appending promises on every EntryStore, as tests. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../adapters/memory/index.ts';
import {
  parseEntry,
  type AppendedEntry,
  type AppendRequest,
  type AppendResult,
  type CommitGroup,
  type ItemWrite,
} from '../../core/ledger/index.ts';
import { appenderOn, note, recordedIds, slowSealer, soundLog, turn } from '../core/ledger/ledger-fixture.ts';
import type { Open, OpenStore, Store } from './stores.ts';

const HOUR_MS = 3_600_000;
const check = (sk: string): ItemWrite => ({ kind: 'check', key: { pk: 'p', sk }, expect: 1 });

/** One number after the other in [0, 1), the same for a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A store that now and then fails before a commit, or after it, so that its answer is lost; and that takes a turn at times. */
function failingAtTimes(store: Store, random: () => number): Store {
  const commit = async (groups: readonly CommitGroup[]): ReturnType<Store['commit']> => {
    const fate = random();
    if (random() < 0.5) await turn();
    if (fate < 0.05) throw new Error('nothing was written');
    const outcomes = await store.commit(groups);
    if (fate < 0.1) throw new Error('the answer was lost');
    return outcomes;
  };
  return Object.create(store, { commit: { value: commit } }) as Store;
}

/** One request in eight fails in one of three ways. */
function writesThatMayFail(chance: number): Pick<AppendRequest, 'writes'> {
  if (chance < 0.04) return { writes: () => [check('no')] };
  if (chance < 0.08) return { writes: () => 'withdraw' };
  if (chance >= 0.12) return {};
  return {
    writes: () => {
      throw new Error('no such item');
    },
  };
}

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

    it('stores what waits on one chain in one commit, or in two that overlap where nobody else writes', async () => {
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
      expect(commits).toEqual(open.store.exclusive ? [50, 50] : [100]);
    });

    it.each([1, 2, 3, 4, 5, 6])('keeps every chain sound, whatever fails meanwhile (seed %i)', async (seed) => {
      const random = randomFrom(seed);
      const gather = (): Promise<void> => (random() < 0.5 ? turn() : Promise.resolve());
      const appender = appenderOn(failingAtTimes(open.store, random), { sealer: slowSealer, gather });
      const answered = new Map<string, string>();
      const publish = async (publisher: number): Promise<void> => {
        for (let i = 0; i < 6; i++) {
          const id = `${publisher}-${i}`;
          const chains = Array.from({ length: 1 + Math.floor(random() * 2) }, () => `c${Math.floor(random() * 3)}`);
          const entries = chains.map((chain, k) => note(chain, `${id}.${k}`));
          const result = await appender.append({ entries, ...writesThatMayFail(random()) }).catch(() => undefined);
          for (const { idemKey } of entries) answered.set(idemKey as string, result?.kind ?? 'refused');
        }
      };
      await Promise.all(Array.from({ length: 40 }, (_, i) => publish(i)));
      await appender.drain();
      const recorded = new Set(await recordedIds(open.store));
      for (const [id, kind] of answered) expect([id, recorded.has(id)]).toEqual([id, kind === 'appended']);
      expect(new Set(answered.values())).toEqual(new Set(['appended', 'precondition', 'withdrawn', 'refused']));
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
