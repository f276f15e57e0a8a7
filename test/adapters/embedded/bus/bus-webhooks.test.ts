/** Webhooks of a bus whose clock stands still and whose receivers are played: schedules, outages, faults of the store. */
import { describe, expect, it } from 'vitest';
import type { IsoInstant } from '../../../../core/brands/index.ts';
import type { WebhookChange, WebhookSubscription } from '../../../../core/events/index.ts';
import type { SendWebhook, WebhookSent } from '../../../../adapters/machine/webhook-sender.ts';
import { checked } from '../../../support/checked.ts';
import { close, createFixture, flush, subscription, type Fixture } from './bus-fixture.ts';

const HOUR = 3_600_000;

interface Sent {
  readonly url: string;
  readonly id: string;
  readonly at: number;
  readonly position: number;
  readonly entity: string;
}

interface Played {
  readonly fixture: Fixture;
  readonly sent: Sent[];
  readonly changes: WebhookChange[];
  /** how the receiver answers; a number is a status, undefined: never */
  answer: (sent: Sent) => number | undefined;
  headers: Record<string, string>;
}

async function play(): Promise<Played> {
  const sent: Sent[] = [];
  const changes: WebhookChange[] = [];
  const send: SendWebhook = async ({ url, headers, body }): Promise<WebhookSent> => {
    const { ledger } = JSON.parse(body) as { ledger: { position: number; entity: string } };
    const { position, entity } = ledger;
    const one = { url, id: String(headers['webhook-id']), at: played.fixture.clock.now(), position, entity };
    sent.push(one);
    const status = played.answer(one);
    if (status === undefined) return new Promise(() => undefined);
    return { kind: 'answered', answer: { status, headers: played.headers }, text: '', durationMs: 1 };
  };
  const secrets = {
    signingKeys: () => Promise.resolve({ secrets: [new Uint8Array(32)], pairs: [] }),
    forget: () => Promise.resolve(),
  };
  const webhooks = { send, secrets, allowed: new Set<never>(), origin: 'ledger.test/main' };
  const fixture = await createFixture({ webhooks, onWebhook: (change) => void changes.push(change) });
  const played: Played = { fixture, sent, changes, answer: () => 200, headers: {} };
  return played;
}

const hook = (id: string, { target = {}, ...settings }: { target?: object; [name: string]: unknown } = {}) => ({
  ...subscription(id, { ...settings, target: { kind: 'webhook', url: `https://${id}.test/`, ...target } }),
  verifiedAt: checked<IsoInstant>('2026-11-21T09:00:00.000Z'),
});
const NO_BREAKER = { breaker: { failures: 1_000 } };

describe('the schedule', () => {
  it('is kept over 30 simulated hours: none before its time, none more than a fifth of the wait later', async () => {
    const played = await play();
    const { fixture, sent } = played;
    played.answer = () => 500;
    await fixture.publish('a');
    await fixture.bus.attach(hook('s', NO_BREAKER));
    for (let minutes = 0; minutes < 40 * 60; minutes++) await fixture.clock.advance(60_000);
    const waits = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
    expect(sent).toHaveLength(8);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    waits.forEach((seconds, i) => {
      const waited = ((sent[i + 1]?.at ?? 0) - (sent[i]?.at ?? 0)) / 1_000;
      expect(waited).toBeGreaterThanOrEqual(seconds);
      expect(waited).toBeLessThanOrEqual(seconds * 1.2 + 1);
    });
    expect(await fixture.bus.deadLetters('s', { limit: 10 })).toMatchObject([{ position: 1, attempts: 8 }]);
    await close(fixture);
  });

  it('is put off as long as Retry-After says, for the whole receiver', async () => {
    const played = await play();
    const { fixture, sent } = played;
    played.answer = () => (sent.length === 1 ? 429 : 200);
    played.headers = { 'retry-after': '7200' };
    await fixture.bus.attach(hook('s', { target: { concurrency: 1 } }));
    await fixture.publish('a', 'b', 'c');
    await fixture.clock.advance(2 * HOUR - 1_000);
    expect(sent).toHaveLength(1);
    await fixture.clock.advance(2_000);
    expect(sent).toHaveLength(4);
    await close(fixture);
  });
});

