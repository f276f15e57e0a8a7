import { describe, expect, it } from 'vitest';
import { msOf, type IsoInstant, type EpochMs } from '../../../../core/brands/index.ts';
import { CountingIds, ImpatientClock, localSealer, MemoryStore } from '../../../../adapters/memory/index.ts';
import {
  LedgerError,
  parseEntry,
  type EntryStore,
  type Sealer,
  type StoredEntry,
} from '../../../../core/ledger/index.ts';
import { describeAppending } from '../../../contract/appending.ts';
import { STORES } from '../../../contract/stores.ts';
import { appenderOn, note, recordedIds, slowSealer, soundLog, turn } from '../ledger-fixture.ts';
import { checked } from '../../../support/checked.ts';

const HOUR_MS = 3_600_000;

for (const [name, open] of Object.entries(STORES)) describeAppending(name, open);

it('signs with a key that is valid at the time the entry names, even when the clock runs back', async () => {
  const store = new MemoryStore();
  let now = Date.UTC(2026, 10, 21, 9);
  const appender = appenderOn(store, {
    clock: { now: () => checked<EpochMs>(now), monotonic: () => now, sleep: () => turn() },
  });
  await appender.append({ entries: [note('a', '1')] });
  now -= 2 * HOUR_MS;
  await appender.append({ entries: [note('a', '2')] });
  const validity = new Map<string, { notBefore: IsoInstant; notAfter: IsoInstant }>();
  for (const entry of store.log) {
    const parsed = parseEntry(entry.note);
    if (parsed.kind !== 'entry') throw new Error(parsed.reason);
    if (parsed.body.type === 'key.certified')
      validity.set(entry.chain, parsed.body.data as { notBefore: IsoInstant; notAfter: IsoInstant });
    const key = validity.get(parsed.note.signatures[0]?.name ?? '');
    const at = msOf(parsed.body.at);
    expect(key && msOf(key.notBefore) <= at && at < msOf(key.notAfter)).toBe(true);
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

  it('and the first try turns out to be stored when the second breaks: it is ours, with the hash of the note that is there', async () => {
    const store = new MemoryStore();
    let late: Parameters<EntryStore['commit']>[0] | undefined;
    let tries = 0;
    const slow: EntryStore = overriding(store, {
      commit: async (groups) => {
        if (groups[0]?.entries[0]?.chain.startsWith('keys/') === true) return store.commit(groups);
        tries += 1;
        if (tries === 1) late = groups;
        if (tries === 2 && late !== undefined) await store.commit(late);
        if (tries <= 2) throw new Error('no answer');
        return store.commit(groups);
      },
    });
    const appender = appenderOn(slow);
    const results = await Promise.all(
      ['x', 'y', 'z'].map((chain) => appender.append({ entries: [note(chain, chain)] })),
    );
    const stored = await Promise.all(['x', 'y', 'z'].map(async (chain) => (await store.read(chain, 0, 2))[0]));
    const hashOf = (bytes: Uint8Array = Buffer.of()): string => Buffer.from(bytes).toString('hex');
    expect(results.map((one) => (one.kind === 'appended' ? one.entries[0]?.hash : one.kind))).toEqual(
      stored.map((one) => hashOf(one?.hash)),
    );
    expect(results.map((one) => (one.kind === 'appended' ? one.entries[0]?.position : one.kind))).toEqual([1, 2, 3]);
    await Promise.all(['x', 'y'].map((chain) => appender.append({ entries: [note(chain, `${chain}-next`)] })));
    expect((await soundLog(store)).map(({ idem }) => idem).slice(1)).toEqual(['x', 'y', 'z', 'x-next', 'y-next']);
  });

  it('and another process recorded the same words at the same moment: they are not ours', async () => {
    const store = new MemoryStore({ exclusive: false });
    const now = checked<EpochMs>(Date.UTC(2026, 10, 21, 9));
    const clock = { now: () => now, monotonic: () => now, sleep: () => turn() };
    const theirs = appenderOn(store, { clock });
    let isBroken = true;
    const failing = overriding(store, {
      commit: async (groups) => {
        if (groups[0]?.entries[0]?.chain !== 'x' || !isBroken) return store.commit(groups);
        isBroken = false;
        await theirs.append({ entries: [note('x', '1')] });
        throw new Error('no answer');
      },
    });
    const result = await appenderOn(failing, { clock }).append({ entries: [note('x', '1')] });
    expect(result).toMatchObject({ kind: 'exists' });
    expect(await recordedIds(store)).toEqual(['1']);
  });

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
    indexesAtCommit: store.indexesAtCommit,
    commit: (groups) => store.commit(groups),
    head: (chain) => store.head(chain),
    read: (...args) => store.read(...args),
    findByIdemKey: (key) => store.findByIdemKey(key),
    readLog: (...args) => store.readLog(...args),
    size: () => store.size(),
  };
  return { ...methods, ...overrides };
}
