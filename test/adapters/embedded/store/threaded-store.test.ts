/** The store that writes on a thread of its own: what both threads see, what an error is on the other side, how it ends. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeafHash } from '../../../../core/brands/index.ts';
import { LedgerError, type CommitGroup, type EntryToStore, type Finding } from '../../../../core/ledger/index.ts';
import { EngineError } from '../../../../adapters/embedded/machine/errors.ts';
import { openBesideWriter, openForReading, openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../../../adapters/embedded/store/sqlite-store.ts';
import { ThreadedStore } from '../../../../adapters/embedded/store/threaded-store.ts';
import { errorOf, plainError } from '../../../../adapters/embedded/store/write-messages.ts';
import { createWriteProbe } from '../../../../adapters/embedded/store/write-probe.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { appenderOn, note, recordedIds } from '../../../core/ledger/ledger-fixture.ts';
import { checked } from '../../../support/checked.ts';

let dataDir: string;
let store: ThreadedStore | undefined;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-threaded-'));
});
afterEach(async () => {
  await store?.close();
  store = undefined;
  rmSync(dataDir, { recursive: true });
});

function open(options: Partial<ConstructorParameters<typeof ThreadedStore>[1]> = {}): ThreadedStore {
  return (store = new ThreadedStore(openForWriting(dataDir, IDENTITY), { dataDir, ...options }));
}

function entry(chain: string, seq: number, idemKey?: string): EntryToStore {
  const hash = checked<LeafHash>(Buffer.alloc(32, seq + 1));
  return { chain, seq, idemKey, note: Buffer.from(`${chain} ${seq}`), hash };
}
const alone = (one: EntryToStore): CommitGroup => ({ entries: [one], writes: [] });

it('writes through to the disk before it answers, on the thread too', () => {
  openForWriting(dataDir, IDENTITY).close();
  const db = openBesideWriter(dataDir);
  expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 }); // FULL
  db.close();
});

it('counts on where the other thread ended, whichever of the two wrote', async () => {
  const stored: string[] = [];
  const onStored = (entries: readonly EntryToStore[]): void =>
    void stored.push(...entries.map(({ chain, seq }) => `${chain} ${seq}`));
  const threaded = open({ onStored });
  const places: string[] = [];
  for (let seq = 0; seq < 24; seq += 6) {
    const many = Array.from({ length: 5 }, (_, i) => alone(entry('a', seq + i)));
    await threaded.commit(many); // on the thread
    await threaded.commit([alone(entry('a', seq + 5))]); // here
    places.push(...(await threaded.readLog(0, 100)).slice(seq).map(({ chain, seq }) => `${chain} ${seq}`));
  }
  expect(places).toEqual(Array.from({ length: 24 }, (_, seq) => `a ${seq}`));
  expect(stored).toEqual(places);
  expect((await threaded.readLog(0, 100)).map(({ position }) => position)).toEqual([...places.keys()]);
});

it('reads an item and entries that were written while another write was under way', async () => {
  const threaded = open({ inlineEntries: 0 });
  const writes = Array.from({ length: 20 }, (_, i) =>
    threaded.commit([
      {
        entries: [entry(`c${i}`, 0)],
        writes: [{ kind: 'put', key: { pk: 'p', sk: `${i}` }, value: i, expect: 'absent' }],
      },
    ]),
  );
  for (const [i, written] of writes.entries()) {
    await written;
    expect(await threaded.head(`c${i}`)).toMatchObject({ seq: 0, position: i });
    expect(await threaded.get({ pk: 'p', sk: `${i}` })).toMatchObject({ value: i });
  }
});

it('does not take a place again that somebody deleted behind its back, record and all', async () => {
  const threaded = open();
  await threaded.commit(Array.from({ length: 5 }, (_, seq) => alone(entry('a', seq)))); // on the thread
  const other = new DatabaseSync(join(dataDir, 'ledger.db'));
  other.exec('DELETE FROM entries; DELETE FROM batches');
  other.close();
  expect(await threaded.commit([alone(entry('b', 0))])).toEqual([{ kind: 'committed', positions: [5] }]); // here
  expect(await threaded.commit(Array.from({ length: 5 }, (_, seq) => alone(entry('c', seq))))).toMatchObject([
    { positions: [6] },
    { positions: [7] },
    { positions: [8] },
    { positions: [9] },
    { positions: [10] },
  ]);
});

describe('an error of the writing thread', () => {
  it('keeps its class, its code and its cause', () => {
    const full = new LedgerError({ code: 'STORE_UNAVAILABLE', message: 'no space', cause: new Error('disk full') });
    const tampered = new EngineError({ code: 'DATA_TAMPERED', message: 'a trigger', cause: full });
    const there = errorOf(structuredClone(plainError(tampered)));
    expect(there).toBeInstanceOf(EngineError);
    expect(there).toMatchObject({ code: 'DATA_TAMPERED', message: 'a trigger', cause: { code: 'STORE_UNAVAILABLE' } });
    expect((there.cause as Error).cause).toMatchObject({ message: 'disk full' });
    expect(errorOf(plainError('text'))).toEqual(new Error('text'));
  });

  it('refuses what a planted trigger takes away again, and writes nothing', async () => {
    const threaded = open({ inlineEntries: 0 });
    await threaded.commit([alone(entry('a', 0))]);
    const other = new DatabaseSync(join(dataDir, 'ledger.db'));
    other.exec('CREATE TRIGGER gone AFTER INSERT ON batches BEGIN DELETE FROM entries WHERE seq = 1; END');
    other.close();
    const refused = await threaded.commit([alone(entry('a', 1))]).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EngineError);
    expect(refused).toMatchObject({ code: 'DATA_TAMPERED' });
    expect(await threaded.size()).toBe(1);
  });

  it('tells what the thread found that somebody else did', async () => {
    const told: Finding[] = [];
    const threaded = open({ inlineEntries: 0, onTamper: (finding) => void told.push(finding) });
    const appender = appenderOn(threaded);
    const [event] = [note('a', 'e-1')];
    const idemKey = 'event/test/e-1';
    await appender.append({ entries: [{ ...event, idemKey }] });
    const other = new DatabaseSync(join(dataDir, 'ledger.db'));
    other.exec('DELETE FROM idempotency');
    other.close();
    const again = await appender.append({ entries: [{ ...event, idemKey }] });
    expect(again.kind).toBe('exists');
    expect(told).toMatchObject([{ verdict: 'DRIFT', entity: 'a', seq: 0 }]);
  });

  it('ends all writing when it ends the thread, also of one entry; what stands there can be read', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'nervous-empty-'));
    const before = new SqliteStore(openForWriting(dataDir, IDENTITY));
    await before.commit([alone(entry('a', 0))]);
    before.close();
    const threaded = open({ dataDir: empty }); // the thread finds no tables there
    const many = Array.from({ length: 5 }, (_, i) => alone(entry('a', i + 1)));
    await expect(threaded.commit(many)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(threaded.commit([alone(entry('a', 1))])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('restart the engine') as string,
    });
    await expect(threaded.write([])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(createWriteProbe(threaded, dataDir)()).toMatchObject({ ok: false });
    expect(await threaded.head('a')).toMatchObject({ seq: 0 });
    await threaded.close();
    store = undefined;
    rmSync(empty, { recursive: true });
  });
});

describe('closing', () => {
  it('waits for what is being written, and refuses what comes after', async () => {
    const threaded = open();
    const many = threaded.commit(Array.from({ length: 50 }, (_, seq) => alone(entry('a', seq))));
    await threaded.close();
    store = undefined;
    expect((await many).map(({ kind }) => kind)).toEqual(Array.from({ length: 50 }, () => 'committed'));
    await expect(threaded.commit([alone(entry('a', 50))])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const reader = new SqliteStore(openForReading(dataDir), { readOnly: true });
    expect(await reader.size()).toBe(50);
  });

  it('is not needed for a process to end, and a process does not end while it waits for a write', () => {
    const at = (path: string): string => JSON.stringify(new URL(`../../../../${path}`, import.meta.url).href);
    const script = `import { openForWriting } from ${at('adapters/embedded/store/sqlite-schema.ts')};
      import { ThreadedStore } from ${at('adapters/embedded/store/threaded-store.ts')};
      const dataDir = ${JSON.stringify(dataDir)};
      const store = new ThreadedStore(openForWriting(dataDir, ${JSON.stringify(IDENTITY)}), { dataDir, inlineEntries: 0 });
      const entry = { chain: 'a', seq: 0, idemKey: undefined, note: Buffer.of(1), hash: Buffer.alloc(32, 1) };
      const [{ kind }] = await store.commit([{ entries: [entry], writes: [] }]);
      console.log(kind);`;
    const file = join(dataDir, 'alone.mjs');
    writeFileSync(file, script);
    const said = execFileSync(process.execPath, ['--no-warnings', file]);
    expect(said.toString()).toBe('committed\n');
  });
});

it('appends through it as through any store', async () => {
  const threaded = open();
  const appender = appenderOn(threaded);
  await Promise.all(Array.from({ length: 40 }, (_, i) => appender.append({ entries: [note(`c${i % 7}`, `${i}`)] })));
  expect((await recordedIds(threaded)).length).toBe(40);
});
