/** Subscriptions on EventBridge and SQS, made and removed while events flow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ListRulesCommand, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueUrlCommand, ListQueuesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IsoInstant, LeafHash } from '../../core/brands/index.ts';
import { DynamoDeliveryNotes } from '../../adapters/aws/bus/delivery-notes.ts';
import { DynamoLogPositions } from '../../adapters/aws/bus/log-positions.ts';
import { queueName, ruleName } from '../../adapters/aws/bus/names.ts';
import { DynamoRelayMarks, type RecordedPlace } from '../../adapters/aws/relay/relay-marks.ts';
import { dynamoClient } from '../../adapters/aws/wiring/clients.ts';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { createSequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import { busRules, type DeadLetter } from '../../core/events/index.ts';
import { createScratchTables, type ScratchTables } from './support/scratch-tables.ts';
import { BusFixture, ids, LEDGER, receipts } from './support/bus-fixture.ts';
import { checked } from '../support/checked.ts';

const RETRY = { maxAttempts: 2, baseMs: 1, maxMs: 1 };

describe('the bus on AWS', () => {
  let fixture: BusFixture;
  beforeAll(async () => {
    fixture = await new BusFixture().open();
  });
  afterAll(async () => {
    await fixture.close();
    expect(fixture.errors).toEqual([]);
  });

  it('delivers to a subscription made at runtime what it wants, and nothing else, each once', async () => {
    await fixture.subscribe('a.b', {
      topics: ['orders.*'],
      filter: { detail: { payload: { amount: [{ numeric: ['>', 10] }] } }, time: [{ prefix: '20' }] },
    });
    const [, wanted, , big] = await fixture.publish(
      { payload: { amount: 5 } },
      { payload: { amount: 11 } },
      { payload: { amount: 50 }, topic: 'other.new' },
      { payload: { amount: 50 }, entity: 'f' },
    );
    const messages = await fixture.pull('a.b', 2);
    expect(ids(messages).sort()).toEqual([wanted, big].sort());
    expect(messages[0]).toMatchObject({ attempt: 1, event: { source: 'shop', ledger: { hash: /^[0-9a-f]{64}$/ } } });
    expect(await fixture.bus.stats()).toMatchObject([{ subscription: 'a.b', inFlight: 2, backlog: 0 }]);
    expect(await fixture.bus.ack('a.b', receipts(messages))).toEqual({ stale: [] });
    expect(await fixture.bus.receive('a.b', { max: 10, waitMs: 0 })).toEqual([]);
    expect(await fixture.bus.ack('a.b', ['junk', 'e30'])).toEqual({ stale: ['junk', 'e30'] });
    await fixture.unsubscribe('a.b');
  });

  it('W4: what EventBridge lost on the way to a queue arrives again, from the ledger and under the same id', async () => {
    const subscription = await fixture.subscribe('lossy', { topics: ['orders.*'] });
    await fixture.pastRules();
    const [id] = await fixture.publish({ entity: 'lost', payload: { amount: 7 } });
    const [first] = await fixture.pull('lossy', 1);
    await fixture.bus.ack('lossy', receipts(first === undefined ? [] : [first]));
    // It had not arrived, and EventBridge says so as it does; somebody had his hands on the message.
    const queue = queueName(fixture.subscriptionPrefix, subscription);
    await fixture.sqs.send(
      new SendMessageCommand({
        QueueUrl: fixture.undeliveredUrl,
        MessageBody: JSON.stringify({ detail: { ...first?.event, payload: { amount: 1_000 } } }),
        MessageAttributes: {
          ERROR_CODE: { DataType: 'String', StringValue: 'NO_PERMISSIONS' },
          TARGET_ARN: { DataType: 'String', StringValue: `arn:aws:sqs:us-east-1:000000000000:${queue}` },
        },
      }),
    );
    expect(await fixture.reconcile({ kind: 'all' })).toMatchObject({ refed: 1, failed: [] });
    const [again] = await fixture.pull('lossy', 1);
    expect(again?.event).toMatchObject({ eventId: id, payload: { amount: 7 }, ledger: first?.event.ledger });
    expect(await fixture.reconcile({ kind: 'all' })).toMatchObject({ refed: 0 });
    await fixture.unsubscribe('lossy');
  });

  it('makes a poison message a dead letter, which can be delivered again', async () => {
    await fixture.subscribe('poison', { topics: ['*'], retry: RETRY });
    const [id] = await fixture.publish({ topic: 'other.new' });
    for (const attempt of [1, 2]) {
      const [message] = await fixture.pull('poison', 1);
      expect(message?.attempt).toBe(attempt);
      const receipt = message?.receipt ?? '';
      expect(await fixture.bus.nack('poison', [receipt, receipt], { reason: `no ${attempt}` })).toEqual({ stale: [] });
    }
    const letters = await fixture.bus.deadLetters('poison', { limit: 10 });
    expect(letters).toMatchObject([{ attempts: 2, reason: 'no 2', event: { eventId: id } }]);
    const [letter] = letters as [DeadLetter];
    expect(await fixture.bus.trace(letter.event)).toMatchObject([
      {
        ...{ subscription: 'poison', state: 'dead-letter', attempts: 2, reason: 'no 2' },
        history: [
          { outcome: 'failed', reason: 'no 1' },
          { outcome: 'failed', reason: 'no 2' },
        ],
      },
    ]);
    expect(await fixture.bus.redrive('poison', [letter.position, 4_711])).toBe(1);
    expect(await fixture.bus.deadLetters('poison', { limit: 10 })).toEqual([]);
    const again = await fixture.pull('poison', 1);
    expect(again).toMatchObject([{ attempt: 1, event: { eventId: id } }]);
    await fixture.bus.ack('poison', receipts(again));
    await fixture.unsubscribe('poison');
  });

  it('buries what was leased too often and never settled; its receipts are stale', async () => {
    await fixture.subscribe('slow', { topics: ['*'], retry: { ...RETRY, maxAttempts: 1 }, ackTimeoutMs: 1_000 });
    const [id] = await fixture.publish({});
    const late = await fixture.pull('slow', 1);
    expect(ids(late)).toEqual([id]);
    expect(await fixture.bus.receive('slow', { max: 1, waitMs: 3_000 })).toEqual([]); // SQS moves it when asked again
    expect(await fixture.bus.ack('slow', receipts(late))).toEqual({ stale: receipts(late) });
    await fixture.writeDeadLetters(1);
    expect(await fixture.bus.deadLetters('slow', { limit: 10 })).toMatchObject([
      { attempts: 1, reason: 'not acknowledged within 1000 ms', event: { eventId: id } },
    ]);
    await fixture.unsubscribe('slow');
    expect(await fixture.bus.deadLetters('slow', { limit: 10 })).toEqual([]);
  });

  it('keeps the order of an entity while an earlier event is being retried, and holds up no other entity', async () => {
    await fixture.subscribe('ordered', { topics: ['orders.*'], order: 'entity' });
    const published = await fixture.publish({ entity: 'x' }, { entity: 'x' }, { entity: 'y' }, { entity: 'x' });
    const [x1, x2, y1, x3] = published;
    const first = await fixture.pull('ordered', 2);
    expect(ids(first).sort()).toEqual([x1, y1].sort());
    expect(await fixture.bus.receive('ordered', { max: 10, waitMs: 0 })).toEqual([]);
    const [failing = '', fine = ''] = receipts(ids(first)[0] === x1 ? first : [...first].reverse());
    await fixture.bus.nack('ordered', [failing], { reason: 'later', delayMs: 1_000 });
    await fixture.bus.ack('ordered', [fine]);
    for (const [id, attempt] of [
      [x1, 2],
      [x2, 1],
      [x3, 1],
    ] as const) {
      const [message] = await fixture.pull('ordered', 1);
      expect(message).toMatchObject({ attempt, event: { eventId: id } });
      await fixture.bus.ack('ordered', [message?.receipt ?? '']);
    }
    await fixture.unsubscribe('ordered');
  });

  it('delivers history, then live, without a gap, in order where asked', async () => {
    await fixture.subscribe('before', { topics: ['orders.*'] });
    const from = await fixture.store.size();
    const history = await fixture.publish(...Array.from({ length: 30 }, (_, i) => ({ entity: `h${i % 3}` })));
    await fixture.subscribe('unordered', { topics: ['orders.*'], startAt: from });
    await fixture.subscribe('in-order', { topics: ['orders.*'], startAt: from, order: 'entity' });
    const all = [
      ...history,
      ...(await fixture.publish(...Array.from({ length: 12 }, (_, i) => ({ entity: `h${i % 3}` })))),
    ];
    expect(new Set(ids(await fixture.pull('unordered', all.length)))).toEqual(new Set(all));
    const byEntity = new Map<string, string[]>();
    for (let got = 0; got < all.length;) {
      const messages = await fixture.pull('in-order', 3);
      got += messages.length;
      for (const { event } of messages)
        byEntity.set(event.entityId, [...(byEntity.get(event.entityId) ?? []), event.eventId]);
      await fixture.bus.ack('in-order', receipts(messages));
    }
    for (const entity of ['h0', 'h1', 'h2'])
      expect(byEntity.get(entity)).toEqual(all.filter((_, i) => `h${i % 3}` === entity));
    for (const id of ['before', 'unordered', 'in-order']) await fixture.unsubscribe(id);
  });

  it('copies what was recorded while its rules settled, and then leaves it to them', async () => {
    await fixture.subscribe('settling', { topics: ['orders.*'] });
    const [id] = await fixture.publish({});
    await fixture.bus.ack('settling', receipts(await fixture.pull('settling', 1)));
    await fixture.reconcile({ kind: 'all' });
    const copies = await fixture.pull('settling', 1); // a second delivery of the same event: at least once
    expect(ids(copies)).toEqual([id]);
    await fixture.bus.ack('settling', receipts(copies));
    fixture.aheadMs = 10 * 60_000;
    await fixture.reconcile({ kind: 'all' });
    fixture.aheadMs = 0;
    const [live] = await fixture.publish({});
    await fixture.reconcile({ kind: 'all' });
    expect(ids(await fixture.pull('settling', 1))).toEqual([live]);
    expect(await fixture.bus.receive('settling', { max: 10, waitMs: 1_000 })).toEqual([]);
    await fixture.unsubscribe('settling');
  });

  it('pauses without losing anything', async () => {
    for (const order of ['none', 'entity'] as const) {
      await fixture.subscribe('pausing', { topics: ['orders.*'], order });
      await fixture.setStatus('pausing', 'paused');
      const [id] = await fixture.publish({});
      expect(await fixture.bus.receive('pausing', { max: 1, waitMs: 500 })).toEqual([]);
      await expect(fixture.bus.redrive('pausing')).rejects.toThrow(/paused: resume it/);
      await fixture.setStatus('pausing', 'active');
      expect(ids(await fixture.pull('pausing', 1))).toEqual([id]);
      await fixture.unsubscribe('pausing');
    }
  });

  it('delivers to a targeted subscription what names its module', async () => {
    await fixture.subscribe('mine', { topics: ['orders.*'], mode: 'targeted' });
    const [, mine] = await fixture.publish({ metadata: { targets: ['other'] } }, { metadata: { targets: ['m'] } }, {});
    const messages = await fixture.pull('mine', 1);
    expect(ids(messages)).toEqual([mine]);
    await fixture.bus.ack('mine', receipts(messages));
    expect(await fixture.bus.receive('mine', { max: 10, waitMs: 1_000 })).toEqual([]);
    await fixture.unsubscribe('mine');
  });

  it('holds events back for their delay, counted from when they were recorded', async () => {
    const from = await fixture.store.size();
    const [old] = await fixture.publish({ entity: 'old' });
    await sleep(4_000);
    for (const [id, order] of [
      ['late', 'none'],
      ['late-in-order', 'entity'],
    ] as const) {
      const isFifo = order === 'entity'; // whose messages are all delayed alike
      await fixture.subscribe(id, { topics: ['orders.*'], startAt: from, order, delayMs: 4_000 });
      if (!isFifo) expect(ids(await fixture.bus.receive(id, { max: 10, waitMs: 1_000 }))).toEqual([old]);
      const publishedAt = Date.now();
      const [fresh] = await fixture.publish({ entity: id });
      const got = await fixture.pull(id, isFifo ? 3 : 1);
      expect(ids(got).at(-1)).toBe(fresh);
      expect(Date.now() - publishedAt).toBeGreaterThan(3_900);
      await fixture.bus.ack(id, receipts(got));
      await fixture.unsubscribe(id);
    }
  });

  it('makes batches that are full or old enough', async () => {
    await fixture.subscribe('batches', {
      topics: ['orders.*'],
      mode: 'buffered',
      buffer: { maxSize: 3, maxDelayMs: 5_000 },
    });
    const published = await fixture.publish({}, {}, {}, {});
    const full = await fixture.bus.receive('batches', { max: 10, waitMs: 5_000 });
    expect(full).toHaveLength(3);
    const rest = await fixture.bus.receive('batches', { max: 10, waitMs: 5_000 });
    expect(new Set(ids([...full, ...rest]))).toEqual(new Set(published));
    expect(await fixture.bus.ack('batches', receipts([...full, ...rest]))).toEqual({ stale: [] });
    await fixture.unsubscribe('batches');
  });

  it('holds events back while a breaker is open', async () => {
    const breaker = { failures: 2, probeAfterMs: 3_600_000 };
    await fixture.subscribe('broken', { topics: ['orders.*'], breaker });
    await fixture.publish({}, {}, {});
    const [first, second] = receipts(await fixture.pull('broken', 2));
    await fixture.bus.nack('broken', [first ?? '', second ?? ''], { reason: 'no', delayMs: 1 });
    expect(await fixture.bus.receive('broken', { max: 10, waitMs: 2_000 })).toEqual([]);
    expect(await fixture.bus.stats()).toMatchObject([{ breaker: 'open' }]);
    await fixture.bus.reset('broken');
    const all = await fixture.pull('broken', 3);
    expect(all).toHaveLength(3);
    await fixture.bus.ack('broken', receipts(all));
    await fixture.unsubscribe('broken');
  });

  it('puts junk aside', async () => {
    const subscription = await fixture.subscribe('junk', { topics: ['orders.*'] });
    const QueueName = queueName(fixture.subscriptionPrefix, subscription);
    const { QueueUrl } = await fixture.sqs.send(new GetQueueUrlCommand({ QueueName }));
    for (const MessageBody of ['{"subscription":"junk","event":{}}', 'no json'])
      await fixture.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    expect(await fixture.bus.receive('junk', { max: 10, waitMs: 1_000 })).toEqual([]);
    const kept = await fixture.store.list(`${LEDGER}#quarantine`, { limit: 10 });
    expect(kept.map(({ value }) => (value as { event: string }).event).sort()).toEqual([
      'no json',
      '{"subscription":"junk","event":{}}',
    ]);
    await fixture.unsubscribe('junk');
  });

  it("removes rules and queues with the subscription, repairs what is missing and removes what is nobody's", async () => {
    const subscription = await fixture.subscribe('gone', { topics: ['*'] });
    const name = ruleName(fixture.subscriptionPrefix, subscription);
    expect(await existing(fixture)).toEqual({ rules: [name, name, name], queues: [name] });
    await fixture.store.write([{ kind: 'delete', key: { pk: `${LEDGER}#subscription`, sk: 'gone' }, expect: 'any' }]);
    expect(await fixture.reconcile({ kind: 'all' })).toMatchObject({ removed: 1, failed: [] });
    expect(await existing(fixture)).toEqual({ rules: [], queues: [] });

    const kept = await fixture.subscribe('kept', { topics: ['orders.*'] });
    await fixture.reconcile({ kind: 'teardown' });
    expect(await existing(fixture)).toEqual({ rules: [], queues: [] });
    // W10: a run that comes late must not bring back what was removed for good.
    expect(await fixture.reconcile({ kind: 'all' })).toMatchObject({ made: 0, failed: [{ subscription: 'kept' }] });
    expect(await existing(fixture)).toEqual({ rules: [], queues: [] });
    await fixture.reconcile({ kind: 'open' });
    expect(await fixture.reconcile({ kind: 'all' })).toMatchObject({ made: 1, removed: 0, failed: [] });
    expect(await fixture.reconcile({ kind: 'all' })).toMatchObject({ made: 0, removed: 0, failed: [] });
    const again = ruleName(fixture.subscriptionPrefix, kept);
    expect(await existing(fixture)).toEqual({ rules: [again], queues: [again] });
    await fixture.unsubscribe('kept');
    expect(await existing(fixture)).toEqual({ rules: [], queues: [] });
  });

  it('writes rules the service understands as we do', async () => {
    const [rule] = busRules(
      LEDGER,
      { topics: ['orders.new', 'orders.paid.*'], filter: { detail: { payload: { a: [{ 'anything-but': ['x'] }] } } } },
      ['orders'],
    );
    const matches = async (topic: string, a: string): Promise<boolean | undefined> => {
      const event = {
        ...{ id: '1', account: '000000000000', region: 'us-east-1', time: '2026-11-21T09:00:00Z', resources: [] },
        ...{ source: 'nervous.main.shop', 'detail-type': topic, detail: { payload: { a } } },
      };
      const command = new TestEventPatternCommand({
        EventPattern: JSON.stringify(rule?.patterns[0]),
        Event: JSON.stringify(event),
      });
      return (await fixture.events.send(command)).Result;
    };
    expect(await matches('orders.new', 'y')).toBe(true);
    expect(await matches('orders.new', 'x')).toBe(false);
    expect(await matches('orders.paid.late', 'y')).toBe(true);
    expect(await matches('orders.paid', 'y')).toBe(false);
  });
});

describe('what the bus keeps in DynamoDB', () => {
  let tables: ScratchTables;
  beforeAll(async () => {
    tables = await createScratchTables();
  });
  afterAll(() => tables.drop());

  it('finds relay marks again by the minute of recording, and log indexes by place', async () => {
    const { entriesTable, stateTable } = tables;
    const client = dynamoClient();
    const ledger = 'marks';
    const store = new DynamoStore({ client, entriesTable, stateTable, ledger });
    const marks = new DynamoRelayMarks({ client, stateTable, ledger, items: store });
    const place = (seq: number, at: string): RecordedPlace => ({ chain: 'module/shop', seq, at });
    const late = Array.from({ length: 1_500 }, (_, i) => place(i + 2, '2026-11-21T09:01:59.999Z'));
    await marks.write([place(0, '2026-11-21T09:00:59.999Z'), place(1, '2026-11-21T09:01:00.000Z'), ...late]);
    const asked = [place(0, '2026-11-21T09:00:00.000Z'), place(9_999, '2026-11-21T09:02:00.000Z')];
    expect([...(await marks.read(asked))]).toEqual(['module/shop#0']);
    expect((await marks.read(late)).size).toBe(1_501);

    const hash = Buffer.alloc(32, 1);
    await store.commit([
      {
        entries: [{ chain: 'e', seq: 0, note: Buffer.from('n'), hash: checked<LeafHash>(hash), idemKey: undefined }],
        writes: [],
      },
    ]);
    const positions = new DynamoLogPositions({ client, stateTable, ledger });
    expect(await positions.positionOf('e', 0)).toBeUndefined();
    await createSequencer({ store }).sequence([{ chain: 'e', seq: 0 }]);
    expect(await positions.positionOf('e', 0)).toBe(0);
    expect(await positions.positionOf('e', 1)).toBeUndefined();
  });

  it('finds notes on a delivery again, oldest first, and those of a subscription made anew apart', async () => {
    const notes = new DynamoDeliveryNotes({ client: dynamoClient(), stateTable: tables.stateTable, ledger: 'notes' });
    const subscription = { id: 's', createdAt: checked<IsoInstant>('2026-11-21T09:00:00.000Z') };
    const places = Array.from({ length: 25 }, (_, seq) => ({ chain: 'e', seq }));
    const failed = { at: checked<IsoInstant>('2026-11-21T09:00:01.000Z'), outcome: 'failed', reason: 'no' } as const;
    const delivered = { at: checked<IsoInstant>('2026-11-21T09:00:02.000Z'), outcome: 'delivered' } as const;
    await notes.add(subscription, places, failed);
    await notes.add(subscription, places.slice(24), delivered);
    expect(await notes.read(subscription, { chain: 'e', seq: 24 })).toEqual([failed, delivered]);
    expect(await notes.read(subscription, { chain: 'e', seq: 25 })).toEqual([]);
    expect(
      await notes.read({ ...subscription, createdAt: checked<IsoInstant>(delivered.at) }, { chain: 'e', seq: 24 }),
    ).toEqual([]);
  });
});

async function existing(fixture: BusFixture): Promise<{ rules: string[]; queues: string[] }> {
  const rules: string[] = [];
  for (const domain of ['orders', 'other', 'aws']) {
    const { Rules = [] } = await fixture.events.send(
      new ListRulesCommand({ EventBusName: `${fixture.prefix}-${domain}`, NamePrefix: fixture.subscriptionPrefix }),
    );
    rules.push(...Rules.map(({ Name = '' }) => Name));
  }
  const { QueueUrls = [] } = await fixture.sqs.send(
    new ListQueuesCommand({ QueueNamePrefix: `${fixture.subscriptionPrefix}-` }),
  );
  return { rules, queues: QueueUrls.map((url) => url.split('/').at(-1) ?? '') };
}
