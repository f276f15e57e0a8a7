import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  auditSignatures,
  exportDataDir,
  restoreExport,
  verifyExport,
  listKeys,
  revokeSessionKey,
  rotateRootKey,
  startEngine,
  verifyDataDir,
  type Engine,
} from '../../../../adapters/embedded/index.ts';
import { openRootKey } from '../../../../adapters/embedded/keys/root-key.ts';
import { formatVerifierKey, parseVerifierKey, type VerificationReport } from '../../../../core/ledger/index.ts';
import { config } from '../../../../nervous.config.ts';

const dirs: string[] = [];
let original: string;

const newDir = (from?: string): string => {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-rotate-'));
  dirs.push(dir);
  if (from !== undefined) cpSync(from, dir, { recursive: true });
  return dir;
};
const text = (...path: string[]): string => readFileSync(join(...path), 'utf8');
const trusting = (vkey: string) => ({
  root: parseVerifierKey(vkey) as NonNullable<ReturnType<typeof parseVerifierKey>>,
});

async function withEngine<T>(dataDir: string, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await startEngine({ config, dataDir, http: false, checkpointMs: 3_600_000 });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

async function publish(engine: Engine, count: number, name: string): Promise<void> {
  const feed = engine.system.policy.principal('bank-feed');
  if (feed === undefined) throw new Error('the sample roster has changed');
  const one = (i: number) =>
    engine.system.publish(feed, [
      {
        topic: 'transactions.new',
        eventId: `${name}-${i}`,
        entityId: `account:${i % 5}`,
        payload: { amount: '1.00', kind: 'credit' },
      },
    ]);
  await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
}

async function verified(dataDir: string, vkey?: string): Promise<VerificationReport> {
  return verifyDataDir(dataDir, vkey === undefined ? {} : trusting(vkey));
}

beforeAll(async () => {
  original = newDir();
  await withEngine(original, (engine) => publish(engine, 20, 'before'));
});
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

it('hands a stopped ledger over: old and new key both verify all of it, anchors and cosignatures too', async () => {
  const dir = newDir(original);
  const first = text(dir, 'root.vkey').trim();
  const { entity, seq, verifierKey } = await rotateRootKey({ dataDir: dir, reason: 'yearly' });
  expect([entity, seq]).toEqual(['keys/root', 0]);
  expect(text(dir, 'root.vkey').trim()).toBe(verifierKey);
  expect(verifierKey).not.toBe(first);
  expect(statSync(join(dir, 'root.key')).mode & 0o777).toBe(0o600);
  expect(existsSync(join(dir, 'root.next.key'))).toBe(false);
  expect(readdirSync(join(dir, 'root.former')).map((name) => text(dir, 'root.former', name).trim())).toEqual([first]);
  expect(
    readdirSync(join(dir, 'anchors', 'keys'))
      .map((name) => text(dir, 'anchors', 'keys', name).trim())
      .sort(),
  ).toEqual([first, verifierKey].sort());
  await withEngine(dir, async (engine) => {
    await publish(engine, 10, 'after');
    await engine.log.loop.flush();
    const report = await engine.system.verifyAll(auditor(engine));
    expect(report).toMatchObject({ verdict: 'OK' });
  });
  for (const vkey of [first, verifierKey]) {
    const report = await verified(dir, vkey);
    expect(report).toMatchObject({ verdict: 'OK' });
    expect(report.against?.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['published', 'anchor', 'cosignature']),
    );
  }
});

function auditor(engine: Engine) {
  const principal = engine.system.config.roster.people
    .flatMap(({ accounts }) => accounts)
    .map((id) => engine.system.policy.principal(id))
    .find((one) => one !== undefined && engine.system.policy.isAuditor(one));
  if (principal === undefined) throw new Error('the sample roster has no auditor');
  return principal;
}

it('rotates a running engine twice amid its publishers, and publishes with the new key', async () => {
  const dir = newDir(original);
  const first = text(dir, 'root.vkey').trim();
  const keys = await withEngine(dir, async (engine) => {
    const publishing = publish(engine, 300, 'amid');
    const made = [await engine.rotateRootKey('one')];
    await engine.log.loop.flush();
    made.push(await engine.rotateRootKey('two'));
    await publishing;
    await engine.log.loop.flush();
    expect(await engine.system.verifyAll(auditor(engine))).toMatchObject({ verdict: 'OK' });
    return made.map(({ verifierKey }) => verifierKey);
  });
  for (const vkey of [first, ...keys])
    expect(await verified(dir, vkey)).toMatchObject({ verdict: 'OK', entries: expect.any(Number) as number });
  await withEngine(dir, (engine) => publish(engine, 3, 'restarted'));
  expect(await verified(dir, first)).toMatchObject({ verdict: 'OK' });
});

