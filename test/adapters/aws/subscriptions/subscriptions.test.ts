/** Ways to subscribe on AWS: what is wanted when it is received, when a batch goes, and when nothing does. */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import { describe, expect, it, vi } from 'vitest';
import type { ChainHash, LeafHash } from '../../../../core/brands/index.ts';
import { refusal } from '../../../../adapters/aws/bus/refusal.ts';
import {
  NOT_READABLE,
  type BreakerChange,
  type DeliveredEvent,
  type DeliveryFacts,
  type SubscriptionInput,
} from '../../../../core/events/index.ts';
import { subscriptionFor } from '../../../lambdas/bus-fixture.ts';
import { fakeStore } from '../fake-store.ts';
import { createQueuesFixture, message } from './queues-fixture.ts';
import { checked } from '../../../support/checked.ts';

const TOPICS = { topics: ['orders.*'] };
const NOW = { max: 10, waitMs: 0 };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

type Fixture = ReturnType<typeof createQueuesFixture>;

/** Every wait that SQS is asked for takes its time when nothing is there. */
function queuedInTime({ sqs, clock }: Fixture, ...answers: (readonly Message[])[]): void {
  let call = 0;
  sqs.on(ReceiveMessageCommand).callsFake(async ({ WaitTimeSeconds }: { WaitTimeSeconds: number }) => {
    const Messages = answers[call++] ?? [];
    if (Messages.length === 0) await clock.advance(WaitTimeSeconds * 1_000);
    return { Messages };
  });
}

const deletedHandles = ({ sqs }: Fixture): (string | undefined)[] =>
  sqs
    .commandCalls(DeleteMessageBatchCommand)
    .flatMap(({ args }) => args[0].input.Entries ?? [])
    .map(({ ReceiptHandle }) => ReceiptHandle);

describe('what AWS cannot do', () => {
  it.each<[string, Partial<SubscriptionInput>, string]>([
    ['longer delays than SQS has', { delayMs: 900_001 }, '/delayMs'],
    ['batches that no request can wait for', { mode: 'buffered', buffer: { maxDelayMs: 5_001 } }, '/buffer/maxDelayMs'],
  ])('is refused: %s', (_, input, pointer) => {
    expect(refusal(subscriptionFor('s', { ...TOPICS, ...input }))).toMatchObject({ pointer, detail: /AWS|SQS/ });
  });

  it.each<Partial<SubscriptionInput>>([
    {},
    { mode: 'targeted', order: 'entity' },
    { mode: 'conditional', when: { changeSets: [{ exists: false }] } },
    { mode: 'buffered', buffer: { maxDelayMs: 5_000, startDelayMs: 86_400_000 } },
    { delayMs: 900_000 },
    { target: { kind: 'stream' } },
    { startAt: '2026-11-21T08:00:00Z' },
  ])('does not include %o', (input) => {
    expect(refusal(subscriptionFor('s', { ...TOPICS, ...input }))).toBeUndefined();
  });

  it('includes conditions where nothing can be looked at', () => {
    const conditional = subscriptionFor('s', { ...TOPICS, mode: 'conditional', when: { changeSets: ['pending'] } });
    expect(createQueuesFixture().bus.refusal(conditional)).toMatchObject({ pointer: '/mode' });
    const readFacts = vi.fn();
    expect(createQueuesFixture({ readFacts }).bus.refusal(conditional)).toBeUndefined();
  });
});

describe('a stream', () => {
  it('has no queue, no rule and no standing with an event', async () => {
    const reconcile = vi.fn(async () => undefined);
    const fixture = createQueuesFixture({ reconcile });
    await fixture.bus.attach(await fixture.subscribe({ target: { kind: 'stream' } }));
    expect(reconcile).not.toHaveBeenCalled();
    expect(await fixture.bus.trace(await fixture.publish())).toEqual([]);
    expect(await fixture.bus.stats()).toEqual([]);
  });
});

