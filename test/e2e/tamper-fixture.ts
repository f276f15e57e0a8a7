/** A ledger with a published, anchored, witnessed log, and somebody who can change every file of it but has no key. */
import { hash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { openRootKey } from '../../adapters/embedded/keys/root-key.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { systemClock, systemIds } from '../../adapters/embedded/machine/system-clock.ts';
import {
  createAppender,
  growLog,
  sealRun,
  type EntryDraft,
  type ReadLogFile,
  type Sealer,
} from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';
import { eventually } from '../support/eventually.ts';

export interface Row {
  readonly position: number;
  readonly chain: string;
  readonly seq: number;
  readonly note: Uint8Array;
  readonly hash: Uint8Array;
}

const dirs: string[] = [];

export function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-tamper-'));
  dirs.push(dir);
  return dir;
}

export function copyOf(original: string): string {
  const dir = newDir();
  cpSync(original, dir, { recursive: true });
  return dir;
}

export function removeDirs(): void {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
}

/** Runs an engine on the folder, with checkpoints only when asked for, and stops it in good order. */
export async function withEngine(dataDir: string, work: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await startEngine({ config, dataDir, http: false, checkpointMs: 3_600_000 });
  try {
    await work(engine);
  } finally {
    await engine.close();
  }
}

/** One event on each account, then a checkpoint. */
export async function round(engine: Engine, amount: string, accounts: readonly number[] = [0, 1, 2]): Promise<void> {
  const feed = engine.system.policy.principal('bank-feed');
  if (feed === undefined) throw new Error('the sample roster has changed');
  for (const account of accounts) {
    const payload = { amount, kind: 'credit' };
    await engine.system.publish(feed, [{ topic: 'transactions.new', entityId: `account:${account}`, payload }]);
  }
  await engine.log.loop.flush();
}

/** A document by way of a proposal and an approval. */
export async function changeDocument(engine: Engine, entityId: string, limit: string): Promise<void> {
  const { changes, policy } = engine.system;
  const as = (id: string) => {
    const principal = policy.principal(id);
    if (principal === undefined) throw new Error(`the sample roster has no ${id}`);
    return principal;
  };
  const { change } = await changes.propose(as('budget-bot'), {
    ...{ entityId, title: 'Set the limit', rationale: 'To have a document' },
    operations: [{ type: 'state.put', payload: { currency: 'CZK', limit } }],
  });
  for (const person of ['boris']) {
    const { revision, contentHash, assessmentHash = '' } = change;
    const decision = {
      revision,
      contentHash,
      assessmentHash,
      decision: 'approve' as const,
      nonce: `nonce-of-${person}-${entityId.length}-0123456789`,
    };
    await changes.decide(as(person), change.id, decision);
  }
  await eventually(async () => expect((await changes.get(as('eva'), change.id)).state).toBe('executed'));
  await engine.log.loop.flush();
}

export function rowsOf(dir: string): Row[] {
  return withDb(dir, (db) => db.prepare('SELECT * FROM entries ORDER BY position').all() as unknown as Row[]);
}

export function withDb<T>(dir: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(dir, 'ledger.db'));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** What somebody records who has the keys of a stopped ledger, and keeps to no rule of a writer. */
export async function forge(
  dir: string,
  entries: readonly { readonly chain: string; readonly draft: EntryDraft }[],
): Promise<void> {
  const db = openForWriting(dir, config);
  const store = new SqliteStore(db);
  const rootSigner = openRootKey(dir, config.origin);
  const sealer: Sealer = { seal: async (runs, signer) => runs.map((run) => sealRun(run, run.run, signer)) };
  const { ledger, origin } = config;
  const appender = createAppender({ ledger, origin, store, sealer, rootSigner, clock: systemClock, ids: systemIds });
  for (const entry of entries) await appender.append({ entries: [entry] });
  await appender.drain();
  store.close();
}

/** Makes these the entries of the store, with positions and a commit-order record as if there had never been others. */
export function storeOnly(dir: string, rows: readonly Omit<Row, 'position'>[]): void {
  withDb(dir, (db) => {
    db.exec('DELETE FROM entries; DELETE FROM batches; DELETE FROM idempotency;');
    const put = db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?)');
    for (const [position, row] of rows.entries()) put.run(position, row.chain, row.seq, row.note, row.hash);
    const places = JSON.stringify(rows.map(({ chain, seq }) => [chain, seq]));
    const hashes = Buffer.concat(rows.map((row) => row.hash));
    db.prepare('INSERT INTO batches VALUES (0, ?, ?)').run(places, hashes);
  });
}

/** Writes tiles and bundles of these entries over the published ones: all but the checkpoint, which takes the key. */
export async function publishFiles(dir: string, rows: readonly Pick<Row, 'note' | 'hash'>[]): Promise<void> {
  const read: ReadLogFile = async () => undefined;
  for await (const { path, bytes } of growLog({ size: 0, entries: rows, read }))
    overwrite(join(dir, 'log', path), bytes);
}

/** Also what is read-only. */
export function overwrite(path: string, bytes: Uint8Array | string): void {
  try {
    chmodSync(path, 0o644);
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  writeFileSync(path, bytes);
}

export function anchorPath(dir: string, size: number): string {
  return join(dir, 'anchors', 'ckpt', String(size).padStart(20, '0'));
}

/** Leaf hash of RFC 6962. */
export function leaf(note: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.of(0), note]), 'buffer');
}

export function flipped(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, i) => (i === index ? byte ^ 1 : byte));
}

export function textIn(path: string): string {
  return readFileSync(path, 'utf8');
}
