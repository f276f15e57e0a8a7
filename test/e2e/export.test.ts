/** A ledger leaves its folder and comes back: exported, verified offline, tampered with, restored, and gone on with after a loss. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  exportDataDir,
  listKeys,
  restoreExport,
  startEngine,
  verifyDataDir,
  verifyExport,
  type Engine,
} from '../../adapters/embedded/index.ts';
import { decodeBundle, encodeBundle, fsckLog, parseEntry } from '../../core/ledger/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { config } from '../../nervous.config.ts';

const dirs: string[] = [];
const newPlace = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-export-'));
  dirs.push(dir);
  return join(dir, 'x');
};
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

const original = newPlace();
const exported = newPlace();
const withSecrets = newPlace();
const EMPTY_ANCHOR = `anchors/ckpt/${'0'.repeat(20)}`;
let vkey = '';
/** a certificate, 601 events, the policy, 8 steps of a change-set, 5 events that announce them */
const SIZE = 616;

const who = (engine: Engine, id: string): Principal => {
  const found = engine.system.policy.principal(id);
  if (found === undefined) throw new Error(`"${id}" is not in the sample roster`);
  return found;
};
const transaction = (eventId: string, entityId = 'account:1'): object => ({
  ...{ eventId, entityId, topic: 'transactions.new' },
  payload: { amount: '1.00', kind: 'credit' },
});
const containing = (text: string): unknown => expect.stringContaining(text);
const LIMIT = {
  ...{ entityId: 'account:1', title: 'Set the limit', rationale: 'Income is regular' },
  operations: [{ type: 'state.put', payload: { limit: '700.00' } }],
};
const NONCE = 'nonce-of-boris-0001';
const noHttp = (dataDir: string): Promise<Engine> => startEngine({ config, dataDir, http: false });

/** Events on some accounts, one confidential field, a change-set that was executed. */
async function live(engine: Engine): Promise<void> {
  const feed = who(engine, 'bank-feed');
  for (let i = 0; i < 6; i++)
    await engine.system.publish(
      feed,
      Array.from({ length: 100 }, (_, j) => transaction(`t${i}-${j}`, `account:${j % 7}`)),
    );
  const login = { eventId: 'login', topic: 'user.login', payload: { method: 'sso', ip: '203.0.113.7' } };
  await engine.system.publish(who(engine, 'agent-layer'), [{ ...login, entityId: 'person:ana' }]);
  const { change } = await engine.system.changes.propose(who(engine, 'budget-bot'), LIMIT, 'once');
  const { revision, contentHash, assessmentHash } = change;
  const vote = { revision, contentHash, assessmentHash, decision: 'approve', nonce: NONCE };
  await engine.system.changes.decide(who(engine, 'boris'), change.id, vote);
  while ((await engine.system.changes.get(who(engine, 'eva'), change.id)).state !== 'executed') await sleep(5);
  await engine.log.loop.flush();
}

