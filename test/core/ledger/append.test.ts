import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountingIds, FakeClock, ImpatientClock, localSealer, MemoryStore } from '../../../adapters/memory/index.ts';
import {
  LedgerError,
  parseEntry,
  type AppendedEntry,
  type AppendResult,
  type CommitGroup,
  type EntryStore,
  type ItemWrite,
  type Sealer,
  type StoredEntry,
} from '../../../core/ledger/index.ts';
import { STORES, type OpenStore, type Store } from '../../contract/stores.ts';
import { appenderOn, note, recordedIds, soundLog } from './ledger-world.ts';

const HOUR_MS = 3_600_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Signing on another thread takes its time; what is committed meanwhile may fail. */
const slowSealer: Sealer = { seal: async (runs, signer) => turn().then(() => localSealer.seal(runs, signer, true)) };
const check = (sk: string): ItemWrite => ({ kind: 'check', key: { pk: 'p', sk }, expect: 1 });

describe.each(Object.keys(STORES))('appending on %s', (name) => {
  let open: OpenStore;
  beforeEach(() => void (open = (STORES[name] as () => OpenStore)()));
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
    await Promise.all([appender.append({ entries: [note('a', '3')] }), appender.append({ entries: [note('b', '4')] })]);
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

it('signs with a key that is valid at the time the entry names, even when the clock runs back', async () => {
  const store = new MemoryStore();
  let now = Date.UTC(2026, 10, 21, 9);
  const appender = appenderOn(store, { clock: { now: () => now, sleep: () => turn() } });
  await appender.append({ entries: [note('a', '1')] });
  now -= 2 * HOUR_MS;
  await appender.append({ entries: [note('a', '2')] });
  const validity = new Map<string, { notBefore: string; notAfter: string }>();
  for (const entry of store.log) {
    const parsed = parseEntry(entry.note);
    if (parsed.kind !== 'entry') throw new Error(parsed.reason);
    if (parsed.body.type === 'key.certified')
      validity.set(entry.chain, parsed.body.data as { notBefore: string; notAfter: string });
    const key = validity.get(parsed.note.signatures[0]?.name ?? '');
    expect(key && key.notBefore <= parsed.body.at && parsed.body.at < key.notAfter).toBe(true);
  }
});

describe('two processes on one store', () => {
  it('race for every place and neither loses an entry', async () => {
    const store = new MemoryStore({ exclusive: false });
    const [a, b] = [appenderOn(store), appenderOn(store, { sealer: slowSealer })];
    const ids = Array.from({ length: 60 }, (_, i) => i);
    await Promise.all(
      ids.flatMap((i) => [a.append({ entries: [note('x', `a${i}`)] }), b.append({ entries: [note('x', `b${i}`)] })]),
    );
    expect((await recordedIds(store)).sort()).toEqual(ids.flatMap((i) => [`a${i}`, `b${i}`]).sort());
  });

  it('record a key only once between them', async () => {
    const store = new MemoryStore({ exclusive: false });
    const [a, b] = [appenderOn(store), appenderOn(store)];
    const kinds = await Promise.all(
      [a, b].map(async (one) => (await one.append({ entries: [note('x', 'same')] })).kind),
    );
    expect(kinds.sort()).toEqual(['appended', 'exists']);
  });

  it('catch up in one go with what the other wrote', async () => {
    const store = new MemoryStore({ exclusive: false });
    const [a, b] = [appenderOn(store), appenderOn(store)];
    await a.append({ entries: [note('x', 'a')] });
    for (let i = 0; i < 2; i++)
      await b.append({ entries: Array.from({ length: 100 }, (_, j) => note('x', `b${i}-${j}`)) });
    expect((await a.append({ entries: [note('x', 'late')] })).kind).toBe('appended');
    expect(await recordedIds(store)).toHaveLength(202);
  });

  it('gives up after a bounded number of lost races and says that nothing was written', async () => {
    const store = new MemoryStore({ exclusive: false });
    const rival = appenderOn(store);
    let races = 0;
    const ours: EntryStore = overriding(store, {
      commit: async (groups) => {
        if (groups[0]?.entries[0]?.chain === 'x') await rival.append({ entries: [note('x', `rival${races++}`)] });
        return store.commit(groups);
      },
    });
    await expect(appenderOn(ours).append({ entries: [note('x', 'ours')] })).rejects.toMatchObject({
      code: 'LEDGER_BUSY',
    });
    expect(races).toBeLessThanOrEqual(64);
    expect(await recordedIds(store)).not.toContain('ours');
  });
});

/** Every commit of the story breaks once, before and after it is persisted, and the caller tries again with the same keys. */
describe('when a commit breaks', () => {
  const stories: Record<string, { chain: string; idem: string }[][]> = {
    'single entries': [[{ chain: 'a', idem: '1' }], [{ chain: 'a', idem: '2' }], [{ chain: 'b', idem: '3' }]],
    'a batch on one chain': [['1', '2', '3', '4'].map((idem) => ({ chain: 'a', idem }))],
    'groups over chains': [
      [
        { chain: 'a', idem: '1' },
        { chain: 'b', idem: '2' },
      ],
      [
        { chain: 'b', idem: '3' },
        { chain: 'a', idem: '4' },
        { chain: 'c', idem: '5' },
      ],
    ],
  };
  const table = Object.keys(stories).flatMap((story) =>
    [true, false].flatMap((exclusive) =>
      (['before', 'after'] as const).flatMap((when) => [1, 2, 3, 4].map((call) => ({ story, exclusive, when, call }))),
    ),
  );

  it.each(table)('$when call $call, exclusive $exclusive: $story', async ({ story, exclusive, when, call }) => {
    const store = new MemoryStore({ exclusive });
    let calls = 0;
    store.faults[when] = (what) => {
      if (what === 'commit' && ++calls === call) throw new Error('the disk is gone');
    };
    const appender = appenderOn(store);
    const requests = stories[story] ?? [];
    const all = requests.flat().map(({ idem }) => idem);
    const send = async (entries: { chain: string; idem: string }[]): Promise<void> => {
      for (;;) {
        try {
          const result = await appender.append({ entries: entries.map(({ chain, idem }) => note(chain, idem)) });
          expect(['appended', 'exists']).toContain(result.kind);
          return;
        } catch (error) {
          expect(error).toBeInstanceOf(LedgerError);
          expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
        }
      }
    };
    await Promise.all(requests.map(send));
    expect((await recordedIds(store)).sort()).toEqual(all.sort());
    expect((await appender.append({ entries: [note('a', 'next')] })).kind).toBe('appended');
    await soundLog(store);
  });

  it.each(['before', 'after'] as const)(
    '%s the certificate is stored: refused, and the next attempt succeeds',
    async (when) => {
      const store = new MemoryStore();
      store.faults[when] = () => {
        throw new Error('the disk is gone');
      };
      const appender = appenderOn(store);
      const refused = appender.append({ entries: [note('a', '1')] });
      await expect(refused).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('not written') as string,
      });
      expect(await recordedIds(store)).toEqual([]);
      store.faults[when] = () => undefined;
      await appender.append({ entries: [note('a', '1')] });
      expect(await recordedIds(store)).toEqual(['1']);
    },
  );

  it('and stays broken: refused after a bounded number of tries', async () => {
    const store = new MemoryStore();
    const appender = appenderOn(store);
    await appender.append({ entries: [note('a', '1')] });
    let calls = 0;
    store.faults.before = () => {
      calls += 1;
      throw new Error('the disk is gone');
    };
    await expect(appender.append({ entries: [note('a', '2')] })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(calls).toBeLessThanOrEqual(64);
  });

  it('and cannot be read back: the outcome is not known, and the key finds it', async () => {
    const store = new MemoryStore();
    let broken = false;
    const blind = overriding(store, {
      read: async (...args): Promise<readonly StoredEntry[]> => {
        if (broken) throw new Error('no reads either');
        return store.read(...args);
      },
    });
    const appender = appenderOn(blind);
    await appender.append({ entries: [note('a', '1')] });
    broken = true;
    store.faults.after = () => {
      throw new Error('the disk is gone');
    };
    await expect(appender.append({ entries: [note('a', '2')] })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    broken = false;
    delete store.faults.after;
    expect((await appender.append({ entries: [note('a', '2')] })).kind).toBe('exists');
    expect(await recordedIds(store)).toEqual(['1', '2']);
  });

  it('because a signer failed: refused, nothing written, and the next attempt succeeds', async () => {
    const store = new MemoryStore();
    let broken = true;
    const sealer: Sealer = {
      seal: async (runs, signer) => {
        if (broken && runs.length > 0) throw new Error('the signing thread ended');
        return localSealer.seal(runs, signer, true);
      },
    };
    const appender = appenderOn(store, { sealer, clock: new ImpatientClock(), ids: new CountingIds() });
    await expect(appender.append({ entries: [note('a', '1')] })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    broken = false;
    await appender.append({ entries: [note('a', '1')] });
    expect(await recordedIds(store)).toEqual(['1']);
  });
});

function overriding(store: MemoryStore, overrides: Partial<EntryStore>): EntryStore {
  const methods: EntryStore = {
    exclusive: store.exclusive,
    commit: (groups) => store.commit(groups),
    head: (chain) => store.head(chain),
    read: (...args) => store.read(...args),
    findByIdemKey: (key) => store.findByIdemKey(key),
    readLog: (...args) => store.readLog(...args),
    size: () => store.size(),
  };
  return { ...methods, ...overrides };
}
