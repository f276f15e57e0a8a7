/** Somebody with write access to the file of a stopped engine: every change is named with verdict, entity and seq. */
import { hash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, verifyDataDir } from '../../adapters/embedded/index.ts';
import { VERDICTS, type VerificationReport } from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';

interface Row {
  readonly position: number;
  readonly chain: string;
  readonly seq: number;
  readonly note: Uint8Array;
  readonly hash: Uint8Array;
}

const dirs: string[] = [];
const newDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-tamper-'));
  dirs.push(dir);
  return dir;
};
const original = newDir();
let rows: Row[] = [];
const at = (chain: string, seq: number): Row => {
  const row = rows.find((one) => one.chain === chain && one.seq === seq);
  if (row === undefined) throw new Error(`no entry ${chain} #${seq}`);
  return row;
};

beforeAll(async () => {
  const engine = await startEngine({ config, dataDir: original, http: false });
  const feed = engine.system.policy.principal('bank-feed');
  const bot = engine.system.policy.principal('budget-bot');
  if (feed === undefined || bot === undefined) throw new Error('the sample roster has changed');
  for (let i = 0; i < 12; i++) {
    const payload = { amount: `${100 + i}.00`, kind: 'credit' };
    await engine.system.publish(feed, [
      { eventId: `t${i}`, topic: 'transactions.new', entityId: `account:${i % 3}`, payload },
    ]);
  }
  await engine.system.changes.propose(bot, {
    entityId: 'account:0',
    title: 'Set the limit',
    rationale: 'To have an entry of a change-set',
    operations: [{ type: 'state.put', payload: { limit: '100.00' } }],
  });
  await engine.close();
  const db = new DatabaseSync(join(original, 'ledger.db'));
  rows = db.prepare('SELECT * FROM entries ORDER BY position').all() as unknown as Row[];
  db.close();
});

afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** Changes a copy of the ledger with SQL and verifies it. */
async function tampered(change: (db: DatabaseSync) => void, signatures = true): Promise<VerificationReport> {
  const dir = newDir();
  cpSync(original, dir, { recursive: true });
  const db = new DatabaseSync(join(dir, 'ledger.db'));
  change(db);
  db.close();
  return verifyDataDir(dir, { signatures });
}

function expectFinding(report: VerificationReport, verdict: string, place: { chain: string; seq: number }): void {
  expect(report.verdict).toBe(verdict);
  expect(report.firstBad).toMatchObject({ verdict, entity: place.chain, seq: place.seq });
}

/** Writes other bytes and makes hash and commit-order record fit them: all an attacker without keys can do. */
function rewrite(db: DatabaseSync, row: Row, note: Uint8Array): void {
  const newHash = hash('sha256', Buffer.concat([Buffer.of(0), note]), 'buffer');
  db.prepare('UPDATE entries SET note = ?, hash = ? WHERE position = ?').run(note, newHash, row.position);
  const batch = db
    .prepare('SELECT first, hashes FROM batches WHERE first <= ? ORDER BY first DESC LIMIT 1')
    .get(row.position);
  const hashes = Buffer.from(batch?.['hashes'] as Uint8Array);
  newHash.copy(hashes, (row.position - Number(batch?.['first'])) * 32);
  db.prepare('UPDATE batches SET hashes = ? WHERE first = ?').run(hashes, batch?.['first'] as number);
}

const flipped = (note: Uint8Array, index: number): Uint8Array => note.map((byte, i) => (i === index ? byte ^ 1 : byte));

