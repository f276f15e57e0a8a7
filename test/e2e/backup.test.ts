/** U3: a backup from which an engine goes on with everything, made while it runs; and an engine that refuses a field.key that does not fit. */
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startEngine, verifyDataDir } from '../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import { config } from '../../nervous.config.ts';
import { withoutTerminal } from '../support/terminal.ts';
import { killDevEngines, startDevEngine, type DevEngine } from './dev-engine.ts';

const CLI = [process.execPath, 'clients/cli/nervous.mjs'];
const root = mkdtempSync(join(tmpdir(), 'nervous-backup-'));

afterEach(killDevEngines);
afterAll(() => rmSync(root, { recursive: true }));

function nervous(...args: string[]): ReturnType<typeof withoutTerminal> {
  return withoutTerminal([...CLI, ...args], { env: {} });
}

function as({ url, tokens }: DevEngine, principal: string): Client {
  return createClient({ url, token: tokens[principal] ?? '' });
}

async function logIn(engine: DevEngine, user: string): Promise<void> {
  const payload = { method: 'password', ip: '203.0.113.9' };
  await as(engine, 'agent-layer').publish({ topic: 'user.login', entityId: `user:${user}`, payload });
}

async function stop({ child }: DevEngine, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Between two events of a topic: a storm is more than 100 in a second. */
const STORMLESS_MS = 20;

describe('U3: nervous backup', () => {
  it('copies a running engine whole: it verifies, starts in the place of the lost one, and reveals', async () => {
    const [data, copy] = [join(root, 'data'), join(root, 'backups', 'today')];
    const engine = await startDevEngine(data);
    await logIn(engine, 'before');
    // Somebody writes all the while, and makes no storm of it.
    const end = new AbortController();
    const writing = (async () => {
      for (let i = 0; !end.signal.aborted; i += 1) {
        await logIn(engine, `w${i % 7}`);
        await sleep(STORMLESS_MS);
      }
    })();
    const made = await nervous('backup', copy, '--data', data, '--json');
    end.abort();
    await writing;
    expect(made).toMatchObject({ code: 0, err: '' });
    const again = await nervous('backup', copy, '--data', data);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('exists') as string });

    expect(statSync(copy).mode & 0o777).toBe(0o700);
    for (const secret of ['root.key', 'field.key', 'tokens.json'])
      expect([secret, statSync(join(copy, secret)).mode & 0o777]).toEqual([secret, 0o600]);
    for (const left of ['engine.json', 'engine.lock']) expect(existsSync(join(copy, left))).toBe(false);
    expect(readFileSync(join(copy, 'field.key'))).toEqual(readFileSync(join(data, 'field.key')));
    const { verdict, against } = await verifyDataDir(copy);
    expect(verdict).toBe('OK');
    expect(against?.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['published', 'anchor']));

    // docs/embedded.md: the lost folder is put aside, the copy takes its place.
    await stop(engine, 'SIGKILL');
    renameSync(data, `${data}.lost`);
    cpSync(copy, data, { recursive: true });
    const restored = await startDevEngine(data);
    expect((await as(restored, 'eva').reveal('user:before', 0)).fields).toMatchObject([{ value: '203.0.113.9' }]);
    await logIn(restored, 'after');
    await stop(restored, 'SIGTERM');
    expect((await verifyDataDir(data)).verdict).toBe('OK');
  });

  it('refuses to make a backup whose field.key opens nothing', async () => {
    const data = await folderWithFields('no-key');
    rmSync(join(data, 'field.key'));
    const refused = await nervous('backup', join(root, 'never'), '--data', data);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('field.key" is missing') as string });
    expect(existsSync(join(root, 'never'))).toBe(false);
  });
});

/** A stopped folder with a confidential field. */
async function folderWithFields(name: string): Promise<string> {
  const dataDir = join(root, name);
  const engine = await startEngine({ config, dataDir, http: false, auditMinutes: 0 });
  const module = engine.system.policy.principal('agent-layer');
  if (module === undefined) throw new Error('the sample has no agent-layer');
  const payload = { method: 'password', ip: '203.0.113.9' };
  await engine.system.publish(module, [{ topic: 'user.login', entityId: 'user:1', payload }]);
  await engine.close();
  return dataDir;
}

describe('U3: a field.key that is not the one', () => {
  const anotherKey = `${Buffer.alloc(32, 7).toString('base64')}\n`;

  it.each([
    ['is missing', (path: string) => rmSync(path), 'is missing'],
    ['is another', (path: string) => writeFileSync(path, anotherKey), 'does not open'],
  ])('keeps the engine from starting when it %s, and nothing is written', async (name, spoil, message) => {
    const dataDir = await folderWithFields(name);
    const path = join(dataDir, 'field.key');
    const key = readFileSync(path);
    spoil(path);
    await expect(startEngine({ config, dataDir, http: false })).rejects.toMatchObject({
      code: 'KEY_FILE_INVALID',
      message: expect.stringContaining(message) as string,
    });
    expect(existsSync(path) ? readFileSync(path, 'utf8') : undefined).toBe(
      name === 'is missing' ? undefined : anotherKey,
    );
    const doctor = await nervous('doctor', '--data', dataDir, '--url', 'http://127.0.0.1:1');
    expect(doctor.out).toMatch(new RegExp(`FAIL {2}confidential fields: .*${message}`));

    writeFileSync(path, key);
    const healed = await nervous('doctor', '--data', dataDir, '--url', 'http://127.0.0.1:1');
    expect(healed.out).toContain('ok    confidential fields: field.key opens the keys of all 1 entities');
    await (await startEngine({ config, dataDir, http: false })).close();
  });

  it('is made at the first start, where nothing is sealed yet', async () => {
    const dataDir = join(root, 'first');
    await (await startEngine({ config, dataDir, http: false })).close();
    rmSync(join(dataDir, 'field.key'));
    await (await startEngine({ config, dataDir, http: false })).close();
    expect(existsSync(join(dataDir, 'field.key'))).toBe(true);
  });
});

it('U11: keys and restored folders are not committed by accident', () => {
  const ignored = readFileSync('.gitignore', 'utf8').split('\n');
  expect(ignored).toEqual(expect.arrayContaining(['*.key', '*.restored/', '.restored/']));
});
