/** Somebody without a key, who can write to every file of a data folder or an export: one tampering for each seed. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { leaf } from '../e2e/tamper-fixture.ts';
import type { Random } from './random.ts';

/** @returns what was done, in words */
export function tamperWithFile(random: Random, folder: string): string {
  const files = filesIn(folder).filter(
    (path) => !/^(engine\.lock|ledger\.db|root\.key|field\.key|tokens\.json)/.test(path),
  );
  const path = random.pick(files);
  const file = join(folder, path);
  chmodSync(file, 0o644);
  const bytes = readFileSync(file);
  const at = random.below(Math.max(1, bytes.length));
  switch (random.below(8)) {
    case 0:
      rmSync(file);
      return `removed ${path}`;
    case 1:
      truncateSync(file, at);
      return `cut ${path} to ${at} bytes`;
    case 2:
      writeFileSync(file, Buffer.concat([bytes, Buffer.from('x'.repeat(1 + random.below(64)))]));
      return `wrote behind ${path}`;
    case 3: {
      const other = random.pick(files);
      copyFileSync(join(folder, other), file);
      return `copied ${other} over ${path}`;
    }
    case 4:
      rmSync(file);
      mkdirSync(file);
      return `made a folder of ${path}`;
    default:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      writeFileSync(file, bytes);
      return `changed byte ${at} of ${path}`;
  }
}

interface Row {
  readonly position: number;
  readonly chain: string;
  readonly seq: number;
  readonly note: Uint8Array;
  readonly hash: Uint8Array;
}

/** @returns what was done, in words */
export function tamperWithRows(random: Random, folder: string): string {
  const db = new DatabaseSync(join(folder, 'ledger.db'));
  try {
    // As somebody with a hex editor could: the constraints do not hold them up.
    db.exec('PRAGMA ignore_check_constraints = ON');
    return random.pick(ROW_TAMPERINGS)(random, db);
  } finally {
    db.close();
  }
}

const rowsOf = (db: DatabaseSync): Row[] =>
  db.prepare('SELECT * FROM entries ORDER BY position').all() as unknown as Row[];

/** Somebody who may change rows and the key file, but has no key: what is kept of confidential fields. @returns what was done, in words */
export function tamperWithFields(random: Random, folder: string): string {
  const keyFile = join(folder, 'field.key');
  const what: string[] = [];
  if (random.chance(0.2)) {
    const bytes = readFileSync(keyFile);
    if (random.chance(0.5)) rmSync(keyFile);
    else writeFileSync(keyFile, random.chance(0.5) ? 'no key' : Buffer.from(bytes).reverse());
    what.push('changed field.key');
  }
  const db = new DatabaseSync(join(folder, 'ledger.db'));
  try {
    what.push(random.pick(FIELD_TAMPERINGS)(random, db));
    if (random.chance(0.2)) what.push(random.pick(FIELD_TAMPERINGS)(random, db));
  } finally {
    db.close();
  }
  return what.join('; ');
}

type RowTampering = (random: Random, db: DatabaseSync) => string;

