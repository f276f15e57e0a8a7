import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LeafHash } from '../../../../core/brands/index.ts';
import { closeToOthers } from '../../../../adapters/embedded/machine/data-folder.ts';
import { EngineError } from '../../../../adapters/embedded/machine/errors.ts';
import { lockDataDir, openForReading, openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { prepareStatements } from '../../../../adapters/embedded/store/sqlite-statements.ts';
import { SqliteStore } from '../../../../adapters/embedded/store/sqlite-store.ts';
import type { Finding } from '../../../../core/ledger/index.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { checked } from '../../../support/checked.ts';

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'nervous-sqlite-'));
  folder = join(parent, 'data');
});
afterEach(() => rmSync(parent, { recursive: true }));

const failure = (work: () => unknown): EngineError => {
  try {
    work();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

/** Tries to lock the folder from another process. @returns what it said */
function lockInOtherProcess(): string {
  const schema = new URL('../../../../adapters/embedded/store/sqlite-schema.ts', import.meta.url).href;
  const script = `import { lockDataDir } from ${JSON.stringify(schema)};
    try { lockDataDir(${JSON.stringify(folder)})(); console.log('locked'); } catch (error) { console.log(error.code); }`;
  return spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  }).stdout.trim();
}

it('keeps a second process out until the first lets go', () => {
  const unlock = lockDataDir(folder);
  expect(lockInOtherProcess()).toBe('DATA_LOCKED');
  expect(failure(() => lockDataDir(folder)).code).toBe('DATA_LOCKED');
  unlock();
  expect(lockInOtherProcess()).toBe('locked');
});

it('writes through to the disk before it answers, in a folder nobody else can read', () => {
  const db = openForWriting(folder, IDENTITY);
  expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 }); // FULL
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  db.close();
});

it('refuses the data of another ledger, another origin, another program', () => {
  openForWriting(folder, IDENTITY).close();
  expect(failure(() => openForWriting(folder, { ...IDENTITY, ledger: 'other' })).code).toBe('DATA_FOREIGN');
  expect(failure(() => openForWriting(folder, { ...IDENTITY, origin: 'other' })).code).toBe('DATA_FOREIGN');
  const db = openForWriting(folder, IDENTITY);
  db.exec('PRAGMA user_version = -1');
  db.close();
  expect(failure(() => openForWriting(folder, IDENTITY)).code).toBe('DATA_FOREIGN');
  expect(failure(() => openForReading(folder)).code).toBe('DATA_FOREIGN');
});

it('names a missing ledger and a damaged file', () => {
  expect(failure(() => openForReading(folder)).code).toBe('DATA_NOT_FOUND');
  openForWriting(folder, IDENTITY).close();
  writeFileSync(join(folder, 'ledger.db'), 'this is not a database, but it is long enough to look at'.repeat(100));
  expect(failure(() => openForWriting(folder, IDENTITY)).code).toBe('DATA_UNREADABLE');
  expect(failure(() => openForReading(folder)).code).toBe('DATA_UNREADABLE');
  writeFileSync(join(folder, 'engine.lock'), 'nor is this'.repeat(100));
  expect(failure(() => lockDataDir(folder)).code).toBe('DATA_UNREADABLE');
});

it('names a file that was cut off', () => {
  openForWriting(folder, IDENTITY).close();
  truncateSync(join(folder, 'ledger.db'), 5_000);
  expect(failure(() => openForWriting(folder, IDENTITY)).code).toBe('DATA_UNREADABLE');
});

/** Takes the constraints away again, as files had none before. */
function asVersion1(db: DatabaseSync): void {
  const copies = {
    entries:
      'position INTEGER PRIMARY KEY, chain TEXT NOT NULL, seq INTEGER NOT NULL, note BLOB NOT NULL, hash BLOB NOT NULL',
    idempotency: 'key TEXT PRIMARY KEY, position INTEGER NOT NULL',
    batches: 'first INTEGER PRIMARY KEY, places TEXT NOT NULL, hashes BLOB NOT NULL',
    items: 'pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (pk, sk)',
    meta: 'key TEXT PRIMARY KEY, value TEXT NOT NULL',
  };
  for (const [table, columns] of Object.entries(copies)) {
    const rowid = ['entries', 'batches'].includes(table) ? '' : ', WITHOUT ROWID';
    const indent = table === 'items' || table === 'entries' ? ['\n    ', '\n  '] : ['', ''];
    db.exec(`ALTER TABLE ${table} RENAME TO old; DROP INDEX IF EXISTS ${table === 'entries' ? 'entry_place' : 'none'};
      CREATE TABLE ${table} (${indent[0]}${columns}${indent[1]}) STRICT${rowid};
      INSERT INTO ${table} SELECT * FROM old; DROP TABLE old`);
  }
  db.exec('CREATE UNIQUE INDEX entry_place ON entries (chain, seq); PRAGMA user_version = 1');
}

it('V6: brings a file without constraints up to date, with every row of it', async () => {
  const store = new SqliteStore(openForWriting(folder, IDENTITY));
  const note = Buffer.of(1);
  await store.commit([
    { entries: [{ chain: 'a', seq: 0, idemKey: 'k', note, hash: checked<LeafHash>(Buffer.alloc(32, 7)) }], writes: [] },
  ]);
  await store.write([{ kind: 'put', key: { pk: 'p', sk: 's' }, value: { a: 1 }, expect: 'absent' }]);
  store.close();
  const old = new DatabaseSync(join(folder, 'ledger.db'));
  asVersion1(old);
  const contents = (db: DatabaseSync) =>
    ['entries', 'idempotency', 'batches', 'items', 'meta'].map((table) => db.prepare(`SELECT * FROM ${table}`).all());
  const before = contents(old);
  old.close();
  openForReading(folder).close();
  const db = openForWriting(folder, IDENTITY);
  expect(contents(db)).toEqual(before);
  expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 3 });
  expect(() => db.exec("INSERT INTO entries VALUES (-1, 'b', 0, x'00', zeroblob(32))")).toThrow('CHECK');
  db.close();
});

