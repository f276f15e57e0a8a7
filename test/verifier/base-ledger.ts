/** The ledgers that are tampered with: a small one that says much, and one of more than a tile. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { formatCheckpoint, growLog, merkleRoot, signNote, type ReadLogFile } from '../../core/ledger/index.ts';
import { signText } from '../../core/ledger/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import { defineConfig } from '../../core/system/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { config } from '../support/plain-config.ts';
import { storeOnly, withDb, overwrite } from '../e2e/tamper-fixture.ts';
import { filesIn } from './tampered-files.ts';
import type { Sealed, Thief } from './thief.ts';

/** Events that one request may publish. */
const PAGE = 100;

/** Events, a confidential field, a delegation and a vote lent by it, change-sets that were executed, rejected and withdrawn. */
export async function makeLedger(dataDir: string, events: number): Promise<void> {
  const engine = await startEngine({ config, dataDir, http: false, checkpointMs: 3_600_000 });
  try {
    const all = Array.from({ length: events }, (_, i) => ({
      ...{ eventId: `t${i}`, entityId: `account:${i % 3}`, topic: 'transactions.new' },
      payload: { amount: '1.00', kind: 'credit' as const },
    }));
    for (let i = 0; i < events; i += PAGE)
      await engine.system.publish(who(engine, 'bank-feed'), all.slice(i, i + PAGE));
    await engine.log.loop.flush();
    const login = { eventId: 'login', topic: 'user.login', payload: { method: 'sso', ip: '203.0.113.7' } };
    await engine.system.publish(who(engine, 'agent-layer'), [{ ...login, entityId: 'person:ana' }]);
    await decided(engine, { entityId: 'account:1', limit: '700.00', by: 'budget-bot' }, [['boris', 'approve']]);
    await decided(engine, { entityId: 'account:0', limit: '800.00', by: 'budget-bot' }, [['boris', 'reject']]);
    await engine.log.loop.flush();
    await engine.system.governing.delegate(who(engine, 'boris'), {
      ...{ to: 'clara', roles: ['owner'], reason: 'on leave' },
      until: new Date(Date.now() + 86_400_000).toISOString(),
    });
    await decided(engine, { entityId: 'account:2', limit: '900.00', by: 'budget-bot' }, [
      ['clara', 'approve', 'boris'],
    ]);
    const { change } = await engine.system.changes.propose(who(engine, 'budget-bot'), proposal('account:2', '1.00'));
    await engine.system.changes.withdraw(who(engine, 'budget-bot'), change.id, {});
    await engine.log.loop.flush();
  } finally {
    await engine.close();
  }
}

/** Confidential fields of two entities, of which an approved change-set destroyed some. */
export async function makeConfidentialLedger(dataDir: string): Promise<void> {
  const erasing = { level: 'L3' as const, roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 0 };
  const rules = [{ name: 'erasing', when: { reversible: [false] }, ...erasing }];
  const erasable = defineConfig({ ...config, risk: { ...config.risk, rules } });
  const engine = await startEngine({ config: erasable, dataDir, http: false, checkpointMs: 3_600_000 });
  try {
    const logins = ['account:1', 'account:1', 'account:2'].map((entityId, i) => ({
      ...{ eventId: `login-${i}`, topic: 'user.login', entityId },
      payload: { method: 'sso', ip: `203.0.113.${i}` },
    }));
    await engine.system.publish(who(engine, 'agent-layer'), logins);
    const payload = { seq: 0, fields: ['/payload/ip'], basis: 'GDPR article 17' };
    const asked = { entityId: 'account:1', title: 'Erase', rationale: 'Asked for' };
    const { change } = await engine.system.changes.propose(who(engine, 'eva'), {
      ...{ ...asked, operations: [{ type: 'field.erase', payload }] },
    });
    await decide(engine, change, [
      ['ana', 'approve'],
      ['dan', 'approve'],
    ]);
    while ((await engine.system.changes.get(who(engine, 'eva'), change.id)).state !== 'executed') await sleep(5);
    await engine.log.loop.flush();
  } finally {
    await engine.close();
  }
}

interface LedgerOptions {
  readonly entityId: string;
  readonly limit: string;
  readonly by: string;
}

type Vote = readonly [account: string, decision: 'approve' | 'reject', onBehalfOf?: string];