const ROW_TAMPERINGS: readonly RowTampering[] = [
  (random, db) => {
    const row = random.pick(rowsOf(db));
    db.prepare('DELETE FROM entries WHERE position = ?').run(row.position);
    return `deleted the row of ${row.chain} #${row.seq}`;
  },
  (random, db) => {
    const rows = rowsOf(db);
    const from = random.below(rows.length);
    db.prepare('DELETE FROM entries WHERE position >= ?').run(from);
    const andRecord = random.chance(0.5);
    if (andRecord) db.prepare('DELETE FROM batches WHERE first >= ?').run(from);
    if (andRecord && random.chance(0.5)) db.prepare('DELETE FROM idempotency WHERE position >= ?').run(from);
    return `deleted the rows from ${from} on${andRecord ? ', with their record' : ''}`;
  },
  (random, db) => {
    const row = random.pick(rowsOf(db));
    const note = Buffer.from(row.note);
    const at = random.below(note.length);
    note[at] = (note[at] ?? 0) ^ (1 << random.below(8));
    const isHidden = random.chance(0.7);
    const hash = isHidden ? leaf(note) : row.hash;
    db.prepare('UPDATE entries SET note = ?, hash = ? WHERE position = ?').run(note, hash, row.position);
    if (isHidden) recordHash(db, row.position, hash);
    return `changed byte ${at} of the note at ${row.position}${isHidden ? ', and its hashes' : ''}`;
  },
  (random, db) => {
    const [a, b] = [random.pick(rowsOf(db)), random.pick(rowsOf(db))];
    const put = db.prepare('UPDATE entries SET note = ?, hash = ? WHERE position = ?');
    put.run(b.note, b.hash, a.position);
    put.run(a.note, a.hash, b.position);
    return `swapped the notes of ${a.position} and ${b.position}`;
  },
  (random, db) => {
    const [to, from] = [random.pick(rowsOf(db)), random.pick(rowsOf(db))];
    const endOf = (note: Uint8Array): number => Buffer.from(note).lastIndexOf('\n\n') + 2;
    const note = Buffer.concat([to.note.subarray(0, endOf(to.note)), from.note.subarray(endOf(from.note))]);
    db.prepare('UPDATE entries SET note = ?, hash = ? WHERE position = ?').run(note, leaf(note), to.position);
    recordHash(db, to.position, leaf(note));
    return `gave ${to.position} the signature lines of ${from.position}`;
  },
  (random, db) => {
    const row = random.pick(rowsOf(db));
    const seq = random.pick([row.seq + 1, row.seq + 1000, -1, 2 ** 40]);
    db.prepare('UPDATE OR REPLACE entries SET seq = ? WHERE position = ?').run(seq, row.position);
    return `numbered ${row.position} #${seq}`;
  },
  (random, db) => {
    const row = random.pick(rowsOf(db));
    const chain = random.pick(['account:0', 'nobody', 'keys/root', 'registry:policy', '']);
    db.prepare('UPDATE OR REPLACE entries SET chain = ? WHERE position = ?').run(chain, row.position);
    return `put ${row.position} on chain "${chain}"`;
  },
  (random, db) => {
    const row = random.pick(rowsOf(db));
    const position = random.pick<number | bigint>([row.position + 1, -1, -7, 10 ** 9, 2n ** 63n - 1n, 2n ** 53n]);
    db.prepare('UPDATE OR REPLACE entries SET position = ? WHERE position = ?').run(position, row.position);
    return `moved ${row.position} to ${position}`;
  },
  (random, db) => {
    const row = random.pick(rowsOf(db));
    const position = random.pick([rowsOf(db).length, -1, 5000]);
    const [chain, seq] = [random.pick([row.chain, 'account:new']), random.pick([row.seq, row.seq + 1, 77])];
    db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)').run(position, chain, seq, row.note, row.hash);
    return `stored ${row.position} again at ${position}, as ${chain} #${seq}`;
  },
  (random, db) => {
    const hash = Buffer.from(random.pick(rowsOf(db)).hash);
    const row = random.pick(rowsOf(db));
    db.prepare('UPDATE entries SET hash = ? WHERE position = ?').run(hash, row.position);
    return `gave ${row.position} another hash`;
  },
  (random, db) => {
    const batches = db.prepare('SELECT first FROM batches').all();
    const first = Number(random.pick(batches)['first']);
    const what = random.below(5);
    const run = (sql: string): void => void db.prepare(sql).run(first);
    if (what === 0) run('DELETE FROM batches WHERE first = ?');
    if (what === 1) run(`UPDATE batches SET places = '[["a",0]]' WHERE first = ?`);
    if (what === 2) run(`UPDATE batches SET places = 'nonsense' WHERE first = ?`);
    if (what === 3) run(`UPDATE batches SET hashes = zeroblob(length(hashes)) WHERE first = ?`);
    if (what === 4) run(`UPDATE OR REPLACE batches SET first = first + 1 WHERE first = ?`);
    return `changed the record at ${first} (${what})`;
  },
  (random, db) => {
    const key = String(random.pick(db.prepare('SELECT key FROM idempotency').all())['key']);
    const what = random.below(4);
    const set = (position: number | bigint): unknown =>
      db.prepare('UPDATE idempotency SET position = ? WHERE key = ?').run(position, key);
    if (what === 0) db.prepare('DELETE FROM idempotency WHERE key = ?').run(key);
    if (what === 1) set(random.below(rowsOf(db).length));
    if (what === 2) set(random.pick<number | bigint>([-3, 10 ** 6, 2n ** 63n - 1n]));
    if (what === 3) db.prepare('INSERT INTO idempotency VALUES (?, ?)').run(`event/bank-feed/planted-${key}`, 1);
    return `changed the idempotency key ${key} (${what})`;
  },
  (random, db) => {
    const kind = random.pick(['document', 'document', 'policy', 'change', 'delegation#dan', 'change-nonce']);
    const rows = db.prepare('SELECT pk, sk, value FROM items WHERE pk = ?').all(`main#${kind}`);
    if (rows.length === 0) {
      db.prepare('INSERT INTO items VALUES (?, ?, 1, ?)').run(
        `main#${kind}`,
        'planted',
        '{"document":{"a":1},"change":"x"}',
      );
      return `planted an item main#${kind}`;
    }
    const { pk, sk, value } = random.pick(rows) as { pk: string; sk: string; value: string };
    const what = random.below(4);
    if (what === 0) db.prepare('DELETE FROM items WHERE pk = ? AND sk = ?').run(pk, sk);
    if (what === 1) db.prepare('UPDATE items SET version = version + 1 WHERE pk = ? AND sk = ?').run(pk, sk);
    if (what >= 2) {
      const at = random.below(value.length);
      const other = value.slice(0, at) + random.pick(['0', '1', '"', 'x', ' ', '{']) + value.slice(at + 1);
      db.prepare('UPDATE items SET value = ? WHERE pk = ? AND sk = ?').run(other, pk, sk);
    }
    return `changed the item ${pk} ${sk} (${what})`;
  },
  (random, db) => {
    const key = random.pick(['ledger', 'origin', 'incarnations']);
    const value = random.pick(['other', '', '[1]', '[3,', 'nervous.example/dev/other']);
    db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(key, value);
    return `set meta.${key} to "${value}"`;
  },
  (random, db) => {
    const sql = random.pick([
      'CREATE TRIGGER planted AFTER INSERT ON entries BEGIN DELETE FROM entries WHERE position = new.position; END',
      'CREATE TABLE planted (x)',
      'DROP INDEX entry_place',
      'PRAGMA user_version = 7',
      'CREATE VIEW planted AS SELECT 1',
      'DROP TABLE idempotency',
    ]);
    db.exec(sql);
    return sql;
  },
];