beforeAll(async () => {
  const engine = await noHttp(original);
  await live(engine);
  await exportDataDir({ dataDir: original, out: exported }); // while it runs
  await engine.close();
  await exportDataDir({ dataDir: original, out: withSecrets, withSensitive: true });
  vkey = readFileSync(join(original, 'root.vkey'), 'utf8').trim();
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const bytesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(filesIn(folder).map((path) => [path, readFileSync(join(folder, path)).toString('base64')]));

describe('an export', () => {
  it('is verified offline with nothing but the key, and is a C2SP log of its own', async () => {
    const report = await verifyExport(exported, { verifierKeys: [vkey] });
    expect(report).toMatchObject({ verdict: 'OK', entries: SIZE });
    expect(report.against?.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['published', 'anchor']));
    expect(report.checked).toContain('signatures up to the root key');
    const log = join(exported, 'log');
    const read = async (path: string): Promise<Uint8Array | undefined> =>
      existsSync(join(log, path)) ? readFileSync(join(log, path)) : undefined;
    expect(await fsckLog({ read, verifierKeys: [vkey] })).toMatchObject({ verdict: 'OK', size: SIZE });
  });

  it('says how far it is, and so does what is restored of it', async () => {
    const copied: number[] = [];
    const onCopied = ({ entries, of }: { entries: number; of: number }) => copied.push(entries, of);
    await exportDataDir({ dataDir: original, out: newPlace(), onProgress: onCopied });
    expect([copied[0], Math.max(...copied), ...copied.slice(-2)]).toEqual([256, SIZE, SIZE, SIZE]);
    const stages: string[] = [];
    await restoreExport({
      ...{ from: exported, dataDir: newPlace(), verifierKeys: [vkey] },
      onProgress: (now) => stages.push(now.stage === 'restoring' ? `${now.entries} of ${now.of}` : now.stage),
    });
    expect([stages[0], ...stages.slice(-2)]).toEqual([
      ...['verifying the export', `${SIZE} of ${SIZE}`, 'verifying the folder'],
    ]);
  });

  it('has no private key and, unless asked for, nothing confidential', () => {
    const all = filesIn(exported);
    expect(all).not.toContain('sensitive.jsonl');
    expect(filesIn(withSecrets)).toContain('sensitive.jsonl');
    for (const [folder, path] of [
      ...all.map((one) => [exported, one]),
      ...filesIn(withSecrets).map((one) => [withSecrets, one]),
    ]) {
      const text = readFileSync(join(folder ?? '', path ?? '')).toString('latin1');
      expect(text).not.toContain('PRIVATE KEY');
      expect(text).not.toContain('203.0.113.7');
    }
  });

  it('lists the sum of every file for sha256sum', () => {
    const lines = readFileSync(join(exported, 'SHA256SUMS'), 'utf8').trim().split('\n');
    for (const line of lines)
      expect(
        createHash('sha256')
          .update(readFileSync(join(exported, line.slice(66))))
          .digest('hex'),
      ).toBe(line.slice(0, 64));
    expect(lines.map((line) => line.slice(66)).sort()).toEqual(
      filesIn(exported).filter((path) => path !== 'SHA256SUMS' && path !== 'export.json'),
    );
  });

  it('never overwrites, and says so', async () => {
    const again = exportDataDir({ dataDir: original, out: exported });
    await expect(again).rejects.toMatchObject({ code: 'EXPORT_TARGET_EXISTS' });
  });

  it('publishes what a killed engine did not come to publish', async () => {
    const [dataDir, out] = [newPlace(), newPlace()];
    cpSync(original, dataDir, { recursive: true });
    rmSync(join(dataDir, 'log'), { recursive: true });
    rmSync(join(dataDir, 'anchors'), { recursive: true });
    expect(await exportDataDir({ dataDir, out })).toMatchObject({ size: SIZE });
    expect((await verifyExport(out, { verifierKeys: [vkey] })).verdict).toBe('OK');
  });

  it('is refused where the ledger shrank behind what was published', async () => {
    const [dataDir, out] = [newPlace(), newPlace()];
    cpSync(original, dataDir, { recursive: true });
    const db = new DatabaseSync(join(dataDir, 'ledger.db'));
    db.exec('DELETE FROM entries WHERE position >= 600; DELETE FROM batches WHERE first >= 600');
    db.close();
    await expect(exportDataDir({ dataDir, out })).rejects.toMatchObject({ code: 'EXPORT_NOT_POSSIBLE' });
    expect(existsSync(out)).toBe(false);
  });
});

describe('a tampered export', () => {
  const tampered = (
    change: (folder: string) => void,
    options: { signatures?: boolean; keys?: readonly string[] } = {},
  ) => {
    const folder = newPlace();
    cpSync(exported, folder, { recursive: true });
    change(folder);
    const { signatures = true, keys = [vkey] } = options;
    return verifyExport(folder, { verifierKeys: keys, signatures });
  };
  const rewrite = (path: string, change: (bytes: Buffer) => Buffer) => (folder: string) =>
    writeFileSync(join(folder, path), change(readFileSync(join(folder, path))), { flag: 'w' });
  const flip = (at: number) => (bytes: Buffer) => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  const BUNDLE = 'log/tile/entries/001';

  it('is named by entry, whichever byte of a bundle was changed', async () => {
    const bytes = readFileSync(join(exported, BUNDLE));
    const { entries, ends } = decodeBundle(bytes);
    for (let at = 2; at < bytes.length; at += 9_973) {
      const index = ends.findIndex((end) => at < end);
      const isLength = at < (ends[index] ?? 0) - (entries[index]?.length ?? 0);
      const report = await tampered(rewrite(BUNDLE, flip(at)), { signatures: false });
      if (isLength) {
        expect(report.verdict).not.toBe('OK');
        continue;
      }
      expect(report.firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', position: 256 + index });
      const parsed = parseEntry(entries[index] as Uint8Array);
      expect(parsed.kind === 'entry' && [parsed.body.seq, report.firstBad?.seq].length).toBe(2);
    }
  });

  it('is found when the hash tile was made to fit', async () => {
    const forge = (folder: string): void => {
      const held = decodeBundle(readFileSync(join(folder, BUNDLE)));
      const notes = held.entries.map((note) => Buffer.from(note));
      const victim = notes[10] as Buffer;
      victim.write('9', victim.indexOf('"amount":"1.00"') + 10);
      writeFileSync(join(folder, BUNDLE), encodeBundle(notes));
      const hash = createHash('sha256')
        .update(Buffer.concat([Buffer.of(0), victim]))
        .digest();
      rewrite('log/tile/0/001', (tile) => {
        hash.copy(tile, 10 * 32);
        return tile;
      })(folder);
    };
    expect((await tampered(forge)).firstBad).toMatchObject({ verdict: 'SIGNATURE_INVALID', position: 266 });
    expect((await tampered(forge, { signatures: false })).firstBad?.verdict).toBe('LINK_BROKEN');
  });

  it.each<[string, (folder: string) => void, object]>([
    ['a bundle is missing', (folder) => rmSync(join(folder, BUNDLE)), { verdict: 'MISSING_ENTRY', position: 256 }],
    [
      'a hash tile is missing',
      (folder) => rmSync(join(folder, 'log/tile/0/001')),
      { verdict: 'UNREADABLE', position: 256 },
    ],
    ['a hash tile was changed', rewrite('log/tile/0/001', flip(40)), { verdict: 'CONTENT_MISMATCH', position: 257 }],
    ['a tile above was changed', rewrite('log/tile/1/000.p/2', flip(40)), { verdict: 'CONTENT_MISMATCH' }],
    ['the checkpoint was changed', rewrite('log/checkpoint', flip(30)), { path: 'checkpoint' }],
    ['the checkpoint is missing', (folder) => rmSync(join(folder, 'log/checkpoint')), { verdict: 'UNREADABLE' }],
    [
      'an anchor was changed',
      (folder) => rewrite(`anchors/ckpt/${anchors(folder).at(-1) ?? ''}`, flip(30))(folder),
      {},
    ],
    ['the keys beside were changed', rewrite('idempotency.jsonl', flip(12)), { path: 'idempotency.jsonl' }],
    [
      'V11: a folder stands in the place of the keys beside',
      (folder) => {
        rmSync(join(folder, 'idempotency.jsonl'));
        mkdirSync(join(folder, 'idempotency.jsonl'));
      },
      { verdict: 'CONTENT_MISMATCH', path: 'idempotency.jsonl' },
    ],
    ['V11: the anchor of the empty log was changed', rewrite(EMPTY_ANCHOR, flip(30)), { path: EMPTY_ANCHOR.slice(8) }],
    ['the sums were changed', rewrite('SHA256SUMS', flip(0)), { path: 'SHA256SUMS' }],
    [
      'it claims another ledger',
      rewrite('export.json', (b) => Buffer.from(b.toString().replace('"main"', '"mine"'))),
      { position: 0 },
    ],
  ])('is found when %s', async (_what, change, expected) => {
    const report = await tampered(change);
    expect(report.verdict).not.toBe('OK');
    expect(report.firstBad).toMatchObject(expected);
    expect(report.checkpoint).toBeUndefined();
  });

  it('convinces nobody who trusts another key', async () => {
    const other = (await listKeys(await otherLedger())).root;
    expect((await tampered(() => {}, { keys: [other] })).firstBad).toMatchObject({ verdict: 'KEY_UNKNOWN' });
    await expect(tampered(() => {}, { keys: [] })).rejects.toMatchObject({ code: 'EXPORT_INVALID' });
  });

  it('is no export without its last file, or with another form', async () => {
    const invalid = { code: 'EXPORT_INVALID' };
    await expect(tampered((folder) => rmSync(join(folder, 'export.json')))).rejects.toMatchObject(invalid);
    const other = rewrite('export.json', (b) => Buffer.from(b.toString().replace('"format": 1', '"format": 2')));
    await expect(tampered(other)).rejects.toMatchObject(invalid);
    for (const json of ['{', 'null', '[]', '{"format":1}', '{"format":1,"ledger":["main"]}'])
      await expect(tampered(rewrite('export.json', () => Buffer.from(json)))).rejects.toMatchObject(invalid);
  });
});

const anchors = (folder: string): string[] => readdirSync(join(folder, 'anchors/ckpt')).sort();

async function otherLedger(): Promise<string> {
  const dataDir = newPlace();
  await (await noHttp(dataDir)).close();
  return dataDir;
}

describe('restored', () => {
  it('a ledger goes on where it was: nothing is recorded twice, no nonce counts again', async () => {
    const dataDir = newPlace();
    const rootKeyFile = join(original, 'root.key');
    const restored = await restoreExport({ from: exported, dataDir, rootKeyFile });
    expect(restored).toMatchObject({ entries: SIZE, canRecord: true, incarnation: 1, report: { verdict: 'OK' } });
    expect(changeItems(dataDir)).toEqual(changeItems(original));
    const engine = await noHttp(dataDir);
    const [again] = await engine.system.publish(who(engine, 'bank-feed'), [transaction('t0-2')]);
    expect(again).toMatchObject({ status: 'rejected' }); // it was on another account
    const [same] = await engine.system.publish(who(engine, 'bank-feed'), [transaction('t0-1', 'account:1')]);
    expect(same).toMatchObject({ status: 'duplicate', seq: 0 });
    const proposed = await engine.system.changes.propose(who(engine, 'budget-bot'), LIMIT, 'once');
    expect(proposed).toMatchObject({ kind: 'existing', change: { state: 'executed' } });
    const { change } = await engine.system.changes.propose(who(engine, 'budget-bot'), LIMIT, 'twice');
    const { revision, contentHash, assessmentHash } = change;
    const vote = { revision, contentHash, assessmentHash, decision: 'approve', nonce: NONCE };
    const replayed = engine.system.changes.decide(who(engine, 'boris'), change.id, vote);
    await expect(replayed).rejects.toMatchObject({ code: 'DECISION_REPLAYED' });
    expect(await engine.system.changes.document(who(engine, 'eva'), 'account:1')).toMatchObject({ version: 1 });
    await engine.close();
    expect((await verifyDataDir(dataDir)).verdict).toBe('OK');
    const out = newPlace();
    await exportDataDir({ dataDir, out });
    const remembered = readFileSync(join(exported, 'log/checkpoint'));
    expect((await verifyExport(out, { verifierKeys: [vkey], remembered })).verdict).toBe('OK');
  });

  it('without the root key it can be verified and exported, to the same bytes, but not started', async () => {
    const [dataDir, out] = [newPlace(), newPlace()];
    expect(await restoreExport({ from: exported, dataDir, verifierKeys: [vkey] })).toMatchObject({ canRecord: false });
    const bundles = readdirSync(join(dataDir, 'log/tile/entries'), { withFileTypes: true });
    const full = bundles.filter((one) => one.isFile()).map(({ name }) => name);
    expect(full, 'a data folder keeps full bundles packed').toEqual(['000.gz', '001.gz']);
    await exportDataDir({ dataDir, out });
    expect(bytesOf(join(out, 'log'))).toEqual(bytesOf(join(exported, 'log')));
    expect(bytesOf(join(out, 'anchors'))).toEqual(bytesOf(join(exported, 'anchors')));
    await expect(noHttp(dataDir)).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });

  it('confidential fields come back where they were exported, with their key', async () => {
    const dataDir = newPlace();
    const [rootKeyFile, fieldKeyFile] = [join(original, 'root.key'), join(original, 'field.key')];
    await restoreExport({ from: withSecrets, dataDir, rootKeyFile, fieldKeyFile });
    expect(sensitiveItems(dataDir)).toEqual(sensitiveItems(original));
    expect(sensitiveItems(dataDir)).toHaveLength(2);
    expect(readFileSync(join(dataDir, 'field.key'))).toEqual(readFileSync(fieldKeyFile));
  });

  it('U3: confidential fields without their key are refused before anything is made', async () => {
    const place = newPlace();
    const rootKeyFile = join(original, 'root.key');
    const restoring = restoreExport({ from: withSecrets, dataDir: join(place, 'deep', 'data'), rootKeyFile });
    await expect(restoring).rejects.toMatchObject({
      code: 'RESTORE_REFUSED',
      message: expect.stringContaining('--field-key') as string,
    });
    expect(existsSync(place)).toBe(false);
  });

  it.each<[string, (folder: string) => void, object, string]>([
    ['an entry was changed', (folder) => flipByte(join(folder, 'log/tile/entries/000'), 500), {}, 'CONTENT_MISMATCH'],
    ['the key is another', () => {}, { rootKeyFile: 'other' }, 'KEY_UNKNOWN'],
    ['no key is trusted', () => {}, { rootKeyFile: undefined }, 'name a key that you trust'],
  ])('is refused when %s, and leaves nothing', async (_what, change, more, why) => {
    const [from, dataDir] = [newPlace(), newPlace()];
    cpSync(exported, from, { recursive: true });
    change(from);
    const other =
      'rootKeyFile' in more && more.rootKeyFile === 'other' ? join(await otherLedger(), 'root.key') : undefined;
    const rootKeyFile = 'rootKeyFile' in more ? other : join(original, 'root.key');
    const restoring = restoreExport({ from, dataDir, ...(rootKeyFile === undefined ? {} : { rootKeyFile }) });
    await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_REFUSED', message: containing(why) });
    expect(readdirSync(join(dataDir, '..'))).toEqual([]);
  });
});

it('restored with a root key that was replaced since, it is refused: nothing could be recorded with it', async () => {
  const [dataDir, out, to] = [newPlace(), newPlace(), newPlace()];
  cpSync(original, dataDir, { recursive: true });
  const engine = await noHttp(dataDir);
  await engine.rotateRootKey('the operator left');
  await engine.close();
  await exportDataDir({ dataDir, out });
  const rootKeyFile = join(original, 'root.key');
  const restoring = restoreExport({ from: out, dataDir: to, rootKeyFile });
  await expect(restoring).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  expect(existsSync(to)).toBe(false);
  // Its public half still vouches for the one that followed.
  expect((await verifyExport(out, { verifierKeys: [vkey] })).verdict).toBe('OK');
  expect(await restoreExport({ from: out, dataDir: to, rootKeyFile: join(dataDir, 'root.key') })).toMatchObject({
    canRecord: true,
  });
});

describe('after a loss', () => {
  it('is refused against newer anchors; accepted, it goes on as another log that says what is lost', async () => {
    const [dataDir, anchorsDir, restoredDir] = [newPlace(), newPlace(), newPlace()];
    cpSync(original, dataDir, { recursive: true });
    cpSync(join(original, 'anchors'), anchorsDir, { recursive: true });
    const engine = await startEngine({ config, dataDir, anchorsDir, http: false });
    await engine.system.publish(who(engine, 'bank-feed'), [transaction('late-1'), transaction('late-2')]);
    await engine.log.loop.flush();
    const { cursor } = await read(engine);
    await engine.close();

    const how = { from: exported, dataDir: restoredDir, rootKeyFile: join(original, 'root.key'), anchorsDir };
    const refused = await restoreExport(how).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'RESTORE_REFUSED', message: containing('--accept-loss') });
    expect(existsSync(restoredDir)).toBe(false);
    const { rootKeyFile: _, ...keyless } = how;
    const unsigned = restoreExport({ ...keyless, verifierKeys: [vkey], acceptLoss: true });
    await expect(unsigned).rejects.toMatchObject({ code: 'RESTORE_REFUSED' });

    const restored = await restoreExport({ ...how, acceptLoss: true });
    expect(restored).toMatchObject({ incarnation: 2, loss: { kept: SIZE, lost: 3 } }); // a certificate, two events
    const again = await noHttp(restoredDir);
    await expect(read(again, cursor)).rejects.toMatchObject({
      code: 'CURSOR_GONE',
      message: containing(`"2p${SIZE}"`),
    });
    expect((await read(again, 'p600')).cursor).toMatch(/^2p/);
    await expect(read(again, '3p1')).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    const [late] = await again.system.publish(who(again, 'bank-feed'), [transaction('late-1')]);
    expect(late).toMatchObject({ status: 'accepted' });
    await again.close();
    expect((await verifyDataDir(restoredDir)).verdict).toBe('OK');

    const { logs } = await listKeys(restoredDir);
    const out = newPlace();
    expect(await exportDataDir({ dataDir: restoredDir, out })).toMatchObject({ incarnations: [SIZE] });
    expect((await verifyExport(out, { verifierKeys: [vkey] })).verdict).toBe('OK');
    const checkpoint = readFileSync(join(out, 'log/checkpoint'), 'utf8');
    expect(checkpoint.split('\n')[0]).toBe('nervous.example/dev/main/2');
    const log = async (path: string): Promise<Uint8Array | undefined> =>
      existsSync(join(out, 'log', path)) ? readFileSync(join(out, 'log', path)) : undefined;
    expect((await fsckLog({ read: log, verifierKeys: [logs[1] ?? ''] })).verdict).toBe('OK');
    expect((await fsckLog({ read: log, verifierKeys: [logs[0] ?? ''] })).verdict).toBe('KEY_UNKNOWN');
    // The entry stands in the log itself, signed by the root key, and can be restored again.
    expect(incarnatedEntry(restoredDir)).toMatchObject({
      type: 'log.incarnated',
      data: { incarnation: 2, kept: SIZE, lost: 3, before: { origin: 'nervous.example/dev/main', size: SIZE + 3 } },
    });
    const third = newPlace();
    await restoreExport({ from: out, dataDir: third, rootKeyFile: join(original, 'root.key') });
    const goesOn = await noHttp(third);
    expect((await read(goesOn, `2p${SIZE}`)).items).toHaveLength(1);
    await goesOn.close();
  });
});

