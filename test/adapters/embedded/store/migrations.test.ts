/** Files of earlier releases: brought up to date step by step, none of it lost wherever that is interrupted, and a newer one left alone. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LeafHash } from '../../../../core/brands/index.ts';
import { EngineError } from '../../../../adapters/embedded/machine/errors.ts';
import { openForReading, openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { MIGRATIONS } from '../../../../adapters/embedded/store/sqlite-migrate.ts';
import { SqliteStore } from '../../../../adapters/embedded/store/sqlite-store.ts';
import {
  isKnownVersion,
  SCHEMA_VERSION,
  schemaOf,
  TABLE_NAMES,
} from '../../../../adapters/embedded/store/sqlite-tables.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { checked } from '../../../support/checked.ts';

const FILE = 'ledger.db';
const ENTRIES = 5;

let parent: string;
beforeEach(() => (parent = mkdtempSync(join(tmpdir(), 'nervous-migrations-'))));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(parent, { recursive: true });
});

/** A folder as the release with that version of the store left it: its tables, with these rows. */
async function folderOf(version: number): Promise<{ readonly folder: string; readonly rows: unknown }> {
  const [today, folder] = [join(parent, 'today'), mkdtempSync(join(parent, `version-${version}-`))];
  const store = new SqliteStore(openForWriting(today, IDENTITY));
  for (let seq = 0; seq < ENTRIES; seq++) {
    const note = Buffer.from(
      `nervous-system.entry.v1\n{"data":{"source":"feed"},"idem":"${seq}","type":"event"}\n\ns\n`,
    );
    const hash = checked<LeafHash>(Buffer.alloc(32, seq));
    await store.commit([{ entries: [{ chain: 'a', seq, idemKey: `event/feed/${seq}`, note, hash }], writes: [] }]);
  }
  await store.write([{ kind: 'put', key: { pk: 'p', sk: 's' }, value: { a: 1 }, expect: 'absent' }]);
  store.close();
  const db = new DatabaseSync(join(folder, FILE));
  db.exec(`${schemaOf(version)}; ATTACH '${join(today, FILE)}' AS today`);
  for (const table of TABLE_NAMES) db.exec(`INSERT INTO main.${table} SELECT * FROM today.${table}`);
  db.exec(`DETACH today; PRAGMA user_version = ${version}`);
  const rows = rowsOf(db);
  db.close();
  rmSync(today, { recursive: true });
  return { folder, rows };
}

function rowsOf(db: DatabaseSync): unknown {
  return Object.fromEntries(TABLE_NAMES.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all()]));
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

const OLD_VERSIONS = MIGRATIONS.map(({ to }) => to - 1);

it('there is one migration for each version after the first, in order, each with a sentence of what it does', () => {
  expect(MIGRATIONS.map(({ to }) => to)).toEqual(Array.from({ length: SCHEMA_VERSION - 1 }, (_, i) => i + 2));
  expect(MIGRATIONS.every(({ what }) => what.length > 10)).toBe(true);
  expect(OLD_VERSIONS.every(isKnownVersion)).toBe(true);
});

describe.each(OLD_VERSIONS)('a file of version %i', (version) => {
  it('has every row afterwards, in the tables of today', async () => {
    const { folder, rows } = await folderOf(version);
    const db = openForWriting(folder, IDENTITY); // it compares the tables with those of today when it is opened again
    expect({ version: versionOf(db), rows: rowsOf(db) }).toEqual({ version: SCHEMA_VERSION, rows });
    db.close();
    openForWriting(folder, IDENTITY).close();
  });

  it('is read beside nobody as it is, and not changed by that', async () => {
    const { folder, rows } = await folderOf(version);
    const db = openForReading(folder);
    expect({ version: versionOf(db), rows: rowsOf(db) }).toEqual({ version, rows });
    db.close();
  });

  it('loses nothing, whichever statement the process dies before: it stands at one version or the next, and goes on', async () => {
    const { folder, rows } = await folderOf(version);
    const left = diedBeforeEach(folder);
    expect(left.length).toBeGreaterThan(4);
    const versions = new Set<number>();
    for (const at of left) {
      const found = openForReading(at); // its tables are those of its version
      versions.add(versionOf(found));
      expect(rowsOf(found), at).toEqual(rows);
      found.close();
      const db = openForWriting(at, IDENTITY);
      expect({ version: versionOf(db), rows: rowsOf(db) }, at).toEqual({ version: SCHEMA_VERSION, rows });
      db.close();
    }
    expect([...versions].sort()).toEqual(Array.from({ length: SCHEMA_VERSION - version + 1 }, (_, i) => version + i));
  });
});

/** What a killed process leaves is what it has written so far: its files, copied before each of its statements. */
function diedBeforeEach(folder: string): readonly string[] {
  const left: string[] = [];
  const exec = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'exec')?.value as DatabaseSync['exec'];
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    const at = join(parent, `died-${left.length}`);
    cpSync(folder, at, { recursive: true });
    rmSync(join(at, `${FILE}-shm`), { force: true }); // shared memory of a process that is no more
    left.push(at);
    exec.call(this, sql);
  });
  openForWriting(folder, IDENTITY).close();
  vi.restoreAllMocks();
  return left;
}

it('a file of a newer release is left alone, and the message says which release to take or what to restore', () => {
  const folder = join(parent, 'newer');
  const db = openForWriting(folder, IDENTITY);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  for (const open of [() => openForWriting(folder, IDENTITY), () => openForReading(folder)]) {
    const error = thrown(open);
    expect(error.code).toBe('DATA_NEWER');
    expect(error.message).toBe(
      `"${folder}" was written by a newer release (its store has version ${SCHEMA_VERSION + 1}, this release knows ${SCHEMA_VERSION}): run that release, or restore the backup from before the upgrade`,
    );
  }
});

function thrown(work: () => unknown): EngineError {
  try {
    work();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