async function decided(engine: Engine, { entityId, limit, by }: LedgerOptions, votes: readonly Vote[]): Promise<void> {
  const { changes } = engine.system;
  const { change } = await changes.propose(who(engine, by), proposal(entityId, limit));
  await decide(engine, change, votes);
  const ends = votes.some(([, decision]) => decision === 'reject') ? 'rejected' : 'executed';
  while ((await changes.get(who(engine, 'eva'), change.id)).state !== ends) await sleep(5);
}

async function decide(engine: Engine, change: ChangeView, votes: readonly Vote[]): Promise<void> {
  const { id, revision, contentHash, assessmentHash = '' } = change;
  for (const [account, decision, onBehalfOf] of votes)
    await engine.system.changes.decide(who(engine, account), id, {
      ...{ revision, contentHash, assessmentHash, decision, reason: 'because' },
      nonce: `nonce-of-${account}-${id}`,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    });
}

function proposal(entityId: string, limit: string) {
  return {
    ...{ entityId, title: 'Set the limit', rationale: 'Income is regular' },
    operations: [{ type: 'state.put', payload: { limit } }],
  };
}

function who(engine: Engine, id: string): Principal {
  const found = engine.system.policy.principal(id);
  if (found === undefined) throw new Error(`"${id}" is not in the sample roster`);
  return found;
}

/** Puts entries that were sealed anew into a copy of the data folder, with all that is published of them. */
export async function storeForged(dir: string, sealed: readonly Sealed[], thief: Thief): Promise<void> {
  const keys = withDb(dir, (db) =>
    db.prepare('SELECT key, chain, seq FROM idempotency JOIN entries USING (position)').all(),
  );
  storeOnly(dir, sealed);
  withDb(dir, (db) => {
    const put = db.prepare(
      'INSERT OR IGNORE INTO idempotency SELECT ?, position FROM entries WHERE chain = ? AND seq = ?',
    );
    for (const { key, chain, seq } of keys) put.run(key ?? '', chain ?? '', seq ?? 0);
  });
  for (const folder of ['log', 'anchors', 'witness']) rmSync(join(dir, folder), { recursive: true, force: true });
  await publishForged(dir, sealed, thief);
}

/** Puts them into a copy of an export. */
export async function exportForged(folder: string, sealed: readonly Sealed[], thief: Thief): Promise<void> {
  for (const name of ['log', 'anchors']) rmSync(join(folder, name), { recursive: true, force: true });
  await publishForged(folder, sealed, thief);
  const manifest = JSON.parse(readFileSync(join(folder, 'export.json'), 'utf8')) as Record<string, unknown>;
  const files = filesIn(folder).filter((path) => path !== 'export.json' && path !== 'SHA256SUMS');
  const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const sums = files.map((path) => `${sum(readFileSync(join(folder, path)))}  ${path}\n`).join('');
  overwrite(join(folder, 'SHA256SUMS'), sums);
  const said = {
    ...manifest,
    size: sealed.length,
    root: Buffer.from(merkleRoot(sealed.map(({ hash }) => hash))).toString('base64'),
    files: files.length,
    bytes: files.reduce((all, path) => all + readFileSync(join(folder, path)).length, 0),
    sums: sum(Buffer.from(sums)),
  };
  overwrite(join(folder, 'export.json'), `${JSON.stringify(said, undefined, 2)}\n`);
}

async function publishForged(folder: string, sealed: readonly Sealed[], { origin, root }: Thief): Promise<void> {
  const read: ReadLogFile = async () => undefined;
  for await (const { path, bytes } of growLog({ size: 0, entries: sealed, read }))
    put(join(folder, 'log', path), bytes);
  const tree = merkleRoot(sealed.map(({ hash }) => hash));
  const text = formatCheckpoint({ origin, size: sealed.length, root: tree });
  const note = await signNote(text, [
    { name: origin, publicKey: root.publicKey, sign: (bytes) => signText(root, bytes) },
  ]);
  put(join(folder, 'log', 'checkpoint'), note);
  put(join(folder, 'anchors', 'ckpt', String(sealed.length).padStart(20, '0')), note);
}

function put(path: string, bytes: Uint8Array): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, bytes);
}

export function copyTo(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}