interface ItemRow {
  readonly pk: string;
  readonly sk: string;
  readonly value: string;
}

const secretsOf = (db: DatabaseSync): ItemRow[] =>
  db
    .prepare(`SELECT pk, sk, value FROM items WHERE pk LIKE 'main#sensitive#%' OR pk = 'main#data-key' ORDER BY pk, sk`)
    .all() as unknown as ItemRow[];

const plant = (db: DatabaseSync, { pk, sk, value }: ItemRow): void =>
  void db.prepare('INSERT OR REPLACE INTO items VALUES (?, ?, 1, ?)').run(pk, sk, value);

const FIELD_TAMPERINGS: readonly RowTampering[] = [
  (random, db) => {
    const { pk, sk } = random.pick(secretsOf(db));
    db.prepare('DELETE FROM items WHERE pk = ? AND sk = ?').run(pk, sk);
    return `deleted ${pk} ${sk}`;
  },
  (random, db) => {
    const [one, other] = [random.pick(secretsOf(db)), random.pick(secretsOf(db))];
    plant(db, { ...one, value: other.value });
    plant(db, { ...other, value: one.value });
    return `swapped ${one.pk} ${one.sk} and ${other.pk} ${other.sk}`;
  },
  (random, db) => {
    const one = random.pick(secretsOf(db));
    const at = random.below(one.value.length);
    const value = one.value.slice(0, at) + random.pick(['A', '0', '"', '=', '{', ' ', '']) + one.value.slice(at + 1);
    plant(db, { ...one, value });
    return `changed character ${at} of ${one.pk} ${one.sk}`;
  },
  (random, db) => {
    const one = random.pick(secretsOf(db));
    const value = random.pick(['{}', '[]', 'null', '7', '{"salt":"","box":""}', '{"wrapped":1}', '{"a":1,"a":1}', '']);
    plant(db, { ...one, value });
    return `gave ${one.pk} ${one.sk} the value ${value}`;
  },
  (random, db) => {
    const { value } = random.pick(secretsOf(db));
    const entity = random.pick(['account:1', 'account:2', 'nobody', 'account:0', '']);
    const sk = random.pick([
      ...['0000000000000000/payload/ip', '0000000000000001/payload/ip', '0000000000000007/payload/ip'],
      ...['0000000000000000/payload', '9999999999999999/x', 'x', '12/payload/ip'],
    ]);
    plant(db, { pk: `main#sensitive#${entity}`, sk, value });
    return `planted ${entity} ${sk}`;
  },
  (random, db) => {
    const value = random.pick(['0', '1', '2', '100', 'x', '-1', '1.5', '']);
    db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run('restored-without-fields', value);
    const { pk, sk } = random.pick(secretsOf(db));
    db.prepare('DELETE FROM items WHERE pk = ? AND sk = ?').run(pk, sk);
    return `restored without fields up to "${value}", and deleted ${pk} ${sk}`;
  },
];

function recordHash(db: DatabaseSync, position: number, hash: Uint8Array): void {
  const batch = db.prepare('SELECT * FROM batches WHERE first <= ? ORDER BY first DESC LIMIT 1').get(position);
  if (batch === undefined) return;
  const hashes = Buffer.from(batch['hashes'] as Uint8Array);
  Buffer.from(hash).copy(hashes, (position - Number(batch['first'])) * 32);
  db.prepare('UPDATE batches SET hashes = ? WHERE first = ?').run(hashes, batch['first'] as number);
}

/** Paths of regular files, sorted. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