it('V5: brings a file without the index of events up to date, with what it holds in the index', async () => {
  const event = (id: string) => ({
    ...{ chain: 'a', idemKey: `event/feed/${id}`, hash: checked<LeafHash>(Buffer.alloc(32, 7)) },
    note: Buffer.from(`nervous-system.entry.v1\n{"data":{"source":"feed"},"idem":"${id}","type":"event"}\n\nsigned\n`),
  });
  const opened = new SqliteStore(openForWriting(folder, IDENTITY));
  await opened.commit([{ entries: [{ ...event('1'), seq: 0 }], writes: [] }]);
  opened.close();
  const old = new DatabaseSync(join(folder, 'ledger.db'));
  old.exec('DROP INDEX entry_event; DELETE FROM idempotency; PRAGMA user_version = 2');
  old.close();
  openForReading(folder).close();
  const told: Finding[] = [];
  const store = new SqliteStore(openForWriting(folder, IDENTITY), { onTamper: (finding) => void told.push(finding) });
  const outcomes = await store.commit([
    { entries: [{ ...event('1'), seq: 1 }], writes: [] },
    { entries: [{ ...event('2'), seq: 1 }], writes: [] },
  ]);
  expect(outcomes).toEqual([
    { kind: 'exists', idemKey: 'event/feed/1' },
    { kind: 'committed', positions: [1] },
  ]);
  expect(told).toMatchObject([{ verdict: 'DRIFT', entity: 'a', seq: 0, position: 0 }]);
  expect(await store.findByIdemKey('event/feed/1')).toMatchObject({ seq: 0 });
  expect(await store.findByIdemKey('event/feed/3')).toBeUndefined();
  store.close();
});

it('V6: refuses to bring a file up to date that holds what no engine wrote, and leaves it as it is', () => {
  openForWriting(folder, IDENTITY).close();
  const old = new DatabaseSync(join(folder, 'ledger.db'));
  asVersion1(old);
  old.exec("INSERT INTO entries VALUES (-1, 'b', 0, x'00', zeroblob(32))");
  old.close();
  const error = failure(() => openForWriting(folder, IDENTITY));
  expect(error.code).toBe('DATA_TAMPERED');
  const db = openForReading(folder);
  expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
  expect(db.prepare('SELECT count(*) AS n FROM entries').get()).toEqual({ n: 1 });
  db.close();
});

it('goes on counting after the end of the log was deleted, so that the hole shows', async () => {
  const place = (seq: number) => ({
    chain: 'a',
    seq,
    idemKey: undefined,
    note: Buffer.of(1),
    hash: checked<LeafHash>(Buffer.alloc(32, seq)),
  });
  const store = new SqliteStore(openForWriting(folder, IDENTITY));
  await store.commit([{ entries: [place(0), place(1)], writes: [] }]);
  store.close();
  const db = openForWriting(folder, IDENTITY);
  db.exec('DELETE FROM entries WHERE position = 1');
  const again = new SqliteStore(db);
  expect(await again.commit([{ entries: [place(1)], writes: [] }])).toEqual([{ kind: 'committed', positions: [2] }]);
  again.close();
});

it('R10: a folder that others may read is closed to them, and that is said', () => {
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  expect(closeToOthers(folder)).toContain('0755');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(closeToOthers(folder)).toBeUndefined();
});

/** How SQLite finds what is on a chain, or an event. */
function plansOf(db: DatabaseSync): string[] {
  const { head, readChain, taken, findEvent } = prepareStatements(db);
  return [head, readChain, taken, findEvent].map((one) => {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${one.sourceSQL}`).all();
    return plan.map(({ detail }) => String(detail)).join('; ');
  });
}

it('R2: finds what is on a chain by its place, whatever SQLite once counted', () => {
  openForWriting(folder, IDENTITY).close();
  const db = new DatabaseSync(join(folder, 'ledger.db'));
  db.exec('ANALYZE');
  const count = db.prepare('INSERT INTO sqlite_stat1 VALUES (?, ?, ?)');
  count.run('entries', 'entry_place', '50001 25000 1');
  count.run('entries', 'entry_event', '50001 25000');
  db.close();
  const byPlace = [
    'SEARCH entries USING INDEX entry_place (chain=?)',
    'SEARCH entries USING INDEX entry_place (chain=? AND seq>?)',
    'SEARCH entries USING COVERING INDEX entry_place (chain=? AND seq=?)',
  ];
  const reader = openForReading(folder);
  expect(plansOf(reader).slice(0, 3)).toEqual(byPlace);
  reader.close();
  const writer = openForWriting(folder, IDENTITY);
  expect(plansOf(writer).slice(0, 3)).toEqual(byPlace);
  expect(plansOf(writer).at(3)).toContain('USING INDEX entry_event (<expr>=?)');
  new SqliteStore(writer).close();
  const after = openForReading(folder);
  expect(after.prepare('SELECT * FROM sqlite_stat1').all()).toEqual([]);
  after.close();
});