describe('a targeted subscription', () => {
  it('gets what names its module; the rest is deleted', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe({ mode: 'targeted' });
    const events = [
      await fixture.publish('a', 'orders.new', { targets: ['other', 'm'] }),
      await fixture.publish('b', 'orders.new', { targets: ['other'] }),
      await fixture.publish('c', 'orders.new'),
    ];
    fixture.queued(events.map((event) => message(event)));
    expect(await fixture.bus.receive('s', NOW)).toMatchObject([{ event: { entityId: 'a' } }]);
    expect(deletedHandles(fixture)).toEqual(events.slice(1).map(({ eventId }) => eventId));
  });
});

describe('the right to read', () => {
  it('item 9: is asked for each event when it is handed out; without it the event is deleted, and its trace says why', async () => {
    const asked: string[] = [];
    const mayRead = (subscriber: string, id: string): boolean => (asked.push(`${subscriber} ${id}`), id !== 'secret');
    const fixture = createQueuesFixture({ mayRead });
    await fixture.subscribe({});
    const events = [await fixture.publish('open'), await fixture.publish('secret')];
    fixture.queued(events.map((event) => message(event)));
    expect(await fixture.bus.receive('s', NOW)).toMatchObject([{ event: { entityId: 'open' } }]);
    expect(asked).toEqual(['m open', 'm secret']);
    expect(deletedHandles(fixture)).toEqual([events[1]?.eventId]);
    expect(await fixture.bus.trace(events[1] as DeliveredEvent)).toMatchObject([
      { state: 'skipped', history: [{ outcome: 'skipped', reason: NOT_READABLE }] },
    ]);
  });
});

describe('a conditional subscription', () => {
  const when = { changeSets: [{ exists: false }] };

  it('looks at each entity once a call, as its module, and skips what does not meet the condition', async () => {
    const asked: string[] = [];
    const readFacts = async (subscriber: string, id: string): Promise<DeliveryFacts> => {
      asked.push(`${subscriber} ${id}`);
      const changeSets = id === 'busy' ? ['pending'] : [];
      return { entity: { id, document: null, version: 0 }, changeSets, permissions: ['reads'] };
    };
    const fixture = createQueuesFixture({ readFacts });
    await fixture.subscribe({ mode: 'conditional', when });
    const events = [await fixture.publish('busy'), await fixture.publish('idle'), await fixture.publish('idle')];
    fixture.queued(events.map((event) => message(event)));
    const got = await fixture.bus.receive('s', NOW);
    expect(got.map(({ event }) => event.entityId)).toEqual(['idle', 'idle']);
    expect(deletedHandles(fixture)).toEqual([events[0]?.eventId]);
    expect(asked.sort()).toEqual(['m busy', 'm idle']);
    expect(await Promise.all(events.map((event) => fixture.bus.trace(event)))).toMatchObject([
      [{ state: 'skipped', history: [{ outcome: 'skipped' }] }],
      [{ state: 'relayed' }],
      [{ state: 'relayed' }],
    ]);
  });

  it('deletes nothing when the state cannot be read: the event comes again', async () => {
    const fixture = createQueuesFixture({ readFacts: () => Promise.reject(new Error('no state')) });
    await fixture.subscribe({ mode: 'conditional', when });
    fixture.queued([message(await fixture.publish())]);
    await expect(fixture.bus.receive('s', NOW)).rejects.toThrow('no state');
    expect(deletedHandles(fixture)).toEqual([]);
  });
});