const read = (engine: Engine, after?: string): Promise<{ items: readonly unknown[]; cursor: string }> =>
  engine.system.feed.read(who(engine, 'eva'), { limit: 1_000, waitMs: 0, ...(after === undefined ? {} : { after }) });

function incarnatedEntry(dataDir: string): unknown {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'), { readOnly: true });
  const row = db.prepare(`SELECT note FROM entries WHERE chain = 'system/log' AND seq = 0`).get();
  db.close();
  const parsed = parseEntry(row?.['note'] as Uint8Array);
  return parsed.kind === 'entry' ? parsed.body : parsed;
}

/** Versions of records count commits, which a restore makes one by one. */
function changeItems(dataDir: string): unknown[] {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'), { readOnly: true });
  const rows = db
    .prepare(
      // That the index is whole is said by an engine at its start, which a restored folder has not had yet.
      `SELECT pk, sk, value FROM items WHERE pk LIKE 'main#change%' AND pk <> 'main#change-index' OR pk = 'main#document' ORDER BY pk, sk`,
    )
    .all();
  const documents = db.prepare(`SELECT sk, version FROM items WHERE pk = 'main#document'`).all();
  const keys = db.prepare('SELECT key, position FROM idempotency ORDER BY key').all();
  db.close();
  return [rows.map((row) => ({ ...row, value: JSON.parse(String(row['value'])) as unknown })), documents, keys];
}