describe('a rate', () => {
  it('is kept, evenly and by attempts after a failure too, and a change of it counts at once', async () => {
    const played = await play();
    const { fixture, sent } = played;
    played.answer = ({ position }) => (position % 3 === 0 ? 500 : 200);
    const slow = hook('s', { ...NO_BREAKER, target: { rate: 4, scheduleSeconds: [0, 1, 1] } });
    await fixture.bus.attach(slow);
    await fixture.publish(...Array.from({ length: 30 }, (_, i) => `e${i}`));
    for (let ms = 0; ms < 5_000; ms += 10) await fixture.clock.advance(10);
    expect(sent.length).toBeGreaterThanOrEqual(19);
    const gaps = sent.slice(1).map(({ at }, i) => at - (sent[i]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
    const before = sent.length;
    await fixture.bus.change({ ...slow, target: { ...slow.target, rate: 1_000 } } as typeof slow);
    for (let ms = 0; ms < 5_000; ms += 10) await fixture.clock.advance(10);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(30);
    expect(sent.length - before).toBeGreaterThan(20);
    await close(fixture);
  });
});

describe("the receiver's WebHook-Allowed-Rate", () => {
  it.each([
    [undefined, undefined, 'delivered'],
    ['*', undefined, 'delivered'],
    ['120', 2, 'delivered'],
    ['120', 3, "the receiver allows 120 deliveries a minute: set the target's rate to 2 or less"],
    ['120', undefined, "the receiver allows 120 deliveries a minute: set the target's rate to 2 or less"],
    ['30', 1, 'the receiver allows 30 deliveries a minute: a webhook is not that slow'],
    ['soon', 1, 'the receiver allows soon deliveries a minute: a webhook is not that slow'],
  ])('%s is held against a rate of %s a second: %s', async (allowed, rate, verdict) => {
    const asked: Readonly<Record<string, unknown>>[] = [];
    const send: SendWebhook = async ({ headers }) => {
      asked.push(headers);
      const said = {
        'webhook-allowed-origin': '*',
        ...(allowed === undefined ? {} : { 'webhook-allowed-rate': allowed }),
      };
      return { kind: 'answered', answer: { status: 200, headers: said }, text: '', durationMs: 1 };
    };
    const secrets = {
      signingKeys: () => Promise.resolve({ secrets: [new Uint8Array(32)], pairs: [] }),
      forget: () => Promise.resolve(),
    };
    const fixture = await createFixture({
      webhooks: { send, secrets, allowed: new Set<never>(), origin: 'ledger.test/main' },
    });
    const target = { format: 'cloudevents', ...(rate === undefined ? {} : { rate }) };
    const attempt = await fixture.bus.webhooks?.challenge(hook('s', { target }) as WebhookSubscription);
    expect(attempt?.reason ?? attempt?.outcome).toBe(verdict);
    expect(asked[0]?.['webhook-request-rate']).toBe(rate === undefined ? undefined : String(rate * 60));
    await close(fixture);
  });
});

describe('an outage', () => {
  it('of three days loses none of 10,000 events: what died meanwhile comes with recover', async () => {
    const played = await play();
    const { fixture, sent } = played;
    played.answer = () => 503;
    await fixture.bus.attach(hook('s'));
    for (let i = 0; i < 100; i++) await fixture.publish(...Array.from({ length: 100 }, (_, n) => `e${n % 50}`));
    for (let hours = 0; hours < 72; hours++) await fixture.clock.advance(HOUR);
    played.answer = () => 200;
    sent.length = 0;
    await fixture.bus.webhooks?.recover('s', 0);
    await fixture.bus.reset('s');
    for (let i = 0; i < 200 && new Set(sent.map(({ position }) => position)).size < 10_000; i++)
      await fixture.clock.advance(1_000);
    expect(new Set(sent.map(({ position }) => position)).size).toBe(10_000);
    expect(await fixture.bus.deadLetters('s', { limit: 10 })).toEqual([]);
    await close(fixture);
  });

  it('of nothing but failure is told at 50, 70, 90 and 100 % of five days, once each', async () => {
    const played = await play();
    const { fixture, changes } = played;
    played.answer = () => 500;
    await fixture.bus.attach(hook('s', { ...NO_BREAKER, target: { scheduleSeconds: Array(20).fill(36_000) } }));
    await fixture.publish('a');
    for (let hours = 0; hours < 140; hours++) await fixture.clock.advance(HOUR);
    expect(changes.map((change) => change.kind === 'failing' && change.percent)).toEqual([50, 70, 90, 100]);
    await close(fixture);
  });
});

describe('a receiver that is gone', () => {
  it('is told of once, and sent nothing more, however many events were on their way', async () => {
    const played = await play();
    const { fixture, sent, changes } = played;
    played.answer = () => 410;
    await fixture.bus.attach(hook('s'));
    await fixture.publish('a', 'b', 'c', 'd');
    await fixture.clock.advance(HOUR);
    expect(changes).toMatchObject([{ kind: 'gone', reason: 'the receiver answered 410' }]);
    expect(sent.length).toBeLessThanOrEqual(4);
    await close(fixture);
  });
});

describe('receivers that hang', () => {
  it('five of ten delay none of the others', async () => {
    const played = await play();
    const { fixture, sent } = played;
    played.answer = ({ url }) => (Number(/\d/.exec(url)?.[0]) < 5 ? undefined : 200);
    for (let i = 0; i < 10; i++) await fixture.bus.attach(hook(`s${i}`));
    await fixture.publish(...Array.from({ length: 300 }, (_, n) => `e${n}`));
    await fixture.clock.advance(100);
    for (let i = 0; i < 10; i++)
      expect(sent.filter(({ url }) => url === `https://s${i}.test/`)).toHaveLength(i < 5 ? 10 : 300);
  });
});

describe('a store that refuses', () => {
  it('a write after a failure does not stop the deliveries for ever', async () => {
    const played = await play();
    const { fixture, sent } = played;
    played.answer = () => (sent.length === 1 ? 500 : 200);
    await fixture.bus.attach(hook('s'));
    let refusals = 3;
    fixture.store.faults.before = (what) => {
      if (what === 'write' && sent.length > 0 && refusals-- > 0) throw new Error('disk full');
    };
    await fixture.publish('a');
    await fixture.clock.advance(60_000);
    expect(sent.map(({ position }) => position)).toEqual([1, 1]); // 0 is the session key's
    expect(fixture.errors.length).toBeGreaterThan(0);
    await close(fixture);
  });

  it('only the word of a write, which was persisted, costs no event and no order', async () => {
    const played = await play();
    const { fixture, sent } = played;
    await fixture.bus.attach(hook('s', { order: 'entity' }));
    let refusals = 3;
    fixture.store.faults.after = (what) => {
      if (what === 'write' && refusals-- > 0) throw new Error('no answer');
    };
    await fixture.publish('a', 'a', 'a', 'a');
    await fixture.clock.advance(60_000);
    expect(sent.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
    await close(fixture);
  });
});

describe('recovering', () => {
  it('while the log is still being read loses nothing', async () => {
    const played = await play();
    const { fixture, sent } = played;
    await fixture.publish(...Array.from({ length: 3_000 }, (_, n) => `e${n}`));
    await fixture.restart();
    await fixture.bus.attach(hook('s', { order: 'entity' }));
    await fixture.clock.advance(0);
    const recovering = fixture.bus.webhooks?.recover('s', 0);
    await fixture.clock.advance(5_000);
    await recovering;
    await fixture.clock.advance(5_000);
    expect(new Set(sent.map(({ position }) => position)).size).toBe(3_000);
    await flush(fixture);
    await close(fixture);
  });
});
