/** Webhooks of a real engine over HTTP: who verifies them, what becomes of what fails, and who is shown what. */
import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerChallenge, certifiedKey, confirmWebhook, verifyWebhook } from '../../../clients/sdk/index.ts';
import { nonceIn, startReceiver, type Received, type Receiver } from './receiver.ts';
import { startRunning, type Running } from './webhook-fixture.ts';
import { eventually } from '../../support/eventually.ts';

let running: Running;
let receiver: Receiver;
beforeAll(async () => {
  running = await startRunning();
});
afterAll(() => running.end());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  const client = running.as('budget-engine');
  for (const { id } of await client.subscriptions()) await client.unsubscribe(id);
  await receiver.close();
});

const headersOf = ({ headers }: Received): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
const jsonOf = ({ body }: Received): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>;
const seqsOf = (events: readonly Received[], entityId: string): number[] =>
  events.map(jsonOf).flatMap((one) => (one['entityId'] === entityId ? [(one['ledger'] as { seq: number }).seq] : []));
const entitiesOf = (events: readonly Received[]): unknown[] => events.map((one) => jsonOf(one)['entityId']);

describe('a delivery', () => {
  it('is verified by standardwebhooks, svix, the SDK, and node:crypto with the public key alone', async () => {
    const secret = await running.makeWebhook('hook', receiver.url);
    await running.publish(...Array.from({ length: 50 }, (_, i) => `account:${i}`));
    const [key] = await running.as('budget-engine').webhooks.keys();
    if (key === undefined) throw new Error('no key');
    const jwk = createPublicKey({ key: key.jwk, format: 'jwk' });
    for (const one of await receiver.until(50)) {
      const headers = headersOf(one);
      expect(new Webhook(secret).verify(one.body, headers)).toMatchObject({ type: 'transactions.new' });
      new Svix(secret).verify(one.body, headers);
      const { message } = verifyWebhook({ headers, body: one.body }, { secrets: [secret] });
      expect(message).toMatchObject({ data: { amount: '1.00' } });
      expect(verifyWebhook({ headers, body: Buffer.from(one.body) }, { publicKeys: [key.publicKey] }).message).toEqual(
        message,
      );
      const signature = /v1a,(\S+)/.exec(headers['webhook-signature'] ?? '')?.[1] ?? '';
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${one.body}`;
      expect(verify(null, Buffer.from(signed), jwk, Buffer.from(signature, 'base64'))).toBe(true);
      expect(() => verifyWebhook({ headers, body: `${one.body} ` }, { secrets: [secret] })).toThrow('not believed');
    }
  });

  it('is held against the ledger by the SDK', async () => {
    const secret = await running.makeWebhook('hook', receiver.url);
    await running.publish('account:1');
    const [one] = await receiver.until(1);
    if (one === undefined) return;
    const verified = verifyWebhook({ headers: headersOf(one), body: one.body }, { secrets: [secret] });
    expect(answerChallenge(verified)).toBeUndefined();
    const auditor = running.as('budget-engine');
    await confirmWebhook(auditor, verified);
    const ledger = { ...(verified.message['ledger'] as object), hash: 'ab'.repeat(32) };
    await expect(confirmWebhook(auditor, { ...verified, message: { ...verified.message, ledger } })).rejects.toThrow(
      'another entry',
    );
  });

  it('carries a key that the root key certified, in an entry with which the whole ledger verifies', async () => {
    const [key] = await running.as('budget-engine').webhooks.keys();
    if (key === undefined) throw new Error('no key');
    const vkey = readFileSync(join(running.dataDir, 'root.vkey'), 'utf8');
    expect(certifiedKey(key.certificate.note, [vkey])).toBe(key.publicKey);
    expect(() => certifiedKey(key.certificate.note.replace('whpk_', 'whpk_A'), [vkey])).toThrow('no root key');
    expect(() => certifiedKey(key.certificate.note, [])).toThrow('no root key');
    const auditor = running.as(auditorId());
    const { entries } = await auditor.entries('system/guards', { from: key.certificate.seq, limit: 1 });
    const payload = { publicKey: key.publicKey, certificate: key.certificate.note };
    expect(entries[0]?.body.data).toMatchObject({ topic: 'webhooks.key_certified', payload });
    expect((await auditor.verifyEntity('system/guards')).verdict).toBe('OK');
    await running.engine.log.loop.flush();
    expect((await auditor.verifyAll()).verdict).toBe('OK');
  });

  it('as a CloudEvent, after the handshake of OPTIONS', async () => {
    await running.makeWebhook('hook', receiver.url, { target: { format: 'cloudevents' } });
    expect(receiver.all[0]).toMatchObject({
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': expect.any(String) as string },
    });
    await running.publish('account:1');
    const [one] = await receiver.until(1);
    expect(one?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(one && jsonOf(one)).toMatchObject({ specversion: '1.0', type: 'transactions.new', subject: 'account:1' });
  });
});

describe('a receiver that fails', () => {
  it('is tried again under the same id, with a new time and signature, then the event is a dead letter', async () => {
    const client = running.as('budget-engine');
    const secret = await running.makeWebhook('hook', receiver.url, { target: { scheduleSeconds: [0, 1, 0] } });
    receiver.answer = (_, response) => void response.writeHead(500).end('broken');
    await running.publish('account:1');
    const events = await receiver.until(3);
    expect(new Set(events.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const [first, second] = events;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(900); // a clock that is set right may be moved by some of it
    for (const one of events) verifyWebhook({ headers: headersOf(one), body: one.body }, { secrets: [secret] });
    await eventually(async () => {
      expect((await client.deadLetters('hook')).deadLetters).toMatchObject([
        { attempts: 3, reason: 'the receiver answered 500' },
      ]);
    });
    expect(await client.webhooks.attempts('hook', { limit: 3 })).toMatchObject([
      { attempt: 3, status: 500, answer: 'broken', outcome: 'failed' },
      { attempt: 2 },
      { attempt: 1 },
    ]);
    receiver.answer = (_, response) => void response.writeHead(204).end();
    expect(await client.redrive('hook')).toBe(1);
    await receiver.until(4);
    await eventually(async () => expect((await client.deadLetters('hook')).deadLetters).toEqual([]));
  });

  it('that is gone is sent nothing more; the place is kept, and resume goes on there', async () => {
    const client = running.as('budget-engine');
    await running.makeWebhook('hook', receiver.url, { order: 'entity' });
    receiver.answer = (_, response) => void response.writeHead(410).end();
    await running.publish('account:1', 'account:1');
    await receiver.until(1);
    await eventually(async () =>
      expect((await client.subscription('hook')).disabled).toBe('the receiver answered 410'),
    );
    expect((await client.subscription('hook')).status).toBe('paused');
    receiver.answer = (_, response) => void response.writeHead(200).end();
    receiver.events.length = 0;
    const resumed = await client.resume('hook');
    expect(resumed.disabled).toBeUndefined();
    expect(entitiesOf(await receiver.until(2))).toEqual(['account:1', 'account:1']);
    const disabled = await running.as(auditorId()).entries('system/guards', { from: 0, limit: 100 });
    expect(disabled.entries.map(({ body }) => body.data['topic'])).toContain('webhooks.disabled');
  });

  it('that does not want an event again gets it no more', async () => {
    await running.makeWebhook('hook', receiver.url);
    receiver.answer = (_, response) => void response.writeHead(400, { 'webhook-delivery': 'abort-message' }).end();
    await running.publish('account:1');
    await eventually(async () => {
      expect((await running.as('budget-engine').deadLetters('hook')).deadLetters).toMatchObject([{ attempts: 1 }]);
    });
  });

  it('keeps the order of an entity while others go on', async () => {
    const scheduleSeconds = [0, ...Array.from({ length: 19 }, () => 2)];
    await running.makeWebhook('hook', receiver.url, { order: 'entity', target: { scheduleSeconds } });
    receiver.answer = (_, response) => {
      const fails = !entitiesOf(receiver.events).includes('account:2');
      response.writeHead(fails ? 500 : 200).end();
    };
    await running.publish('account:1', 'account:1');
    await receiver.until(1);
    await running.publish('account:2');
    await eventually(() => expect(new Set(seqsOf(receiver.events, 'account:1')).size).toBe(2));
    const other = entitiesOf(receiver.events).indexOf('account:2');
    const [before, after] = [receiver.events.slice(0, other), receiver.events.slice(other + 1)];
    const [first = 0] = seqsOf(before, 'account:1');
    expect(new Set(seqsOf(before, 'account:1'))).toEqual(new Set([first])); // tried once or more
    expect(seqsOf(after, 'account:1')).toEqual([first, first + 1]);
  });
});

describe('others', () => {
  it('that hang delay nobody: a webhook beside five dead ones gets everything', async () => {
    const hanging = await startReceiver();
    for (let i = 0; i < 5; i++) await running.makeWebhook(`dead-${i}`, hanging.url);
    hanging.answer = () => undefined;
    await running.makeWebhook('hook', receiver.url);
    await running.publish(...Array.from({ length: 60 }, (_, i) => `account:${i}`));
    expect(await receiver.until(60)).toHaveLength(60);
    for (let i = 0; i < 5; i++) await running.as('budget-engine').unsubscribe(`dead-${i}`);
    await hanging.close();
  });
});

describe('the owner', () => {
  it('gets nothing before its receiver proved that it wants it, and then everything since', async () => {
    const client = running.as('budget-engine');
    const target = { kind: 'webhook', url: receiver.url } as const;
    await client.createSubscription({ id: 'hook', topics: ['transactions.new'], target });
    await running.publish('account:1');
    const stranger = await startReceiver();
    await client.createSubscription({
      id: 'stranger',
      topics: ['transactions.new'],
      target: { kind: 'webhook', url: stranger.url },
    });
    expect((await client.subscription('hook')).verifiedAt).toBeUndefined();
    expect(receiver.all).toEqual([]);
    expect((await client.webhooks.verify('hook')).attempt.outcome).toBe('delivered');
    expect(entitiesOf(await receiver.until(1))).toEqual(['account:1']);
    await stranger.close();
    const { attempt } = await client.webhooks.verify('stranger');
    expect(attempt).toMatchObject({ outcome: 'failed', of: 'verify' });
    expect((await client.webhooks.attempts('stranger')).every(({ answer }) => answer === undefined)).toBe(true);
  });

  it.each<[string, (challenge: Received) => string]>([
    ['an echo service', ({ body }) => body],
    ['a page that shows what it was sent', ({ body }) => `<p>thanks for ${body}</p>`],
    ['one who sends the nonce as JSON', (challenge) => JSON.stringify({ nonce: nonceIn(challenge) })],
    ['one who sends the nonce and more', (challenge) => `${nonceIn(challenge)} ok`],
  ])('is asked for the nonce and nothing else: %s does not want the webhook', async (_who, said) => {
    receiver.prove = (challenge, response) => void response.end(said(challenge));
    await expect(running.makeWebhook('hook', receiver.url)).rejects.toThrow('did not want it');
    receiver.prove = (challenge, response) => void response.end(`${nonceIn(challenge)}\n`); // as `echo` prints it
    expect((await running.as('budget-engine').webhooks.verify('hook')).attempt.outcome).toBe('delivered');
  });

  it('rotates secrets: old and new sign during the overlap, only the new one after it, never more than three', async () => {
    const client = running.as('budget-engine');
    const first = await running.makeWebhook('hook', receiver.url);
    const second = (await client.webhooks.rotateSecret('hook', { overlapSeconds: 60 })).secret;
    const verifiers = (one: Received | undefined, ...secrets: string[]): boolean[] =>
      secrets.map((secret) => {
        try {
          return one !== undefined && new Webhook(secret).verify(one.body, headersOf(one)) !== undefined;
        } catch {
          return false;
        }
      });
    await running.publish('account:1');
    expect(verifiers((await receiver.until(1))[0], first, second)).toEqual([true, true]);
    const { secret: third, live } = await client.webhooks.rotateSecret('hook', { overlapSeconds: 0 });
    expect(live).toBe(1);
    await running.publish('account:1');
    expect(verifiers((await receiver.until(2))[1], first, second, third)).toEqual([false, false, true]);
    const lives = [];
    for (let i = 0; i < 4; i++) lives.push((await client.webhooks.rotateSecret('hook')).live);
    expect(lives).toEqual([2, 3, 3, 3]);
  });

  it('whose answer was lost is told the secret again under its key, for ten minutes, and no other comes of it', async () => {
    const first = await running.makeWebhook('hook', receiver.url);
    const rotate = async (key: string, { as = 'budget-engine', id = 'hook', overlapSeconds = 60 } = {}) => {
      const response = await fetch(`${running.engine.url}/v1/webhooks/${id}/secret`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${running.engine.tokens[as] ?? ''}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify({ overlapSeconds }),
      });
      const { secret, live, code } = (await response.json()) as { secret?: string; live?: number; code?: string };
      return { status: response.status, secret, live, code };
    };
    const rotations = async (): Promise<number> =>
      (await running.as(auditorId()).entries('system/guards', { from: 0, limit: 100 })).entries.filter(
        ({ body }) => body.data['topic'] === 'webhooks.secret_rotated',
      ).length;
    const before = await rotations();
    const answers = await Promise.all(Array.from({ length: 5 }, () => rotate('lost')));
    expect(new Set(answers.map(({ secret }) => secret)).size).toBe(1);
    expect(answers.map(({ status, live }) => [status, live])).toEqual(Array.from({ length: 5 }, () => [201, 2]));
    expect(answers[0]?.secret).not.toBe(first);
    expect(await rotations()).toBe(before + 1);
    expect(await rotate('lost', { overlapSeconds: 0 })).toMatchObject({ status: 409, code: 'IDEMPOTENCY_CONFLICT' });
    expect(await rotate('lost', { as: 'bank-feed' })).toMatchObject({ status: 404, code: 'SUBSCRIPTION_NOT_FOUND' });
    expect((await rotate('another')).live).toBe(3);
  });

  it('sees its secret once: no listing, no entry and no file of the ledger has it', async () => {
    const client = running.as('budget-engine');
    const secret = await running.makeWebhook('hook', receiver.url);
    await running.publish('account:1');
    await receiver.until(1);
    const raw = secret.slice('whsec_'.length);
    const shown = [
      client.subscription('hook'),
      client.subscriptions(),
      client.webhooks.attempts('hook'),
      client.webhooks.keys(),
    ];
    expect(JSON.stringify(await Promise.all(shown))).not.toContain(raw);
    const bytes = Buffer.from(raw, 'base64');
    const files = readdirSync(running.dataDir, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    expect(files.length).toBeGreaterThan(3);
    for (const { parentPath, name } of files) {
      const content = readFileSync(join(parentPath, name));
      expect([name, content.includes(bytes), content.includes(raw)]).toEqual([name, false, false]);
    }
    const topics = (await running.as(auditorId()).entries('system/guards', { from: 0, limit: 100 })).entries.map(
      ({ body }) => body.data['topic'],
    );
    expect(topics).toContain('webhooks.secret_rotated');
  });

  it('tests, sends one again, and has everything since a place sent again', async () => {
    const client = running.as('budget-engine');
    await running.makeWebhook('hook', receiver.url);
    expect(await client.webhooks.test('hook')).toMatchObject({ of: 'test', outcome: 'delivered', status: 200 });
    await running.publish('account:1', 'account:2', 'account:3');
    const events = [...(await receiver.until(3))];
    const positions = events.map((one) => (jsonOf(one)['ledger'] as { position: number }).position);
    await client.webhooks.resend('hook', positions[1] ?? 0);
    const again = (await receiver.until(4))[3];
    expect(again?.headers['webhook-id']).toBe(events[1]?.headers['webhook-id']);
    await eventually(async () => expect((await running.engine.system.monitor()).subscriptions[0]?.inFlight).toBe(0));
    expect(await client.webhooks.recover('hook', positions[1] ?? 0)).toBe(positions[1]);
    const recovered = (await receiver.until(6)).slice(4);
    expect(recovered.map(({ headers }) => headers['webhook-id']).sort()).toEqual(
      events
        .slice(1)
        .map(({ headers }) => headers['webhook-id'])
        .sort(),
    );
    await expect(client.webhooks.resend('hook', 0)).rejects.toThrow('no event at 0');
  });

  it('alone may act on it; others do not learn that it is there', async () => {
    await running.makeWebhook('hook', receiver.url);
    const other = running.as('bank-feed').webhooks;
    const acts = [
      () => other.rotateSecret('hook'),
      () => other.verify('hook'),
      () => other.test('hook'),
      () => other.attempts('hook'),
      () => other.resend('hook', 1),
      () => other.recover('hook', 0),
    ];
    for (const act of acts) await expect(act()).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
  });
});

it('U10: an operator looks after everybody’s webhooks, and gets no secret and proves nothing in the owner’s place', async () => {
  await running.makeWebhook('hook', receiver.url);
  await running.publish('account:1');
  const [first] = await receiver.until(1);
  const { position } = first === undefined ? { position: -1 } : (jsonOf(first)['ledger'] as { position: number });
  const operator = running.as('olga');
  expect((await operator.webhooks.attempts('hook')).length).toBeGreaterThan(0);
  expect((await operator.webhooks.test('hook')).outcome).toBe('delivered');
  await operator.webhooks.resend('hook', position);
  await receiver.until(2);
  expect((await operator.pause('hook')).status).toBe('paused');
  expect((await operator.resume('hook')).status).toBe('active');
  expect(await operator.webhooks.recover('hook', position)).toBe(position);
  for (const act of [() => operator.webhooks.rotateSecret('hook'), () => operator.webhooks.verify('hook')])
    await expect(act()).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
});

it('a webhook goes on after a restart where it was', async () => {
  await running.makeWebhook('hook', receiver.url, {
    target: { scheduleSeconds: [0, 1, 2, 4, ...Array.from({ length: 16 }, () => 8)] },
  });
  receiver.answer = (_, response) => void response.writeHead(500).end();
  await running.publish('account:1', 'account:2');
  await receiver.until(2);
  await running.restart();
  receiver.answer = (_, response) => void response.writeHead(200).end();
  await running.publish('account:3');
  await eventually(async () => {
    const attempts = await running.as('budget-engine').webhooks.attempts('hook');
    expect(attempts.filter(({ outcome, of }) => outcome === 'delivered' && of === 'event')).toHaveLength(3);
  });
  expect(running.errors).toEqual([]);
});

it.each([
  ['http://169.254.169.254/latest', 'not a public address'],
  ['ftp://example.org/', 'https'],
  ['https://user:secret@example.org/', 'credentials'],
])('refuses %s when it is made', async (url, reason) => {
  const target = { kind: 'webhook', url } as const;
  const made = running.as('budget-engine').createSubscription({ id: 'hook', topics: ['transactions.new'], target });
  await expect(made).rejects.toThrow(reason);
});

function auditorId(): string {
  const { policy } = running.engine.system;
  const id = Object.keys(running.engine.tokens).find((one) => {
    const principal = policy.principal(one);
    return principal !== undefined && policy.isAuditor(principal);
  });
  if (id === undefined) throw new Error('the sample has an auditor');
  return id;
}