function sensitiveItems(dataDir: string): unknown[] {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'), { readOnly: true });
  const sql = `SELECT pk, sk, value FROM items WHERE pk LIKE 'main#sensitive#%' OR pk = 'main#data-key' ORDER BY pk, sk`;
  const rows = db.prepare(sql).all();
  db.close();
  return rows;
}

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe('killed with -9', () => {
  const ROUNDS = 3;
  const nervous = (...args: string[]) => ['clients/cli/nervous.mjs', ...args];

  /** Kills the command some time after it began to write; @returns whether it was done before. */
  async function killedAfter(target: string, args: string[], delayMs: number): Promise<boolean> {
    const child = spawn(process.execPath, nervous(...args), { stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const parent = join(target, '..');
    while (child.exitCode === null && readdirSync(parent).length === 0) await sleep(1);
    await sleep(delayMs);
    child.kill('SIGKILL');
    return (await ended) === 0;
  }

  it('an export or a restore is whole or not there', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const out = newPlace();
      const done = await killedAfter(out, ['export', '--data', original, '--out', out], round * 15);
      if (done) expect(existsSync(out)).toBe(true);
      if (existsSync(out)) expect((await verifyExport(out, { verifierKeys: [vkey] })).verdict).toBe('OK');
      const dataDir = newPlace();
      const args = ['restore', '--from', exported, '--data', dataDir, '--root-key', join(original, 'root.key')];
      if (await killedAfter(dataDir, args, round * 80)) expect(existsSync(dataDir)).toBe(true);
      if (existsSync(dataDir)) expect((await verifyDataDir(dataDir)).verdict).toBe('OK');
      // What was left behind is in nobody's way.
      if (round === 0)
        await restoreExport({ from: exported, dataDir: `${dataDir}-again`, rootKeyFile: join(original, 'root.key') });
    }
  });

  it('says on the command line what it did, with the exit code of the verdict', () => {
    const run = (...args: string[]) => spawnSync(process.execPath, nervous(...args), { encoding: 'utf8' });
    const [out, dataDir] = [newPlace(), newPlace()];
    expect(run('export', '--data', original, '--out', out, '--json')).toMatchObject({ status: 0, stderr: '' });
    const verify = ['export', 'verify', out, '--vkey', join(original, 'root.vkey')];
    expect(run(...verify)).toMatchObject({ status: 0, stdout: containing(`OK: ${SIZE} entries`) });
    expect(run('export', 'verify', out)).toMatchObject({ status: 2 });
    expect(run('export', '--data', dataDir, '--out', `${out}-2`)).toMatchObject({
      status: 1,
      stderr: containing('there is no ledger'),
    });
    expect(run('restore', '--from', out, '--data', dataDir)).toMatchObject({ status: 2 });
    flipByte(join(out, 'log/tile/entries/000'), 700);
    expect(run(...verify)).toMatchObject({ status: 10, stdout: containing('CONTENT_MISMATCH') });
    const restore = ['restore', '--from', out, '--data', dataDir, '--vkey', join(original, 'root.vkey')];
    expect(run(...restore)).toMatchObject({ status: 1, stderr: containing('nothing was restored') });
    expect(run('keys', '--data', original)).toMatchObject({ status: 0, stdout: containing(vkey) });
  });
});
