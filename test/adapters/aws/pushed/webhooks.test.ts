/** Webhooks on AWS, run by run: signed, tried again, told to their owners before that is forgotten, disabled, sent again, and removed with all that was kept. */
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createWebhookBus } from '../../../../adapters/aws/pushed/webhook-bus.ts';
import { allowedInFunction, webhookRefusal } from '../../../../adapters/aws/pushed/webhook-refusal.ts';
import { PushedBus } from '../../../../adapters/aws/pushed/pushed-bus.ts';
import { sweepPushed } from '../../../../adapters/aws/pushed/sweep-pushed.ts';
import type { SubscriptionQueues } from '../../../../adapters/aws/subscriptions/subscription-queues.ts';
import { addressProblem, createWebhookSecrets } from '../../../../core/events/index.ts';
import { subscriptionFor } from '../../../lambdas/bus-fixture.ts';
import { answered, createPushedFixture, plainKeys } from './pushed-fixture.ts';

const TWENTY_HOURS_MS = 72_000_000;
const NO_BREAKER = { breaker: { failures: 1_000 } };
const once = { kind: 'webhook' as const, url: 'https://hooks.example.org/in', scheduleSeconds: [0] };

function createFixture() {
  const fixture = createPushedFixture();
  const { directory, letters, items, ids, deps, log, attempts, delivery, clock, store } = fixture;
  const pushing = { ledger: 'main', directory, items, ids, wake: deps.wake };
  const queues = { detach: () => Promise.resolve() } as unknown as SubscriptionQueues;
  const bus = new PushedBus({ ...pushing, letters, queues, functionNames: [], allowed: new Set() });
  const webhooks = createWebhookBus({ ...pushing, entries: log, attempts, delivery });
  const secrets = createWebhookSecrets({ ledger: 'main', items: store, keys: plainKeys, clock, ids });
  return { ...fixture, bus, webhooks, secrets };
}

const positionsOf = ({ sent }: ReturnType<typeof createFixture>): number[] =>
  sent.map(({ body }) => (JSON.parse(body) as { ledger: { position: number } }).ledger.position);
const eventIdsOf = ({ sent }: ReturnType<typeof createFixture>): unknown[] =>
  sent.map(({ body }) => (JSON.parse(body) as { eventId?: string }).eventId);