describe('a buffered subscription', () => {
  const buffered = (maxSize: number, startDelayMs = 0): Partial<SubscriptionInput> => ({
    mode: 'buffered',
    buffer: { maxSize, maxDelayMs: 3_000, startDelayMs },
  });

  it('answers when a batch is full, whatever else is there', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe(buffered(3));
    const sentAt = fixture.clock.now();
    const events = await Promise.all(Array.from({ length: 3 }, () => fixture.publish()));
    const all = events.map((event) => message(event, event.eventId, 1, sentAt));
    queuedInTime(fixture, all.slice(0, 1), all.slice(1));
    expect(await fixture.bus.receive('s', NOW)).toHaveLength(3);
    expect(fixture.clock.now()).toBe(sentAt);
    const asked = fixture.sqs.commandCalls(ReceiveMessageCommand).map(({ args }) => args[0].input);
    // out of sight for as long as the batch may take and the consumer has
    expect(asked).toMatchObject([
      { MaxNumberOfMessages: 3, WaitTimeSeconds: 0, VisibilityTimeout: 33 },
      { MaxNumberOfMessages: 2, WaitTimeSeconds: 3 },
    ]);
  });

  it('answers when its oldest event has waited long enough, though nobody wanted to wait', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe(buffered(10));
    const sentAt = fixture.clock.now() - 1_000;
    queuedInTime(fixture, [message(await fixture.publish(), 'h', 1, sentAt)]);
    const got = await fixture.bus.receive('s', NOW);
    expect(got).toHaveLength(1);
    expect(fixture.clock.now()).toBe(sentAt + 3_000);
    // a consumer has its whole time from here on
    await fixture.clock.advance(29_000);
    expect(await fixture.bus.ack('s', [got[0]?.receipt ?? ''])).toEqual({ stale: [] });
  });

  it('is given nothing before it starts', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe(buffered(10, 60_000));
    fixture.queued([message(await fixture.publish())]);
    expect(await fixture.bus.receive('s', { max: 10, waitMs: 20_000 })).toEqual([]);
    expect(fixture.sqs.commandCalls(ReceiveMessageCommand)).toHaveLength(0);
    await fixture.clock.advance(60_000);
    expect(await fixture.bus.receive('s', NOW)).toHaveLength(1);
  });
});

describe('a delayed subscription', () => {
  it('leaves the delay to its queue, but does not delay again what is redriven', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe({ delayMs: 60_000, retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } });
    fixture.queued([message(await fixture.publish())]);
    const [dead] = await fixture.bus.receive('s', NOW);
    await fixture.bus.nack('s', [dead?.receipt ?? ''], { reason: 'no' });
    expect(await fixture.bus.redrive('s')).toBe(1);
    const [sent] = fixture.sqs.commandCalls(SendMessageBatchCommand);
    expect(sent?.args[0].input.Entries).toMatchObject([{ DelaySeconds: 0 }]);
  });
});

