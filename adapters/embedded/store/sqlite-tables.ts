/**
 * The tables of the one SQLite file, and whether a file has exactly these: what somebody planted beside them (a trigger, a
 * view) would act in the engine's name. Constraints keep rows out that the engine could never have written.
 */
import { DatabaseSync } from 'node:sqlite';
import { must } from '../../../core/errors/index.ts';
import { orBlank } from '../../../core/values/index.ts';

export const SCHEMA_VERSION = 3;
/** Largest position or seq: one more is still a whole number that JavaScript counts exactly. */
export const MAX_INDEX = Number.MAX_SAFE_INTEGER - 1;

/**
 * entries: one row per entry; `note` is the signed note as hashed, `position` the log index in commit order.
 * batches: one row per commit, naming what it added: the commit-order record that shows when an entry is gone.
 * items:   projections (change-sets, documents, subscriptions …), rebuilt from entries in principle.
 */
const TABLES = {
  entries: `CREATE TABLE entries (
    position INTEGER PRIMARY KEY CHECK (position BETWEEN 0 AND ${MAX_INDEX}),
    chain TEXT NOT NULL CHECK (length(chain) BETWEEN 1 AND 256),
    seq INTEGER NOT NULL CHECK (seq BETWEEN 0 AND ${MAX_INDEX}),
    note BLOB NOT NULL CHECK (length(note) BETWEEN 1 AND 65535),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
  ) STRICT`,
  idempotency: `CREATE TABLE idempotency (
    key TEXT PRIMARY KEY, position INTEGER NOT NULL CHECK (position BETWEEN 0 AND ${MAX_INDEX})
  ) STRICT, WITHOUT ROWID`,
  batches: `CREATE TABLE batches (
    first INTEGER PRIMARY KEY CHECK (first BETWEEN 0 AND ${MAX_INDEX}),
    places TEXT NOT NULL,
    hashes BLOB NOT NULL CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0)
  ) STRICT`,
  items: `CREATE TABLE items (
    pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL CHECK (version BETWEEN 1 AND ${MAX_INDEX}),
    value TEXT NOT NULL, PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID`,
  meta: 'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
} as const;
const INDEX = 'CREATE UNIQUE INDEX entry_place ON entries (chain, seq)';

/** The line of JSON behind a note's first line, `nervous-system.entry.v1`. */
const BODY = "CAST(substr(note, 25, instr(substr(note, 25), x'0a') - 1) AS TEXT)";
/**
 * The idempotency key of an event, out of its entry: whatever becomes of the table of keys, the index over this says what was
 * recorded. NULL: not an event.
 */
export const EVENT_KEY = `CASE WHEN json_valid(${BODY}) AND json_extract(${BODY}, '$.type') = 'event' THEN 'event/' || json_extract(${BODY}, '$.data.source') || '/' || json_extract(${BODY}, '$.idem') END`;
/** Not unique: what somebody recorded twice past the engine is for verification to name. */
export const EVENT_INDEX = `CREATE INDEX entry_event ON entries (${EVENT_KEY})`;

const SCHEMA_2 = [...Object.values(TABLES), INDEX].join(';\n');
export const SCHEMA = `${SCHEMA_2};\n${EVENT_INDEX}`;
export const TABLE_NAMES = Object.keys(TABLES) as readonly (keyof typeof TABLES)[];

/** Version 1 had no constraints. */
const SCHEMA_1 = `
  CREATE TABLE entries (
    position INTEGER PRIMARY KEY, chain TEXT NOT NULL, seq INTEGER NOT NULL, note BLOB NOT NULL, hash BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entry_place ON entries (chain, seq);
  CREATE TABLE idempotency (key TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE batches (first INTEGER PRIMARY KEY, places TEXT NOT NULL, hashes BLOB NOT NULL) STRICT;
  CREATE TABLE items (
    pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;
const SCHEMAS: ReadonlyMap<number, string> = new Map([
  [1, SCHEMA_1],
  [2, SCHEMA_2],
  [SCHEMA_VERSION, SCHEMA],
]);

/** What SQLite itself adds when it counts rows for its query planner. */
export const STATISTICS: ReadonlySet<string> = new Set(['sqlite_stat1', 'sqlite_stat4']);

export function isKnownVersion(version: number): boolean {
  return SCHEMAS.has(version);
}

/** The statements that make the tables of a version. */
export function schemaOf(version: number): string {
  return must(SCHEMAS.get(version), 'the schema of the version');
}

/** How the file's tables differ from those of their version, or undefined. */
export function schemaProblem(db: DatabaseSync, version: number): string | undefined {
  const wanted = describedSchema(version);
  const found = describe(db);
  for (const [name, what] of found) {
    const expected = wanted.get(name);
    if (expected === undefined) return `it has ${what.type} "${name.slice(0, 100)}", which the engine did not make`;
    if (expected.sql !== what.sql) return `its ${what.type} "${name}" is not as the engine made it`;
  }
  const missing = [...wanted].find(([name]) => !found.has(name));
  return missing === undefined ? undefined : `its ${missing[1].type} "${missing[0]}" is missing`;
}

interface Described {
  readonly type: string;
  readonly sql: string;
}

const known = new Map<number, ReadonlyMap<string, Described>>();

function describedSchema(version: number): ReadonlyMap<string, Described> {
  let schema = known.get(version);
  if (schema === undefined) {
    const db = new DatabaseSync(':memory:');
    db.exec(schemaOf(version));
    known.set(version, (schema = describe(db)));
    db.close();
  }
  return schema;
}

function describe(db: DatabaseSync): Map<string, Described> {
  const rows = db.prepare('SELECT type, name, sql FROM sqlite_schema').all();
  return new Map(
    rows.flatMap((row): [string, Described][] => {
      const [type, name, sql] = [row['type'], row['name'], row['sql']].map((one) => String(orBlank(one)));
      if (type === 'table' && STATISTICS.has(orBlank(name))) return [];
      return [[orBlank(name), { type: orBlank(type), sql: orBlank(sql).replaceAll(/\s+/g, ' ') }]];
    }),
  );
}