describe('a webhook', () => {
  it('is sent each event once, under the signature of its secret; the attempts are logged', async () => {
    const fixture = createFixture();
    const subscription = await fixture.subscribeWebhook();
    const { secret } = await fixture.secrets.rotate('s', 0);
    await fixture.publish();
    await fixture.publish();
    await fixture.serve();
    expect(fixture.sent).toHaveLength(2);
    const headers = { ...fixture.sent[0]?.headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)) };
    expect(() => new Webhook(secret).verify(fixture.sent[0]?.body ?? '', headers)).toThrow(/signature/);
    expect(fixture.sent[0]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1a,\S+$/);
    expect(await fixture.attempts.newest(subscription, 10)).toMatchObject([
      { of: 'event', attempt: 1, outcome: 'delivered', status: 200 },
      { of: 'event', attempt: 1, outcome: 'delivered', status: 200 },
    ]);
    expect(await fixture.state(subscription)).toMatchObject({ pending: [], attempts: 2 });
  });

  it('that nobody said to want is sent nothing, and is not woken', async () => {
    const fixture = createFixture();
    const { verifiedAt: _, ...unverified } = await fixture.subscribeWebhook();
    await fixture.store.write([
      { kind: 'put', key: { pk: 'main#subscription', sk: 's' }, value: unverified as never, expect: 'any' },
    ]);
    await fixture.publish();
    await fixture.serve();
    expect(fixture.sent).toEqual([]);
    const { items, log: entries, clock, deps } = fixture;
    const report = await sweepPushed({ items, entries, clock, wake: deps.wake }, [unverified]);
    expect(report).toMatchObject({ woken: 0, oldestMs: 0 });
  });

  it('that answers 500 is tried again under one id, and then has a dead letter, which is redriven', async () => {
    const fixture = createFixture();
    const target = { ...once, scheduleSeconds: [0, 1] };
    const subscription = await fixture.subscribeWebhook({ target, ...NO_BREAKER });
    await fixture.publish();
    fixture.answering.receiver = async () => answered(500, {}, 'broken');
    await fixture.serve();
    expect(new Set(fixture.sent.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await fixture.letters.list('s', { limit: 5 })).toMatchObject([
      { attempts: 2, reason: 'the receiver answered 500' },
    ]);
    expect(await fixture.attempts.newest(subscription, 10)).toMatchObject([
      { attempt: 2, status: 500, answer: 'broken' },
      { attempt: 1, status: 500 },
    ]);
    fixture.answering.receiver = async () => answered(200);
    expect(await fixture.bus.redrive('s')).toBe(1);
    await fixture.serve();
    expect(fixture.sent).toHaveLength(3);
    expect(await fixture.letters.list('s', { limit: 5 })).toEqual([]);
  });

  it('that says when it wants to be asked again is not asked before', async () => {
    const fixture = createFixture();
    const subscription = await fixture.subscribeWebhook(NO_BREAKER);
    await fixture.publish();
    const at = fixture.clock.now();
    fixture.answering.receiver = async () => answered(429, { 'retry-after': '3600' });
    await fixture.serve();
    expect(fixture.sent).toHaveLength(1);
    const state = await fixture.state(subscription);
    expect(state?.quietUntil).toBeGreaterThanOrEqual(at + 3_600_000);
    expect(state?.pending[0]?.dueAt).toBeGreaterThanOrEqual(at + 3_600_000);
  });

  it('that is gone is told of once, and sent nothing more by that run', async () => {
    const fixture = createFixture();
    const subscription = await fixture.subscribeWebhook({ order: 'entity' });
    await fixture.publish();
    await fixture.publish();
    fixture.answering.receiver = async () => answered(410);
    await fixture.serve();
    expect(fixture.sent).toHaveLength(1);
    expect(fixture.owners).toMatchObject([{ kind: 'gone', subscription: 's', reason: 'the receiver answered 410' }]);
    expect(await fixture.letters.list('s', { limit: 5 })).toEqual([]);
    expect((await fixture.state(subscription))?.pending[0]).toMatchObject({ attempts: 0 });
  });

  it('that only fails for five days is told of at 50, 70, 90 and 100 %, once each', async () => {
    const fixture = createFixture();
    await fixture.subscribeWebhook({ target: once, ...NO_BREAKER });
    fixture.answering.receiver = async () => answered(500);
    for (let hours = 0; hours <= 130; hours += 10) {
      await fixture.publish();
      await fixture.serve();
      await fixture.clock.advance(TWENTY_HOURS_MS / 2);
    }
    expect(fixture.owners.map((change) => 'percent' in change && change.percent)).toEqual([50, 70, 90, 100]);
    expect(new Set(fixture.owners.map((change) => 'since' in change && change.since)).size).toBe(1);
  });

  it('tells its owner before it forgets that it has to: a run that could not is made up for', async () => {
    const fixture = createFixture();
    const subscription = await fixture.subscribeWebhook({ target: once, ...NO_BREAKER });
    fixture.answering.receiver = async () => answered(500);
    await fixture.publish();
    await fixture.serve();
    for (let times = 1; times < 3; times++) {
      await fixture.clock.advance(TWENTY_HOURS_MS);
      await fixture.publish();
      await fixture.serve();
    }
    await fixture.clock.advance(TWENTY_HOURS_MS);
    await fixture.publish();
    const unreachable = new Error('the store is away');
    await expect(fixture.serve({ onWebhook: () => Promise.reject(unreachable) })).rejects.toThrow(unreachable);
    expect((await fixture.state(subscription))?.failing?.told).toBe(0);
    await fixture.clock.advance(60_000);
    await fixture.serve();
    expect(fixture.owners).toMatchObject([{ kind: 'failing', percent: 50 }]);
  });
});

