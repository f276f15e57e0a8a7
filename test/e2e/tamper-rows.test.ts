/** Rows and tables that no engine ever wrote: named by verification, refused by the engine, taken for nothing by anybody. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeafHash } from '../../core/brands/index.ts';
import { startEngine, verifyDataDir } from '../../adapters/embedded/index.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { NervousError } from '../../core/errors/index.ts';
import type { VerificationReport } from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';
import {
  changeDocument,
  copyOf,
  newDir,
  removeDirs,
  round,
  rowsOf,
  withDb,
  withEngine,
  type Row,
} from './tamper-fixture.ts';
import { checked } from '../support/checked.ts';

const original = newDir();
let rows: Row[] = [];

beforeAll(async () => {
  await withEngine(original, async (engine) => {
    await round(engine, '100.00');
    await changeDocument(engine, 'account:1', '10.00');
    await round(engine, '200.00');
  });
  rows = rowsOf(original);
});
afterAll(removeDirs);

const HUGE = '9223372036854775807';

/** Somebody with a SQLite shell: constraints do not keep them from anything. */
function changed(sql: string): string {
  const dir = copyOf(original);
  withDb(dir, (db) => db.exec(`PRAGMA ignore_check_constraints = ON; ${sql}`));
  return dir;
}

const verify = (dir: string): Promise<VerificationReport> => verifyDataDir(dir);
const start = (dir: string): Promise<string> =>
  startEngine({ config, dataDir: dir, http: false }).then(
    async (engine) => {
      await engine.close();
      return 'started';
    },
    (error: unknown) => (error instanceof NervousError ? `${error.code}: ${error.message}` : String(error)),
  );