/** What the folder holds if the process dies there; `rotated` is a folder after it did not. */
const deaths: [string, (dir: string, rotated: string) => void, 'old' | 'new'][] = [
  ['the next key was made', (dir, rotated) => cpSync(join(rotated, 'root.key'), join(dir, 'root.next.key')), 'old'],
  [
    'the ledger named it',
    (dir, rotated) => {
      moveLedger(rotated, dir);
      cpSync(join(rotated, 'root.key'), join(dir, 'root.next.key'));
    },
    'new',
  ],
  [
    'the old one was listed as former',
    (dir, rotated) => {
      moveLedger(rotated, dir);
      cpSync(join(rotated, 'root.key'), join(dir, 'root.next.key'));
      cpSync(join(rotated, 'root.former'), join(dir, 'root.former'), { recursive: true });
    },
    'new',
  ],
  [
    'the public half was replaced',
    (dir, rotated) => {
      moveLedger(rotated, dir);
      cpSync(join(rotated, 'root.key'), join(dir, 'root.next.key'));
      cpSync(join(rotated, 'root.former'), join(dir, 'root.former'), { recursive: true });
      cpSync(join(rotated, 'root.vkey'), join(dir, 'root.vkey'));
    },
    'new',
  ],
  [
    'the private half was replaced',
    (dir, rotated) => {
      moveLedger(rotated, dir);
      cpSync(join(rotated, 'root.key'), join(dir, 'root.key'));
      cpSync(join(rotated, 'root.former'), join(dir, 'root.former'), { recursive: true });
      cpSync(join(rotated, 'root.vkey'), join(dir, 'root.vkey'));
    },
    'new',
  ],
];

function moveLedger(from: string, to: string): void {
  for (const name of readdirSync(to)) if (name.startsWith('ledger.db')) rmSync(join(to, name));
  for (const name of readdirSync(from)) if (name.startsWith('ledger.db')) cpSync(join(from, name), join(to, name));
}

it.each(deaths)('killed after %s, the next start goes on with the key that the ledger names', async (_, die, who) => {
  const rotated = newDir(original);
  const { verifierKey } = await rotateRootKey({ dataDir: rotated, reason: 'test' });
  const dir = newDir(original);
  const first = text(dir, 'root.vkey').trim();
  die(dir, rotated);
  expect(await verified(dir)).toMatchObject({ verdict: 'OK' });
  await withEngine(dir, (engine) => publish(engine, 3, 'after'));
  expect(text(dir, 'root.vkey').trim()).toBe(who === 'old' ? first : verifierKey);
  expect(await verified(dir, first)).toMatchObject({ verdict: 'OK' });
  if (who === 'new') expect(existsSync(join(dir, 'root.next.key'))).toBe(false);
  // And it can be rotated again.
  await rotateRootKey({ dataDir: dir, reason: 'again' });
  await withEngine(dir, (engine) => publish(engine, 3, 'again'));
  expect(await verified(dir, first)).toMatchObject({ verdict: 'OK' });
});

it('killed with -9 at random amid rotations and appends, it goes on with a key that the ledger names, again and again', async () => {
  const dir = newDir(original);
  const first = text(dir, 'root.vkey').trim();
  let told = 0;
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, ['test/adapters/embedded/keys/rotate-child.ts', dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout);
    let wanted = 2 + round;
    for await (const line of lines) {
      told += Number(line !== 'started');
      wanted -= 1;
      if (wanted === 0) break;
    }
    // Somewhere in the next rotation.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await withEngine(dir, (engine) => publish(engine, 2, `round-${round}`));
    expect(await verified(dir, first)).toMatchObject({ verdict: 'OK' });
    expect(await verified(dir)).toMatchObject({ verdict: 'OK' });
  }
  expect((await listKeys(dir)).former.length).toBeGreaterThanOrEqual(told);
});

it('does not start with a former key: what it would sign nobody would believe', async () => {
  const dir = newDir(original);
  await rotateRootKey({ dataDir: dir, reason: 'test' });
  cpSync(join(original, 'root.key'), join(dir, 'root.key'));
  cpSync(join(original, 'root.vkey'), join(dir, 'root.vkey'));
  await expect(withEngine(dir, async () => {})).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
});

it('does not start when another key is published under its id', async () => {
  const dir = newDir(original);
  const [name] = readdirSync(join(dir, 'anchors', 'keys')) as [string];
  const path = join(dir, 'anchors', 'keys', name);
  renameSync(path, `${path}.kept`);
  writeFileSync(path, 'ledger+00000000+AAAA\n');
  await expect(withEngine(dir, async () => {})).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
});

it('refuses a folder in use, one without a ledger, and a rotation without a reason', async () => {
  const dir = newDir(original);
  await withEngine(dir, async () => {
    await expect(rotateRootKey({ dataDir: dir, reason: 'x' })).rejects.toMatchObject({ code: 'DATA_LOCKED' });
  });
  await expect(rotateRootKey({ dataDir: newDir(), reason: 'x' })).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' });
  const before = text(dir, 'root.vkey');
  await expect(rotateRootKey({ dataDir: dir, reason: ' ' })).rejects.toMatchObject({ code: 'KEY_REASON_INVALID' });
  expect(text(dir, 'root.vkey')).toBe(before);
  await withEngine(dir, (engine) => publish(engine, 1, 'still'));
  expect(await verified(dir)).toMatchObject({ verdict: 'OK' });
});