describe('a delivery', () => {
  it('has a span of its own in the trace of its event', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe();
    const event = await fixture.publish('e', 'orders.new', { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` });
    fixture.queued([message(event)], [message(event)], [message(await fixture.publish())]);
    const [first, second, without] = await Promise.all(
      [1, 2, 3].map(() => fixture.bus.receive('s', { ...NOW, max: 1 })),
    );
    const spans = [first, second].map((got) => got?.[0]?.traceparent);
    for (const span of spans) expect(span).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(new Set(spans).size).toBe(2);
    expect(without?.[0]).not.toHaveProperty('traceparent');
  });
});

describe('a message whose time is extended', () => {
  const MINUTE_MS = 60_000;

  it('stays out of sight for another ackTimeoutMs, under a receipt of its own, which settles it', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe({ ackTimeoutMs: MINUTE_MS });
    fixture.queued([message(await fixture.publish())]);
    const [taken] = await fixture.bus.receive('s', NOW);
    const first = taken?.receipt ?? '';
    await fixture.clock.advance(MINUTE_MS / 2);
    const { extended, stale } = await fixture.bus.extend('s', [first, 'junk']);
    expect(stale).toEqual(['junk']);
    const [kept] = extended;
    expect(kept?.was).toBe(first);
    expect(Date.parse(kept?.until ?? '')).toBe(fixture.clock.now() + MINUTE_MS);
    const [hidden] = fixture.sqs.commandCalls(ChangeMessageVisibilityBatchCommand);
    expect(hidden?.args[0].input.Entries).toMatchObject([{ VisibilityTimeout: 60 }]);
    await fixture.clock.advance(MINUTE_MS * 0.75); // the first receipt's time is over
    expect(await fixture.bus.ack('s', [first])).toEqual({ stale: [first] });
    expect(await fixture.bus.ack('s', [kept?.receipt ?? ''])).toEqual({ stale: [] });
  });

  it('cannot be kept beyond the 12 hours of SQS, counted from when it was received', async () => {
    const fixture = createQueuesFixture();
    const hourMs = 60 * MINUTE_MS;
    await fixture.subscribe({ ackTimeoutMs: 5 * hourMs });
    fixture.queued([message(await fixture.publish())]);
    let [{ receipt } = { receipt: '' }] = await fixture.bus.receive('s', NOW);
    for (const hours of [4, 2.9]) {
      await fixture.clock.advance(hours * hourMs);
      const { extended } = await fixture.bus.extend('s', [receipt]);
      receipt = extended[0]?.receipt ?? '';
      expect(receipt).not.toBe('');
    }
    await fixture.clock.advance(0.2 * hourMs); // 7.1 of 12, and it would be 12.1
    expect(await fixture.bus.extend('s', [receipt])).toEqual({ extended: [], stale: [receipt] });
    expect(await fixture.bus.ack('s', [receipt])).toEqual({ stale: [] }); // it is still out
  });

  it('is told stale when SQS has it out no more', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe();
    fixture.queued([message(await fixture.publish())]);
    const [{ receipt } = { receipt: '' }] = await fixture.bus.receive('s', NOW);
    fixture.sqs
      .on(ChangeMessageVisibilityBatchCommand)
      .resolves({ Failed: [{ Id: '0', SenderFault: true, Code: 'MessageNotInflight' }] });
    expect(await fixture.bus.extend('s', [receipt])).toEqual({ extended: [], stale: [receipt] });
    expect(await fixture.bus.extend('unknown', [receipt])).toEqual({ extended: [], stale: [receipt] });
  });
});

describe('the trace of an event', () => {
  it('shows tries that failed and the success after them, and of a success at the first try nothing', async () => {
    const fixture = createQueuesFixture();
    await fixture.subscribe();
    const [rough, smooth] = [await fixture.publish(), await fixture.publish()];
    fixture.queued([message(rough), message(smooth)], [message(rough, 'again', 2)]);
    const receipts = async (): Promise<string[]> =>
      (await fixture.bus.receive('s', { ...NOW, max: 2 })).map(({ receipt }) => receipt);
    const [failing = '', fine = ''] = await receipts();
    await fixture.bus.nack('s', [failing, 'stale'], { reason: 'no' });
    await fixture.bus.ack('s', [fine]);
    const failed = { outcome: 'failed', reason: 'no' };
    expect(await fixture.bus.trace(rough)).toMatchObject([
      { subscription: 's', state: 'retrying', attempts: 1, reason: 'no', history: [failed] },
    ]);
    await fixture.bus.ack('s', await receipts());
    expect(await fixture.bus.trace(rough)).toMatchObject([
      { state: 'delivered', history: [failed, { outcome: 'delivered' }] },
    ]);
    expect(await fixture.bus.trace(smooth)).toEqual([{ subscription: 's', state: 'relayed' }]);
  });
});

describe('a breaker', () => {
  const settings = { breaker: { failures: 2, probeAfterMs: 60_000 } };

  function createFixture() {
    const changes: BreakerChange[] = [];
    const fixture = createQueuesFixture({ onBreaker: (change) => changes.push(change) });
    let count = 0;
    const take = async (): Promise<string> => (await fixture.bus.receive('s', NOW))[0]?.receipt ?? '';
    fixture.sqs.on(ReceiveMessageCommand).callsFake(async () => ({ Messages: [message(event(), `h${count++}`)] }));
    let current: Awaited<ReturnType<Fixture['publish']>> | undefined;
    const event = (): NonNullable<typeof current> => {
      if (current === undefined) throw new Error('open the fixture first');
      return current;
    };
    const fail = async (): Promise<unknown> => fixture.bus.nack('s', [await take()], { reason: 'no' });
    const open = async (): Promise<typeof opened> => {
      await fixture.bus.attach(await fixture.subscribe(settings));
      current = await fixture.publish();
      return opened;
    };
    const opened = { ...fixture, changes, take, fail };
    return { open };
  }

  it('opens after failures in a row, holds events back, lets one through, and closes when that is acknowledged', async () => {
    const fixture = await createFixture().open();
    await fixture.fail();
    await fixture.bus.ack('s', [await fixture.take()]);
    await fixture.fail();
    expect(await fixture.bus.stats()).toMatchObject([{ breaker: 'closed' }]);
    await fixture.fail();
    expect(await fixture.bus.stats()).toMatchObject([{ breaker: 'open' }]);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(60_000);
    const probe = await fixture.bus.receive('s', NOW);
    expect(probe).toHaveLength(1);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.bus.ack('s', [probe[0]?.receipt ?? '']);
    expect(await fixture.bus.receive('s', { ...NOW, max: 1 })).toHaveLength(1);
    expect(fixture.changes).toMatchObject([
      { subscription: 's', module: 'm', from: 'closed', to: 'open', reason: 'no' },
      { from: 'open', to: 'half-open' },
      { from: 'half-open', to: 'closed' },
    ]);
    expect(await fixture.store.list('main#breaker', { limit: 1 })).toEqual([]);
  });

  it('keeps back what comes while a consumer waits and it opens', async () => {
    const fixture = await createFixture().open();
    const receipts = [await fixture.take(), await fixture.take()];
    const event = await fixture.publish();
    fixture.sqs.on(ReceiveMessageCommand).callsFake(async () => {
      await fixture.bus.nack('s', receipts, { reason: 'no' });
      return { Messages: [message(event, 'late')] };
    });
    expect(await fixture.bus.receive('s', { max: 1, waitMs: 1_000 })).toEqual([]);
    const hidden = fixture.sqs.commandCalls(ChangeMessageVisibilityBatchCommand).at(-1)?.args[0].input.Entries;
    expect(hidden).toMatchObject([{ ReceiptHandle: 'late', VisibilityTimeout: 0 }]);
  });

  it('opens again when the probe fails, and keeps the probe for the next event when there was none', async () => {
    const fixture = await createFixture().open();
    await fixture.fail();
    await fixture.fail();
    await fixture.clock.advance(60_000);
    await fixture.fail();
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.clock.advance(60_000);
    fixture.sqs.on(ReceiveMessageCommand).resolves({});
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    fixture.queued([message(await fixture.publish())]);
    expect(await fixture.bus.receive('s', NOW)).toHaveLength(1);
  });

  it('grants a probe to one of those who ask at the same time', async () => {
    const fixture = await createFixture().open();
    await fixture.fail();
    await fixture.fail();
    await fixture.clock.advance(60_000);
    const got = await Promise.all(Array.from({ length: 5 }, () => fixture.bus.receive('s', NOW)));
    expect(got.flat()).toHaveLength(1);
  });

  it('counts every failure when several are told at the same time, and those of stale receipts not at all', async () => {
    const fixture = await createFixture().open();
    const receipt = await fixture.take();
    const refused = { Id: '0', Code: 'MessageNotInflight', SenderFault: true };
    fixture.sqs.on(ChangeMessageVisibilityBatchCommand).resolves({ Successful: [], Failed: [refused] });
    await fixture.bus.nack('s', [receipt], { reason: 'no' });
    expect(await fixture.store.list('main#breaker', { limit: 1 })).toEqual([]);
    fixture.sqs.on(ChangeMessageVisibilityBatchCommand).resolves({});
    await Promise.all([fixture.fail(), fixture.fail()]);
    expect(await fixture.bus.stats()).toMatchObject([{ breaker: 'open' }]);
  });

  it.each<[string, (fixture: Fixture) => Promise<unknown>]>([
    ['reset', ({ bus }) => bus.reset('s')],
    ['a redrive', ({ bus }) => bus.redrive('s')],
    [
      'resuming',
      async ({ store, subscribe }) => {
        const value = { ...(await subscribe(settings)), resumedAt: '2026-11-21T10:00:00.000Z' } as never;
        await store.write([{ kind: 'put', key: { pk: 'main#subscription', sk: 's' }, value, expect: 'any' }]);
      },
    ],
  ])('is closed by %s', async (_, close) => {
    const fixture = await createFixture().open();
    const retry = { maxAttempts: 1, baseMs: 1, maxMs: 1 };
    await fixture.subscribe({ ...settings, retry });
    await fixture.fail();
    await fixture.fail();
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await close(fixture);
    expect(await fixture.bus.receive('s', { ...NOW, max: 1 })).toHaveLength(1);
  });

  it('is not closed by a consumer that starts again, and is gone with its subscription', async () => {
    const fixture = await createFixture().open();
    await fixture.fail();
    await fixture.fail();
    await fixture.bus.attach(await fixture.subscribe(settings));
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    await fixture.bus.detach('s');
    expect(await fixture.store.list('main#breaker', { limit: 1 })).toEqual([]);
  });
});

describe('W5: a message that was put on the queue by hand', () => {
  const forgeries: readonly (readonly [string, (real: DeliveredEvent) => DeliveredEvent, RegExp])[] = [
    [
      'about an entry that is not there',
      (real) => ({ ...real, eventId: 'x', ledger: { ...real.ledger, seq: 7 } }),
      /no event 7 of "e"/,
    ],
    [
      'about an entity that is not there',
      (real) => ({ ...real, entityId: 'f', ledger: { ...real.ledger, entity: 'f' } }),
      /no event 0 of "f"/,
    ],
    [
      'with a hash that the entry does not have',
      (real) => ({
        ...real,
        payload: { amount: 9 },
        ledger: { ...real.ledger, hash: checked<ChainHash>('0'.repeat(64)) },
      }),
      /another hash/,
    ],
  ];

  it.each(forgeries)('%s is not handed out, but named', async (_, forge, reason) => {
    const forged: string[] = [];
    const fixture = createQueuesFixture({ onForged: (subscription, why) => forged.push(`${subscription}: ${why}`) });
    await fixture.subscribe();
    const real = await fixture.publish();
    fixture.queued([message(forge(real), 'by-hand'), message(real)]);
    const received = await fixture.bus.receive('s', NOW);
    expect(received.map(({ event }) => event)).toEqual([real]);
    expect(deletedHandles(fixture)).toEqual(['by-hand']);
    expect(forged).toEqual([expect.stringMatching(reason)]);
    const kept = await fixture.store.list('main#quarantine', { limit: 9 });
    expect(kept.map(({ value }) => value)).toEqual([
      expect.objectContaining({ reason: expect.stringMatching(/^forged, in the queue of subscription "s"/) as string }),
    ]);
  });

  it('W11: is looked for with one read, without the log index that nobody needs then', async () => {
    const { store, dynamo } = fakeStore();
    const ofFixture = createQueuesFixture();
    const fixture = createQueuesFixture({ entries: ofFixture.store, recorded: store.withoutIndex });
    await fixture.subscribe();
    const real = await fixture.publish();
    const [{ note, hash } = { note: Buffer.alloc(0), hash: Buffer.alloc(0) }] = await fixture.store.read('e', 0, 1);
    await store.commit([
      { entries: [{ chain: 'e', seq: 0, idemKey: undefined, note, hash: checked<LeafHash>(hash) }], writes: [] },
    ]);
    dynamo.requests.length = 0;
    fixture.queued([message(real)]);
    expect((await fixture.bus.receive('s', NOW)).map(({ event }) => event)).toEqual([real]);
    expect(dynamo.requests.map(({ operation }) => operation)).toEqual(['Query']);
  });

  it('with the hash of an entry and another payload is named, and what the entry says is handed out', async () => {
    const forged: string[] = [];
    const fixture = createQueuesFixture({ onForged: (_, why) => forged.push(why) });
    await fixture.subscribe();
    const real = await fixture.publish();
    fixture.queued([message({ ...real, payload: { amount: 1_000_000 }, source: 'bank' })]);
    expect((await fixture.bus.receive('s', NOW)).map(({ event }) => event)).toEqual([real]);
    expect(forged).toEqual([expect.stringContaining('says something else')]);
  });
});