describe('a stopped ledger', () => {
  it('verifies when nobody touched it, and says what it did not check', async () => {
    const report = await verifyDataDir(original);
    expect(report).toMatchObject({ verdict: 'OK', entries: rows.length });
    expect(report.firstBad).toBeUndefined();
    expect(report.notChecked.length).toBeGreaterThan(0);
  });

  it('names the entry for every byte of it that changed', async () => {
    const row = at('account:1', 1);
    const dir = newDir();
    cpSync(original, dir, { recursive: true });
    const db = new DatabaseSync(join(dir, 'ledger.db'));
    const put = db.prepare('UPDATE entries SET note = ? WHERE position = ?');
    for (let i = 0; i < row.note.length; i++) {
      put.run(flipped(row.note, i), row.position);
      expectFinding(await verifyDataDir(dir, { signatures: false }), 'CONTENT_MISMATCH', row);
    }
    db.close();
  });

  it('names the entry for every byte changed even when all hashes were made to fit', async () => {
    const row = at('account:2', 3); // the head of its chain: no later entry contradicts it
    const dir = newDir();
    cpSync(original, dir, { recursive: true });
    const db = new DatabaseSync(join(dir, 'ledger.db'));
    const verdicts = new Set<string>();
    for (let i = 0; i < row.note.length; i += 3) {
      rewrite(db, row, flipped(row.note, i));
      const report = await verifyDataDir(dir);
      expect(report.firstBad, `byte ${i}`).toMatchObject({ entity: row.chain, seq: row.seq });
      verdicts.add(report.verdict);
    }
    db.close();
    expect([...verdicts].sort()).toEqual(['KEY_UNKNOWN', 'LINK_BROKEN', 'SIGNATURE_INVALID', 'UNREADABLE']);
  });

  it.each([
    ['first', 0],
    ['middle', 1],
    ['last', 3],
  ])('names a deleted %s entry of a chain', async (_, seq) => {
    const row = at('account:2', seq);
    const report = await tampered((db) => db.prepare('DELETE FROM entries WHERE position = ?').run(row.position));
    expectFinding(report, 'MISSING_ENTRY', row);
  });

  it('names the first entry of a deleted entity', async () => {
    const report = await tampered((db) => db.exec("DELETE FROM entries WHERE chain = 'account:1'"));
    expectFinding(report, 'MISSING_ENTRY', at('account:1', 0));
  });

  it('names a deleted tail even when the commit-order record was deleted with it', async () => {
    const last = rows.filter(({ chain }) => chain === 'account:2').at(-1) as Row;
    const report = await tampered((db) => {
      db.prepare('DELETE FROM entries WHERE position >= ?').run(last.position);
      db.prepare('DELETE FROM batches WHERE first >= ?').run(last.position);
    });
    expect(report.verdict).toBe('MISSING_ENTRY');
    expect(report.firstBad?.position).toBe(last.position);
  });

  it('names the first of two swapped entries', async () => {
    const [a, b] = [at('account:1', 1), at('account:1', 2)];
    const report = await tampered((db) => {
      const put = db.prepare('UPDATE entries SET note = ?, hash = ? WHERE position = ?');
      put.run(b.note, b.hash, a.position);
      put.run(a.note, a.hash, b.position);
    });
    expectFinding(report, 'LINK_BROKEN', a);
  });

  it('names an entry copied over one of another chain', async () => {
    const [from, to] = [at('account:0', 1), at('account:1', 1)];
    const report = await tampered((db) => {
      db.prepare('UPDATE entries SET note = ?, hash = ? WHERE position = ?').run(from.note, from.hash, to.position);
    });
    expectFinding(report, 'LINK_BROKEN', to);
  });

  it('names an entry appended as a copy to another chain', async () => {
    const from = at('account:0', 1);
    const report = await tampered((db) => {
      db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?)').run(rows.length, 'account:1', 4, from.note, from.hash);
    });
    expectFinding(report, 'LINK_BROKEN', { chain: 'account:1', seq: 4 });
  });

  it('names an entry whose session key was never certified', async () => {
    const certificate = rows.find(({ chain }) => chain.startsWith('keys/')) as Row;
    const report = await tampered((db) => {
      const at = certificate.note.length - 10; // a base64 digit of the root signature, replaced by another one
      const other = certificate.note[at] === 0x41 ? 0x42 : 0x41;
      rewrite(
        db,
        certificate,
        certificate.note.map((byte, i) => (i === at ? other : byte)),
      );
    });
    expectFinding(report, 'SIGNATURE_INVALID', certificate);
  });

  it('finds a document that was changed past the ledger', async () => {
    const report = await tampered((db) => {
      db.prepare('INSERT INTO items VALUES (?, ?, 1, ?)').run(
        'main#document',
        'account:2',
        JSON.stringify({ document: { limit: '9.00' }, change: 'x' }),
      );
    });
    expect(report.verdict).toBe('DRIFT');
    expect(report.firstBad?.entity).toBe('account:2');
  });

  it('answers for a damaged commit-order record instead of failing', async () => {
    const report = await tampered((db) =>
      db.exec("UPDATE batches SET places = 'not json' WHERE first = (SELECT min(first) FROM batches)"),
    );
    expect(report.verdict).toBe('LINK_BROKEN');
  });

  it('answers with a verdict, never an exception, whatever byte of a page of the file is changed', async () => {
    const dir = newDir();
    cpSync(original, dir, { recursive: true });
    const path = join(dir, 'ledger.db');
    const sound = readFileSync(path);
    const start = sound.lastIndexOf(Buffer.from(at('account:1', 1).note)); // earlier ones are left-overs of page splits
    expect(start).toBeGreaterThan(0);
    const page = start - (start % 4096);
    const seen = new Set<string>();
    for (let offset = page; offset < page + 4096; offset += offset < page + 64 ? 1 : 13) {
      writeFileSync(
        path,
        sound.map((byte, i) => (i === offset ? byte ^ 0x41 : byte)),
      );
      const { verdict } = await verifyDataDir(dir, { signatures: false });
      expect(VERDICTS, `byte ${offset}`).toContain(verdict); // OK: bytes of a page that hold nothing (any more)
      seen.add(verdict);
    }
    expect([...seen]).toEqual(expect.arrayContaining(['CONTENT_MISMATCH', 'UNREADABLE']));
  });
});