describe('what its owner asks for', () => {
  it('one event again, out of order, of those that the log has and it is for', async () => {
    const fixture = createFixture();
    await fixture.subscribeWebhook();
    await fixture.publish();
    await fixture.publish();
    await fixture.serve();
    const [first = -1] = positionsOf(fixture);
    expect(await fixture.webhooks.resend('s', first)).toBe(true);
    expect(await fixture.webhooks.resend('s', first + 7)).toBe(false);
    await fixture.serve();
    const ids = eventIdsOf(fixture);
    expect(ids).toEqual([ids[0], ids[1], ids[0]]);
  });

  it('all since, in order, dead letters included, when what is on its way has ended', async () => {
    const fixture = createFixture();
    await fixture.subscribeWebhook({ target: once, order: 'entity', ...NO_BREAKER });
    for (let i = 0; i < 3; i++) await fixture.publish();
    fixture.answering.receiver = async () => answered(500);
    await fixture.serve();
    expect(await fixture.letters.list('s', { limit: 5 })).toHaveLength(3);
    const failed = fixture.sent.length;
    fixture.answering.receiver = async () => answered(200);
    await fixture.webhooks.recover('s', positionsOf(fixture)[1] ?? -1);
    await fixture.serve();
    const [first, second, third] = eventIdsOf(fixture);
    expect(eventIdsOf(fixture).slice(failed)).toEqual([second, third]);
    expect(await fixture.letters.list('s', { limit: 5 })).toMatchObject([{ event: { eventId: first } }]);
  });

  it('a run that dies while it recovers loses no letter: it is asked again', async () => {
    const fixture = createFixture();
    const subscription = await fixture.subscribeWebhook({ target: once, ...NO_BREAKER });
    await fixture.publish();
    fixture.answering.receiver = async () => answered(500);
    await fixture.serve();
    await fixture.webhooks.recover('s', 0);
    const { letters } = fixture;
    const eraseFrom = async (...erased: Parameters<typeof letters.eraseFrom>): Promise<void> => {
      await letters.eraseFrom(...erased);
      throw new Error('killed');
    };
    const dying = { letterWrite: letters.letterWrite.bind(letters), eraseFrom };
    await expect(fixture.serve({ letters: dying })).rejects.toThrow('killed');
    expect(await fixture.items.requests(subscription)).toHaveLength(1);
    fixture.answering.receiver = async () => answered(200);
    await fixture.clock.advance(60_000);
    await fixture.serve();
    expect(fixture.sent).toHaveLength(2);
    expect(await fixture.items.requests(subscription)).toEqual([]);
  });

  it('is refused while it is paused', async () => {
    const fixture = createFixture();
    await fixture.subscribeWebhook({}, { status: 'paused' });
    await expect(fixture.webhooks.resend('s', 0)).rejects.toMatchObject({ code: 'SUBSCRIPTION_INVALID' });
    await expect(fixture.webhooks.recover('s', 0)).rejects.toMatchObject({ code: 'SUBSCRIPTION_INVALID' });
    await expect(fixture.webhooks.attempts('none', 1)).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
  });

  it('challenges and tests are among the attempts, and the newest of all are shown', async () => {
    const fixture = createFixture();
    const subscription = await fixture.subscribeWebhook();
    await fixture.webhooks.challenge(subscription);
    await fixture.clock.advance(1_000);
    await fixture.webhooks.test(subscription);
    await fixture.clock.advance(1_000);
    await fixture.publish();
    await fixture.serve();
    expect((await fixture.webhooks.attempts('s', 2)).map(({ of }) => of)).toEqual(['event', 'test']);
    for (let i = 0; i < 25; i++) await fixture.webhooks.test(subscription);
    expect(await fixture.webhooks.attempts('s', 200)).toHaveLength(21);
  });

  it('is removed with all that was kept of it, its secrets first', async () => {
    const fixture = createFixture();
    const subscription = await fixture.subscribeWebhook();
    await fixture.secrets.rotate('s', 0);
    await fixture.publish();
    await fixture.serve();
    await fixture.webhooks.test(subscription);
    await fixture.bus.detach('s');
    const left = fixture.dynamo.items('state').map(({ pk }) => pk?.S);
    expect(left.filter((pk) => /#(pushed|dispatch|asked|dead|attempt|webhook-secret)/.test(String(pk)))).toEqual([]);
  });
});

describe('where webhooks of a function go', () => {
  it('not to loopback, whatever the configuration allows', () => {
    const all = ['http', 'loopback', 'private', 'ports'] as const;
    const allowed = allowedInFunction(all, {});
    expect([...allowed]).toEqual(['http', 'private', 'ports']);
    expect(addressProblem('127.0.0.1', allowed)).toMatch(/loopback/);
    for (const env of [
      { WEBHOOKS_TO_LOOPBACK: 'on-emulator' },
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' },
      { WEBHOOKS_TO_LOOPBACK: 'yes', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' },
    ])
      expect([...allowedInFunction(all, env)]).not.toContain('loopback');
    const test = { WEBHOOKS_TO_LOOPBACK: 'on-emulator', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' };
    expect([...allowedInFunction([], test)]).toEqual(['http', 'loopback']);
  });

  it.each(['http://hooks.example.org/', 'https://127.1/', 'https://[::1]/', 'https://169.254.169.254/'])(
    'not to %s, which is refused when it is made',
    (url) => {
      const subscription = subscriptionFor('s', { topics: ['*'], target: { kind: 'webhook', url } });
      expect(webhookRefusal(subscription as never, new Set())).toMatchObject({ pointer: '/target/url' });
      expect(createFixture().bus.refusal(subscription)).toMatchObject({ pointer: '/target/url' });
    },
  );
});

describe('what is sent costs', () => {
  const writesOf = ({ dynamo }: ReturnType<typeof createFixture>): number =>
    dynamo.requests.filter(({ operation }) => /Put|Write|Update|Delete/.test(operation)).length;

  it('a write for the log of attempts beside what a function costs, as docs/costs.md says', async () => {
    const alone = createFixture();
    await alone.subscribeWebhook();
    await alone.publish('a');
    await alone.serve();
    await alone.publish('a');
    alone.dynamo.requests.length = 0;
    await alone.serve();
    expect(alone.sent).toHaveLength(2);
    expect(writesOf(alone)).toBeLessThanOrEqual(2 + 1 + 1); // one more where it takes longer than a quarter of a second

    const many = createFixture();
    await many.subscribeWebhook({ target: { ...once, concurrency: 50 } });
    for (let i = 0; i < 1_000; i++) await many.publish(`e${i}`);
    await many.serve();
    expect(many.sent).toHaveLength(1_000);
    expect(writesOf(many)).toBeLessThan(1_000 + 300);
  });
});
