/** A storm on a running engine that is killed right after: what it stopped stays stopped, until somebody opens it by hand. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, expect, it } from 'vitest';
import type { GuardList } from '../../api/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';

const CLI = join(import.meta.dirname, '../../clients/cli/nervous.mjs');
const CONFIG = join(import.meta.dirname, 'protection.config.ts');
const folder = mkdtempSync(join(tmpdir(), 'nervous-protection-'));

interface Engine {
  readonly process: ChildProcessWithoutNullStreams;
  readonly as: (id: string) => Client;
  readonly cli: (id: string, ...args: string[]) => Promise<{ readonly out: string; readonly err: string }>;
}
let running: ChildProcessWithoutNullStreams | undefined;

async function start(): Promise<Engine> {
  running = spawn(process.execPath, [
    CLI,
    'dev',
    '--port',
    '0',
    '--data',
    folder,
    '--config',
    CONFIG,
    '--json',
    '--print-tokens',
  ]);
  const [line] = (await once(createInterface({ input: running.stdout }), 'line')) as [string];
  const { url, tokens } = JSON.parse(line) as { url: string; tokens: Record<string, string> };
  return {
    process: running,
    as: (id) => createClient({ url, token: tokens[id] ?? '' }),
    cli: async (id, ...args) => {
      const env = { ...process.env, NERVOUS_URL: url, NERVOUS_TOKEN: tokens[id] ?? '' };
      const child = spawn(process.execPath, [CLI, ...args], { env });
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { out, err };
    },
  };
}

async function kill(engine: ChildProcessWithoutNullStreams | undefined): Promise<void> {
  if (engine === undefined || engine.exitCode !== null) return;
  engine.kill('SIGKILL');
  await once(engine, 'exit');
}

afterAll(async () => {
  await kill(running);
  rmSync(folder, { recursive: true });
});

async function publish(engine: Engine, topic: string, count: number): Promise<readonly string[]> {
  const events = Array.from({ length: count }, () => ({ topic, entityId: 'account:1', payload: {} }));
  const results = await engine.as('feed').publishBatch(events);
  return results.map((result) => (result.status === 'rejected' ? result.problem.code : result.status));
}

it('keeps a topic stopped through a kill, and opens it from the command line', async () => {
  const first = await start();
  const storm = await publish(first, 'money.moved', 25);
  expect(storm.indexOf('TOPIC_STOPPED')).toBe(20);
  await kill(first.process);

  const second = await start();
  expect(await publish(second, 'money.moved', 1)).toEqual(['TOPIC_STOPPED']);
  expect(await publish(second, 'money.counted', 1)).toEqual(['accepted']);
  const { out } = await second.cli('sue', 'guards', '--json');
  const { guards } = JSON.parse(out) as GuardList;
  expect(guards.filter(({ state }) => state === 'stopped')).toMatchObject([
    { topic: 'money.moved', perSecond: 20, stops: [{ cause: 'storm', source: 'feed' }] },
  ]);
  expect((await second.cli('feed', 'guards', 'reset', 'money.moved')).err).toContain('neither auditor nor security');
  const reset = await second.cli('sue', 'guards', 'reset', 'money.moved', '--reason', 'sent twice');
  expect(reset).toEqual({ out: 'money.moved  open  at most 20/s\n', err: '' });
  expect(await publish(second, 'money.moved', 1)).toEqual(['accepted']);

  const told: unknown[] = [];
  for await (const { event } of second.as('sue').feed({ live: false })) {
    if (event.topic.startsWith('system.')) told.push(event);
  }
  expect(told).toMatchObject([
    { topic: 'system.storm_detected', payload: { topic: 'money.moved', cause: 'storm' } },
    { topic: 'system.topic_reset', payload: { topic: 'money.moved', why: 'sent twice' } },
  ]);
  expect(await second.as('sue').state()).toMatchObject({ guard: { refused: 1, resets: 1 } });
  expect(await second.as('sue').verifyAll()).toMatchObject({ verdict: 'OK' });
});