it('revokes a session key of a stopped ledger: what it signed before stands, and verification says so', async () => {
  const dir = newDir(original);
  const [session] = (await listKeys(dir)).sessions;
  const key = session?.verifierKey.split('+')[0] ?? '';
  expect(await revokeSessionKey({ dataDir: dir, key, reason: 'lost' })).toMatchObject({ entity: key, seq: 1 });
  await withEngine(dir, (engine) => publish(engine, 3, 'after'));
  expect(await verified(dir)).toMatchObject({ verdict: 'OK' });
});

it('revokes the running engine’s own key for an auditor, nobody else, and goes on with a new one', async () => {
  const dir = newDir(original);
  await withEngine(dir, async (engine) => {
    await publish(engine, 3, 'mine');
    const key = (await listKeys(dir)).sessions.at(-1)?.verifierKey.split('+')[0] ?? '';
    const feed = engine.system.policy.principal('bank-feed');
    if (feed === undefined) throw new Error('the sample roster has changed');
    await expect(engine.system.revokeKey(feed, key, 'x')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const publishing = publish(engine, 100, 'amid');
    await engine.system.revokeKey(auditor(engine), key, 'a test');
    await publishing;
    await publish(engine, 3, 'after');
    await engine.log.loop.flush();
    expect(await engine.system.verifyAll(auditor(engine))).toMatchObject({ verdict: 'OK' });
    expect((await listKeys(dir)).sessions).toHaveLength(3);
  });
});

it('exports a rotated ledger, which verifies with the old key and the new one and with no other', async () => {
  const dir = newDir(original);
  const first = text(dir, 'root.vkey').trim();
  const { verifierKey } = await rotateRootKey({ dataDir: dir, reason: 'test' });
  const [session] = (await listKeys(dir)).sessions;
  await revokeSessionKey({ dataDir: dir, key: session?.verifierKey.split('+')[0] ?? '', reason: 'test' });
  const out = join(newDir(), 'export');
  await exportDataDir({ dataDir: dir, out });
  for (const vkey of [first, verifierKey])
    for (const signatures of [true, false])
      expect(await verifyExport(out, { verifierKeys: [vkey], signatures })).toMatchObject({ verdict: 'OK' });
  const foreign = formatVerifierKey(config.origin, openRootKey(newDir(), config.origin).publicKey);
  expect(await verifyExport(out, { verifierKeys: [foreign] })).toMatchObject({ verdict: 'KEY_UNKNOWN' });
  const restored = join(newDir(), 'restored');
  await restoreExport({ from: out, dataDir: restored, rootKeyFile: join(dir, 'root.key') });
  await withEngine(restored, (engine) => publish(engine, 3, 'restored'));
  expect(await verified(restored, first)).toMatchObject({ verdict: 'OK' });
});

it('counts what the root key signs: as much as is recorded, and one more when it is used for something else', async () => {
  const dir = newDir();
  await withEngine(dir, async (engine) => {
    await publish(engine, 5, 'a');
    await engine.log.loop.flush();
    await engine.system.validate();
    await engine.rotateRootKey('test');
    await publish(engine, 5, 'b');
  });
  const audit = await auditSignatures(dir);
  expect(audit.recorded).toMatchObject({
    'key.certified': 1,
    'key.rotated': 2,
    checkpoint: expect.any(Number) as number,
  });
  expect(audit).toMatchObject({ counted: audit.expected, difference: 0 });
  await openRootKey(dir, config.origin).sign(Buffer.from('something else\n'));
  expect((await auditSignatures(dir)).difference).toBe(1);
  rmSync(join(dir, 'root.count'));
  expect((await auditSignatures(dir)).counted).toBeUndefined();
});

it('does it all from the command line', async () => {
  const dir = newDir(original);
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['clients/cli/nervous.mjs', 'keys', ...args], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  const audit = run('audit', '--data', dir, '--json');
  expect([audit.status, JSON.parse(audit.stdout)]).toEqual([0, expect.objectContaining({ difference: 0 })]);
  const rotated = run('rotate', '--data', dir, '--reason', 'yearly', '--json');
  expect(rotated.stderr).toBe('');
  expect(JSON.parse(rotated.stdout)).toMatchObject({ entity: 'keys/root', verifierKey: text(dir, 'root.vkey').trim() });
  const list = JSON.parse(run('--data', dir, '--json').stdout) as {
    root: string;
    former: string[];
    sessions: { verifierKey: string }[];
  };
  expect(list.root).toBe(text(dir, 'root.vkey').trim());
  expect(list.former).toEqual([text(original, 'root.vkey').trim()]);
  const key = list.sessions[0]?.verifierKey.split('+')[0] ?? '';
  expect(run('revoke', key, '--data', dir, '--reason', 'lost').stdout).toContain('is revoked');
  expect(run('revoke', 'keys/0000000000000000', '--data', dir, '--reason', 'x')).toMatchObject({
    status: expect.any(Number) as number,
    stderr: expect.stringContaining('no session key of this ledger') as string,
  });
  expect(run('rotate', '--data', dir).stderr).toContain('--reason');
});
