/** A witness as a process of its own: it cosigns what grows, remembers it, and refuses what was put back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, expect, it } from 'vitest';
import { listKeys, startEngine, startWitness, type Engine, type WitnessServer } from '../../adapters/embedded/index.ts';
import { config } from '../../nervous.config.ts';

const root = mkdtempSync(join(tmpdir(), 'nervous-witness-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const NAME = 'witness.example/bank';
let places = 0;
const newPlace = (): string => join(root, String((places += 1)));

async function ledger(): Promise<{ dataDir: string; vkey: string }> {
  const dataDir = newPlace();
  await (await startEngine({ config, dataDir, http: false })).close();
  return { dataDir, vkey: (await listKeys(dataDir)).root };
}

async function witnessOf(vkey: string, dataDir = newPlace()): Promise<WitnessServer> {
  const server = await startWitness({ dataDir, name: NAME, logKeys: [vkey], port: 0 });
  opened.push(server);
  return server;
}

interface Run {
  readonly engine: Engine;
  readonly errors: string[];
}

async function run(dataDir: string, { url, verifierKey }: { url: string; verifierKey: string }): Promise<Run> {
  const errors: string[] = [];
  const engine = await startEngine({
    ...{ config, dataDir, http: false, witness: { url, verifierKey, timeoutMs: 60_000 } },
    onError: (error) => errors.push(String(error)),
  });
  return { engine, errors };
}

async function publish(engine: Engine, eventId: string): Promise<void> {
  const feed = engine.system.policy.principal('bank-feed');
  if (feed === undefined) throw new Error('the sample roster has changed');
  const payload = { amount: '1.00', kind: 'credit' };
  await engine.system.publish(feed, [{ eventId, entityId: 'account:1', topic: 'transactions.new', payload }]);
  await engine.log.loop.flush();
}

const checkpointOf = (dataDir: string): string => readFileSync(join(dataDir, 'log', 'checkpoint'), 'utf8');

it('cosigns beside the one in the data folder', async () => {
  const { dataDir, vkey } = await ledger();
  const { engine, errors } = await run(dataDir, await witnessOf(vkey));
  await publish(engine, 'one');
  await publish(engine, 'two');
  await engine.close();
  expect(errors).toEqual([]);
  expect(checkpointOf(dataDir)).toContain(`— ${NAME} `);
  expect(checkpointOf(dataDir)).toContain('— nervous.example/dev/main/witness ');
});

it('refuses a log that was put back, also after its own restart; the log says so and goes on without it', async () => {
  const { dataDir, vkey } = await ledger();
  const memory = newPlace();
  const first = await startWitness({ dataDir: memory, name: NAME, logKeys: [vkey], port: 0 });
  const before = newPlace();
  cpSync(dataDir, before, { recursive: true });
  const honest = await run(dataDir, first);
  await publish(honest.engine, 'one');
  await publish(honest.engine, 'two');
  await honest.engine.close();
  await first.close();

  const again = await witnessOf(vkey, memory);
  expect(again.verifierKey).toBe(first.verifierKey);
  const { engine, errors } = await run(before, again);
  await publish(engine, 'other');
  await engine.close();
  expect(errors.join('\n')).toContain('answered 409');
  expect(checkpointOf(before)).not.toContain(`— ${NAME} `);
  expect(checkpointOf(before)).toContain('— nervous.example/dev/main ');
});

it('is not waited for when it is not there', async () => {
  const { dataDir, vkey } = await ledger();
  const gone = await startWitness({ dataDir: newPlace(), name: NAME, logKeys: [vkey], port: 0 });
  await gone.close();
  const { engine, errors } = await run(dataDir, gone);
  await publish(engine, 'one');
  await engine.close();
  expect(errors.join('\n')).toContain('does not answer');
  expect(checkpointOf(dataDir).split('\n')[1]).not.toBe('0');
});

it('serves only what it was told about, and answers hostile requests', async () => {
  const { vkey } = await ledger();
  const folder = newPlace();
  const { url, verifierKey } = await witnessOf(vkey, folder);
  const post = async (body: string): Promise<number> =>
    (await fetch(`${url}/add-checkpoint`, { method: 'POST', body })).status;
  expect(await post('')).toBe(400);
  expect(
    await post('old 0\n\nlog.example/other\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— x AAAAAAAA\n'),
  ).toBe(404);
  expect(await post('x'.repeat(70_000))).toBe(413);
  expect((await fetch(`${url}/add-checkpoint`)).status).toBe(405);
  expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
  expect(await (await fetch(url)).text()).toBe(`${verifierKey}\n`);
  await expect(witnessOf(vkey, folder)).rejects.toMatchObject({ code: 'DATA_LOCKED' });
  await expect(witnessOf('nonsense')).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
});

it('runs from the command line until it is told to stop', async () => {
  const { dataDir } = await ledger();
  const args = ['witness', '--data', newPlace(), '--name', NAME, '--log-vkey', join(dataDir, 'root.vkey')];
  const child = spawn(process.execPath, ['clients/cli/nervous.mjs', ...args, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { engine, errors } = await run(dataDir, JSON.parse(line) as { url: string; verifierKey: string });
    await publish(engine, 'one');
    await engine.close();
    expect(errors).toEqual([]);
    expect(checkpointOf(dataDir)).toContain(`— ${NAME} `);
  } finally {
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  }
});