describe('rows outside the log', () => {
  const copyTo = (position: string, seq: number): string =>
    `INSERT INTO entries SELECT ${position}, chain, ${seq}, note, hash FROM entries WHERE chain = 'account:1' AND seq = 0`;

  it.each([
    ['before its beginning', '-7', 31, 'LINK_BROKEN'],
    ['far behind its end', '1000000000000', 31, 'LINK_BROKEN'],
    ['right behind its end', '(SELECT max(position) + 1 FROM entries)', 31, 'LINK_BROKEN'],
    ['beyond what can be counted', HUGE, 31, 'UNREADABLE'],
    ['at 2^53 - 1', '9007199254740991', 31, 'UNREADABLE'],
  ])('V6: names an entry %s, and the engine does not work on it', async (_, position, seq, verdict) => {
    const dir = changed(copyTo(position, seq));
    expect((await verify(dir)).firstBad).toMatchObject({ verdict, entity: 'account:1', seq });
    expect(await start(dir)).toMatch(/^DATA_TAMPERED: "account:1" #31/);
  });

  it('V6: a store that is open takes such a row for nobody’s head', async () => {
    const dir = copyOf(original);
    const db = openForWriting(dir, config);
    const store = new SqliteStore(db);
    const head = await store.head('account:1');
    db.exec(`PRAGMA ignore_check_constraints = ON; ${copyTo('-7', 31)}; ${copyTo('1000000000000', 32)}`);
    expect(await store.head('account:1')).toEqual(head);
    expect((await store.read('account:1', 0, 100)).map(({ seq }) => seq)).not.toContain(31);
    expect((await store.readLog(0, 1_000)).at(-1)?.position).toBe(rows.length - 1);
    const note = Buffer.of(1);
    const again = { chain: 'account:1', seq: 32, idemKey: undefined, note, hash: checked<LeafHash>(Buffer.alloc(32)) };
    await expect(store.commit([{ entries: [again], writes: [] }])).rejects.toMatchObject({ code: 'DATA_TAMPERED' });
    store.close();
  });

  it.each(['-5', HUGE])('V6: names a commit-order record that begins at %s', async (first) => {
    const dir = changed(`UPDATE batches SET first = ${first} WHERE first = (SELECT max(first) FROM batches)`);
    const { verdict, firstBad } = await verify(dir);
    expect(['UNREADABLE', 'LINK_BROKEN']).toContain(verdict);
    expect(firstBad?.detail).toMatch(/outside the log|commit-order record|never committed/);
    expect(await start(dir)).toMatch(/^DATA_TAMPERED/);
  });
});

describe('numbers that cannot be counted', () => {
  it.each([
    ['entries', `UPDATE entries SET position = ${HUGE} WHERE position = 3`],
    ['entries', `UPDATE entries SET seq = 9007199254740991 WHERE position = 3`],
    ['entries', `UPDATE entries SET seq = ${HUGE} WHERE position = 3`],
    ['idempotency', `UPDATE idempotency SET position = ${HUGE} WHERE key = (SELECT min(key) FROM idempotency)`],
    ['idempotency', `UPDATE idempotency SET position = -1 WHERE key = (SELECT min(key) FROM idempotency)`],
    ['batches', `UPDATE batches SET first = ${HUGE} WHERE first = 0`],
    ['batches', `UPDATE batches SET first = 9007199254740000 WHERE first = (SELECT max(first) FROM batches)`],
    [
      'batches',
      `UPDATE batches SET first = 8007199254740000 WHERE first = (SELECT max(first) FROM batches);
       UPDATE entries SET position = 9007199254740000 WHERE position = 4`,
    ],
    ['items', `UPDATE items SET version = ${HUGE} WHERE pk = 'main#document'`],
    ['items', `UPDATE items SET version = 9007199254740993 WHERE pk = 'main#document'`],
  ])('V7: verification of %s ends with a verdict: %s', async (table, sql) => {
    const report = await verify(changed(sql));
    expect(report.verdict).not.toBe('OK');
    if (table === 'items') expect(report.firstBad).toMatchObject({ entity: 'account:1' });
    else expect(report.firstBad?.entity).toBeDefined();
    const entity = await verifyDataDir(changed(sql), { entity: 'account:1' });
    expect(entity.checked).toBeDefined();
    const state = await verifyDataDir(changed(sql), { scope: { mode: 'state' } });
    expect(state.checked).toBeDefined();
  });
});

describe('tables', () => {
  const PLANTED = {
    trigger:
      'CREATE TRIGGER thief AFTER INSERT ON entries BEGIN DELETE FROM entries WHERE position = new.position; END',
    view: 'CREATE VIEW window AS SELECT * FROM entries',
    table: 'CREATE TABLE beside (a)',
    index: 'CREATE INDEX beside ON items (version)',
  };
  it.each(Object.entries(PLANTED))(
    'V6, V8: a planted %s is named by verification and refused at start',
    async (type, sql) => {
      const dir = changed(sql);
      const { verdict, firstBad } = await verify(dir);
      expect(verdict).toBe('UNREADABLE');
      expect(firstBad).toMatchObject({ entity: '(ledger.db)', detail: expect.stringContaining(type) as string });
      expect(await start(dir)).toMatch(/^DATA_TAMPERED: the tables/);
    },
  );

  it('V6: a changed table is named and refused', async () => {
    const dir = changed('ALTER TABLE items ADD COLUMN more TEXT');
    expect((await verify(dir)).firstBad?.detail).toContain('items');
    expect(await start(dir)).toMatch(/^DATA_TAMPERED: the tables/);
  });

  it('V8: acknowledges nothing that a trigger, planted while the engine runs, takes away again', async () => {
    const dir = copyOf(original);
    await withEngine(dir, async (engine) => {
      const feed = engine.system.policy.principal('bank-feed');
      if (feed === undefined) throw new Error('the sample roster has changed');
      withDb(dir, (db) => db.exec(PLANTED.trigger));
      const event = { topic: 'transactions.new', entityId: 'account:9', payload: { amount: '1.00', kind: 'credit' } };
      await expect(engine.system.publish(feed, [event])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      withDb(dir, (db) => db.exec('DROP TRIGGER thief'));
      const [result] = await engine.system.publish(feed, [event]);
      expect(result?.status).toBe('accepted');
    });
    expect((await verify(dir)).verdict).toBe('OK');
  });

  it.each([
    ['empty', Buffer.of()],
    ['no database', Buffer.from('this is not a database, but it is long enough to look at'.repeat(100))],
  ])('V8: a file that is %s is UNREADABLE, not an error', async (_, bytes) => {
    const dir = copyOf(original);
    writeFileSync(join(dir, 'ledger.db'), bytes);
    expect((await verify(dir)).firstBad).toMatchObject({ verdict: 'UNREADABLE', entity: '(ledger.db)' });
  });

  it('V8: the database of another program is UNREADABLE, not an error, and no engine fills it', async () => {
    const dir = newDir();
    const db = new DatabaseSync(join(dir, 'ledger.db'));
    db.exec('CREATE TABLE accounts (id)');
    db.close();
    cpSync(join(original, 'root.vkey'), join(dir, 'root.vkey'));
    expect((await verify(dir)).firstBad).toMatchObject({ verdict: 'UNREADABLE', entity: '(ledger.db)' });
    expect(() => openForWriting(dir, config)).toThrow('is no ledger of this program (store version 0)');
  });
});
