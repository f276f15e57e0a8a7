/**
 * The receivers of examples/webhook-receiver, run as they stand on a real engine: in TypeScript and in Python, with a secret and with
 * the public key alone. What they print is compared with the ledger, place by place.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../clients/sdk/index.ts';
import { startRunning, type Running } from '../e2e/webhooks/webhook-fixture.ts';
import { pythonWith } from './tools.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/webhook-receiver');
const EVENTS = 20;

let running: Running;
let owner: Client;
let child: ChildProcess | undefined;
beforeAll(async () => {
  running = await startRunning();
  owner = running.as('budget-engine');
});
afterEach(async () => {
  child?.kill('SIGKILL');
  for (const { id } of await owner.subscriptions()) await owner.unsubscribe(id);
});
afterAll(() => running.end());

const LANGUAGES = {
  TypeScript: async () => [process.execPath, join(EXAMPLE, 'receiver.ts')],
  Python: async () => [await pythonWith('webhook-receiver'), join(EXAMPLE, 'receiver.py')],
} as const;

interface Handled {
  readonly id: string;
  readonly type: string;
  readonly entity: string;
  readonly seq: number;
  readonly hash: string;
  readonly position: number;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** @returns the lines that it prints from then on */
async function start(language: keyof typeof LANGUAGES, env: Record<string, string>): Promise<AsyncIterator<string>> {
  const [program = '', ...args] = await LANGUAGES[language]();
  const started = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
  child = started;
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  return lines;
}

describe.each(['TypeScript', 'Python'] as const)('the receiver in %s', (language) => {
  it.each(['a secret', 'the public key alone'])(
    'takes what the ledger sends, and nothing else, with %s',
    async (trust) => {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}/`;
      await owner.createSubscription({ id: 'hook', topics: ['transactions.new'], target: { kind: 'webhook', url } });
      const { secret } = await owner.webhooks.rotateSecret('hook');
      const [key] = await owner.webhooks.keys();
      const believed: Record<string, string> =
        trust === 'a secret' ? { SECRET: secret } : { PUBLIC_KEY: key === undefined ? '' : key.publicKey };
      const lines = await start(language, { ...believed, PORT: String(port) });

      const forged = JSON.stringify({
        type: 'transactions.new',
        ledger: { entity: 'account:1', seq: 0, hash: '', position: 0 },
      });
      const signature = `v1,${Buffer.alloc(32).toString('base64')} v1a,${Buffer.alloc(64).toString('base64')}`;
      const headers = {
        ...{ 'webhook-id': 'msg_forged', 'webhook-signature': signature },
        'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
      };
      expect((await fetch(url, { method: 'POST', body: forged, headers })).status).toBe(400);

      expect((await owner.webhooks.verify('hook')).attempt).toMatchObject({ outcome: 'delivered' });
      expect((await owner.webhooks.test('hook')).outcome).toBe('delivered');
      await running.publish(...Array.from({ length: EVENTS }, (_, i) => `account:${i % 7}`));
      const handled: Handled[] = [];
      while (handled.length < EVENTS) handled.push(JSON.parse(String((await lines.next()).value)) as Handled);

      expect(new Set(handled.map(({ id }) => id)).size).toBe(EVENTS);
      expect(new Set(handled.map(({ position }) => position)).size).toBe(EVENTS);
      for (const { entity, seq, hash, position, type } of handled) {
        const { entries } = await owner.entries(entity, { from: seq, limit: 1 });
        expect(entries).toMatchObject([{ seq, hash, position, body: { data: { topic: type } } }]);
      }
      const [first] = handled;
      await owner.webhooks.resend('hook', first === undefined ? -1 : first.position); // it is taken, and handled no second time
      await running.publish('account:99');
      const next = JSON.parse(String((await lines.next()).value)) as Handled;
      expect(next.entity).toBe('account:99');
    },
  );
});
