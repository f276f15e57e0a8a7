/** `nervous webhooks`: what people see of it, and a receiver for the time of development. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../../e2e/webhooks/receiver.ts';
import { startRunning, type Running } from '../../e2e/webhooks/webhook-fixture.ts';
import { withoutTerminal } from '../../support/terminal.ts';
import { eventually } from '../../support/eventually.ts';

const CLI = join(import.meta.dirname, '../../../clients/cli/nervous.mjs');
let running: Running;
let receiver: Receiver;
beforeAll(async () => {
  running = await startRunning();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await running.end();
});

const env = (): Record<string, string> => ({
  ...{ NERVOUS_URL: running.engine.url, NERVOUS_TOKEN: running.engine.tokens['budget-engine'] ?? '' },
});
const nervous = (...args: string[]): ReturnType<typeof withoutTerminal> =>
  withoutTerminal([process.execPath, CLI, ...args], { env: env() });

it('takes a webhook from its first secret to what was sent again', async () => {
  const make = ['webhooks', 'create', receiver.url, 'transactions.new', '--id', 'hook'];
  expect((await nervous(...make)).out).toMatch(/^hook {2}from log position \d+\nwhsec_\S+\nshown once/);
  expect((await nervous(...make)).out).not.toContain('whsec_'); // the same again leaves the receiver's secret alone
  expect((await nervous('webhooks', 'rotate', 'ho', '--overlap', '2h')).out).toMatch(
    /^whsec_\S+\nshown once.+2 sign now/,
  );
  expect((await nervous('webhooks', 'show', 'hook')).out).toContain('unverified: nervous webhooks verify hook');
  expect(await nervous('webhooks', 'verify', 'hook')).toMatchObject({
    code: 0,
    out: 'hook: its receiver wants it; deliveries begin\n',
  });
  expect((await nervous('webhooks', 'test', 'hook')).out).toMatch(/^delivered \(200\) in /);
  await running.publish('account:1');
  const [first] = await receiver.until(1);
  const { ledger } = JSON.parse(first?.body ?? '{}') as { ledger: { position: number } };
  await eventually(async () =>
    expect((await nervous('webhooks', 'attempts', 'hook')).out).toContain(`  ${ledger.position}  1  delivered  200  `),
  );
  expect((await nervous('webhooks', 'resend', 'hook', String(ledger.position))).code).toBe(0);
  await receiver.until(2);
  expect((await nervous('webhooks', 'recover', 'hook', '1h')).out).toMatch(
    /^hook: everything from log position \d+ on/,
  );
  expect((await nervous('webhooks', 'recover', 'hook', 'yesterday')).code).toBe(2);
  expect((await nervous('webhooks', 'keys')).out).toMatch(/^whpk_\S+ {2}certified by system\/guards #\d+\n$/);
});

it('is disabled, enabled and deleted by its name, and no other subscription is taken for it', async () => {
  expect(await nervous('webhooks', 'disable', 'ho')).toMatchObject({ code: 0 });
  expect((await nervous('webhooks', 'list')).out).toMatch(/hook +budget-engine +paused +http/);
  await running.publish('account:2');
  expect(await nervous('webhooks', 'enable', 'hook')).toMatchObject({ code: 0 });
  expect((await nervous('webhooks', 'list')).out).toMatch(/hook +budget-engine +active +http/);
  await nervous('subscriptions', 'create', 'transactions.new', '--id', 'pulled');
  for (const verb of ['disable', 'enable', 'delete']) {
    const { code, err } = await nervous('webhooks', verb, 'pulled', ...(verb === 'delete' ? ['--yes'] : []));
    expect([code, err]).toEqual([2, expect.stringContaining('no webhook')]);
  }
  expect((await nervous('webhooks', 'list')).out).not.toContain('pulled');
  expect((await nervous('subscriptions', 'list')).out).toContain('pulled');
  const shown = await nervous('subscriptions', 'show', 'pul');
  expect(shown.out).toMatch(/^pulled {2}budget-engine {2}active {2}transactions\.new {2}0 delivered, /);
  expect(shown.out).toContain('\n  retry: {"maxAttempts":5,"baseMs":200,"maxMs":60000}\n');
  expect((await nervous('subscriptions', 'show', 'nobody')).code).not.toBe(0);
  expect((await nervous('webhooks', 'delete', 'hook')).code).toBe(2); // nobody was asked
  expect(await nervous('webhooks', 'delete', 'hook', '--yes')).toMatchObject({ code: 0 });
  expect((await nervous('webhooks', 'list')).out).toBe('no webhooks\n');
});

it('says with its exit code that a receiver does not want it', async () => {
  const settings = JSON.stringify({ target: { kind: 'webhook', url: 'http://127.0.0.1:9/' } });
  await nervous('subscriptions', 'create', 'transactions.new', '--id', 'stranger', '--settings', settings);
  const { code, out } = await nervous('webhooks', 'verify', 'stranger');
  expect([code, out.startsWith('failed in ')]).toEqual([1, true]);
});

it('listens to nobody while it is not told whose signature to believe, and not to another ledger', async () => {
  const listen = ['webhooks', 'listen', 'transactions.new'];
  const untold = await nervous(...listen);
  expect([untold.code, untold.err]).toEqual([2, expect.stringContaining('whose signature is to be believed')]);
  const other = 'other.test/main+f76ceae1+AYxZC3Z7Kq/7tK1RVwzUGk5xzEXh1l/7KxxcvgWl0rVm';
  const refused = await nervous(...listen, '--vkey', other);
  expect([refused.code, refused.out]).toEqual([expect.any(Number), '']);
  expect(refused.code).not.toBe(0);
});

it('listens: prints what the ledger signed and nothing else, and removes its webhook when it ends', async () => {
  const vkey = join(running.dataDir, 'root.vkey');
  const child = spawn(process.execPath, [CLI, 'webhooks', 'listen', 'transactions.new', '--json', '--vkey', vkey], {
    env: { ...process.env, ...env() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const notes = createInterface({ input: child.stderr });
  const [ready] = (await once(notes, 'line')) as [string];
  const url = /http:\S+(?=;)/.exec(ready)?.[0] ?? '';
  const lines = createInterface({ input: child.stdout });
  const told = once(lines, 'line');
  const warned = once(notes, 'line');
  const forged = await fetch(url, { method: 'POST', body: '{"type":"transactions.new","entityId":"account:666"}' });
  expect([forged.status, String((await warned)[0])]).toEqual([400, expect.stringContaining('refused')]);
  await running.publish('account:7');
  const [line] = (await told) as [string];
  expect(JSON.parse(line)).toMatchObject({ message: { type: 'transactions.new', entityId: 'account:7' } });
  const gone = once(child, 'exit');
  child.kill('SIGINT');
  expect((await gone)[0]).toBe(0);
  const left = await running.as('budget-engine').subscriptions();
  expect(left.map(({ id }) => id).sort()).toEqual(['pulled', 'stranger']);
});
