import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineError } from '../../adapters/embedded/errors.ts';
import { lockDataDir, openForReading, openForWriting } from '../../adapters/embedded/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/sqlite-store.ts';
import { IDENTITY } from '../contract/stores.ts';

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
function lockElsewhere(): string {
  const schema = new URL('../../adapters/embedded/sqlite-schema.ts', import.meta.url).href;
  const script = `import { lockDataDir } from ${JSON.stringify(schema)};
    try { lockDataDir(${JSON.stringify(folder)})(); console.log('locked'); } catch (error) { console.log(error.code); }`;
  return spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  }).stdout.trim();
}

it('keeps a second process out until the first lets go', () => {
  const unlock = lockDataDir(folder);
  expect(lockElsewhere()).toBe('DATA_LOCKED');
  expect(failure(() => lockDataDir(folder)).code).toBe('DATA_LOCKED');
  unlock();
  expect(lockElsewhere()).toBe('locked');
});

it('writes through to the disk before it answers, in a folder nobody else can read', () => {
  const db = openForWriting(folder, IDENTITY);
  expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 }); // FULL
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  db.close();
});

it('refuses the data of another ledger, another origin, another version', () => {
  openForWriting(folder, IDENTITY).close();
  expect(failure(() => openForWriting(folder, { ...IDENTITY, ledger: 'other' })).code).toBe('DATA_FOREIGN');
  expect(failure(() => openForWriting(folder, { ...IDENTITY, origin: 'other' })).code).toBe('DATA_FOREIGN');
  const db = openForWriting(folder, IDENTITY);
  db.exec('PRAGMA user_version = 99');
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

it('goes on counting after the end of the log was deleted, so that the hole shows', async () => {
  const place = (seq: number) => ({
    chain: 'a',
    seq,
    idemKey: undefined,
    note: Buffer.of(1),
    hash: Buffer.alloc(32, seq),
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
