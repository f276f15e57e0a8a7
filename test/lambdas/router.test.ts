/** Subscriptions in entity order are fed from the log: in order, without a gap, whatever breaks. */
import { GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { IsoInstant } from '../../core/brands/index.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { entryKey, noteAttribute, type Attributes } from '../../adapters/aws/dynamo/dynamo-items.ts';
import type { StoredEntry } from '../../core/ledger/index.ts';
import { LogFeed } from '../../adapters/aws/bus/feed.ts';
import { PushedItems } from '../../adapters/aws/pushed/pushed-items.ts';
import { parseMessage } from '../../adapters/aws/bus/message.ts';
import { QueueUrls } from '../../adapters/aws/bus/queue-urls.ts';
import type { Subscription, SubscriptionInput } from '../../core/events/index.ts';
import { createRouter } from '../../lambdas/router/route.ts';
import { createBusFixture, storedSubscription, subscriptionFor } from './bus-fixture.ts';
import { checked } from '../support/checked.ts';

async function createFixture(...ids: string[]) {
  const fixture = createBusFixture();
  const client = new SQSClient({ region: 'us-east-1' });
  const sqs = mockClient(client);
  const [sent, errors] = [new Array<string>(), new Array<string>()];
  /** queues that refuse; a queue is named by its subscription's position in `ids` */
  const broken = new Set<string>();
  sqs.on(GetQueueUrlCommand).callsFake(({ QueueName }: { QueueName: string }) => ({ QueueUrl: QueueName }));
  sqs.on(SendMessageBatchCommand).callsFake(({ Entries }: { Entries: { MessageBody: string }[] }) => {
    for (const { MessageBody } of Entries) {
      const message = parseMessage(MessageBody);
      if (broken.has(message?.subscription ?? '')) throw new Error('queue broken');
      sent.push(`${message?.subscription}:${message?.event.eventId}`);
    }
    return {};
  });
  const feed = new LogFeed({
    ...{ ledger: 'main', items: fixture.store, entries: fixture.store, clock: fixture.clock, queues: client },
    urls: new QueueUrls(client, 'p'),
  });
  const sequenced = { yes: true };
  const pushed = new PushedItems({ ledger: 'main', items: fixture.store });
  const woken: string[] = [];
  const route = createRouter({
    ...{ ledger: 'main', feed, clock: fixture.clock, pushed },
    wake: async (ids) => void woken.push(...ids),
    directory: new SubscriptionDirectory({ ledger: 'main', items: fixture.store }),
    positions: { positionOf: async (...place) => (sequenced.yes ? fixture.positions.positionOf(...place) : undefined) },
    onError: (id) => errors.push(id),
  });
  const settings: SubscriptionInput = { topics: ['orders.*'], order: 'entity', startAt: 'earliest' };
  for (const id of ids) {
    await fixture.store.write([storedSubscription(id, settings)]);
    await feed.begin(subscriptionFor(id, settings));
  }
  return {
    ...{ ...fixture, sent, errors, broken, sequenced, feed, pushed, woken },
    subscription: (id: string): Subscription => subscriptionFor(id, settings),
    /** the stream tells of everything recorded so far */
    route: (withImages = false) =>
      route({
        Records: fixture.store.log.map(({ chain, seq, note, hash }) => ({
          eventName: 'INSERT',
          dynamodb: {
            Keys: { pk: { S: `main#${chain}` }, sk: { N: String(seq) } },
            ...(withImages && { NewImage: imageOf({ chain, seq, note, hash }) }),
          },
        })),
      }),
  };
}

/** As Lambda hands it over: binary as base64 text, a long note packed. */
function imageOf({
  chain,
  seq,
  note,
  hash,
}: Pick<StoredEntry, 'chain' | 'seq' | 'note' | 'hash'>): Record<string, never> {
  const attributes: Attributes = { ...entryKey('main', chain, seq), ...noteAttribute(note), h: { B: hash } };
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
    ]),
  ) as Record<string, never>;
}

describe('the router', () => {
  it('feeds every ordered subscription once from the log, in its order', async () => {
    const fixture = await createFixture('s', 't');
    await fixture.publish('a');
    await fixture.publish('b');
    await fixture.publish('a', 'other.new');
    await fixture.route();
    await fixture.publish('a');
    await fixture.route();
    await fixture.route();
    expect(fixture.sent.filter((one) => one.startsWith('s'))).toEqual(['s:event-1', 's:event-2', 's:event-4']);
    expect(fixture.sent.filter((one) => one.startsWith('t'))).toEqual(['t:event-1', 't:event-2', 't:event-4']);
  });

  it('V9: steps over an entry whose event is nonsense and keeps it where auditors look', async () => {
    const fixture = await createFixture('s');
    await fixture.publish('a', 'NOT A TOPIC');
    await fixture.publish('a');
    await fixture.route();
    expect(fixture.sent).toEqual(['s:event-2']);
    const kept = await fixture.store.list('main#quarantine', { limit: 10 });
    expect(kept.map(({ value }) => value)).toMatchObject([{ event: { entity: 'a', seq: 0 } }]);
  });

  it('throws while the entries of the batch are not in the log, and has then sent nothing', async () => {
    const fixture = await createFixture('s');
    await fixture.publish();
    fixture.sequenced.yes = false;
    const routing = fixture.route();
    routing.catch(() => undefined);
    fixture.clock.sleep = () => fixture.clock.advance(1_000);
    await expect(routing).rejects.toThrow(/not in the log yet/);
    expect(fixture.sent).toEqual([]);
    fixture.sequenced.yes = true;
    await fixture.route();
    expect(fixture.sent).toEqual(['s:event-1']);
  });

  it('asks for nothing when no subscription is ordered', async () => {
    const fixture = await createFixture();
    await fixture.publish();
    fixture.sequenced.yes = false;
    await fixture.route();
    expect(fixture.sent).toEqual([]);
  });

  it('wakes those that are sent to and want one of the topics, when the entries are in the log, and no others', async () => {
    const fixture = await createFixture();
    for (const [id, topics] of Object.entries({ all: ['*'], orders: ['orders.*'], other: ['other.new'] }))
      await fixture.pushed.begin(subscriptionFor(id, { topics, target: { kind: 'function', name: 'f' } }));
    await fixture.publish('a');
    fixture.sequenced.yes = false;
    const routing = fixture.route(true);
    routing.catch(() => undefined);
    fixture.clock.sleep = () => fixture.clock.advance(1_000);
    await expect(routing).rejects.toThrow(/not in the log yet/);
    expect(fixture.woken).toEqual([]);
    fixture.sequenced.yes = true;
    await fixture.route(true);
    expect(fixture.woken).toEqual(['all', 'orders']);
    fixture.woken.length = 0;
    await fixture.route(); // without the images: it cannot tell
    expect(fixture.woken).toEqual(['all', 'orders', 'other']);
  });

  it('holds up no subscription for a broken one; the batch comes again only when none could be fed', async () => {
    const fixture = await createFixture('s', 't');
    await fixture.publish();
    fixture.broken.add('s');
    await fixture.route();
    expect(fixture.sent).toEqual(['t:event-1']);
    expect(fixture.errors).toEqual(['s']);
    fixture.broken.add('t');
    await fixture.publish();
    await expect(fixture.route()).rejects.toThrow('no subscription could be fed');
    fixture.broken.clear();
    await fixture.route();
    expect(fixture.sent.filter((one) => one.startsWith('s'))).toEqual(['s:event-1', 's:event-2']);
    expect(fixture.sent.filter((one) => one.startsWith('t'))).toEqual(['t:event-1', 't:event-2']);
  });

  it('feeds nothing to a paused subscription and all of it when it is resumed', async () => {
    const fixture = await createFixture('s');
    await fixture.store.write([
      storedSubscription('s', { topics: ['orders.*'], order: 'entity', startAt: 'earliest' }, { status: 'paused' }),
    ]);
    await fixture.publish();
    await fixture.route();
    expect(fixture.sent).toEqual([]);
    await fixture.store.write([
      storedSubscription('s', { topics: ['orders.*'], order: 'entity', startAt: 'earliest' }),
    ]);
    await fixture.publish();
    await fixture.route();
    expect(fixture.sent).toEqual(['s:event-1', 's:event-2']);
  });

  it('sends again, in order, what it had sent when its cursor could not be written', async () => {
    const fixture = await createFixture('s');
    await fixture.publish();
    let left = 1;
    fixture.store.faults.before = (what) => {
      if (what === 'write' && left-- > 0) throw new Error('broken');
    };
    await expect(fixture.route()).rejects.toThrow('no subscription could be fed');
    await fixture.publish();
    await fixture.route();
    expect(fixture.sent).toEqual(['s:event-1', 's:event-1', 's:event-2']); // SQS drops the repetition
  });

  it('gives a subscription that starts now nothing that was acknowledged before, whenever that gets its log index', async () => {
    const fixture = await createFixture('s');
    await fixture.publish();
    await fixture.clock.advance(1_000);
    const createdAt = new Date(fixture.clock.now()).toISOString();
    const late = {
      ...fixture.subscription('s'),
      id: 'late',
      startAt: 'latest',
      createdAt: checked<IsoInstant>(createdAt),
    } as const;
    await fixture.feed.begin(late);
    await fixture.publish();
    await fixture.feed.advance(late, Infinity);
    expect(fixture.sent).toEqual(['late:event-2']);
  });

  it('copies again what SQS forgot of a pause longer than it keeps messages, and nothing after a shorter one', async () => {
    const fixture = await createFixture();
    const unordered = subscriptionFor('u', { topics: ['orders.*'], startAt: 'earliest' });
    const days = (count: number): Promise<void> => fixture.clock.advance(count * 86_400_000);
    await fixture.feed.begin(unordered);
    await fixture.publish();
    await fixture.feed.advance(unordered, Infinity);
    await days(1);
    await fixture.feed.advance(unordered, Infinity); // the rules have taken over
    for (const [pausedDays, copied] of [
      [12, []],
      [14, ['u:event-3']],
    ] as const) {
      fixture.sent.length = 0;
      await fixture.feed.pause(unordered);
      await fixture.feed.pause(unordered);
      await fixture.publish();
      await days(pausedDays);
      await fixture.feed.begin(unordered);
      await fixture.feed.advance(unordered, Infinity);
      expect(fixture.sent).toEqual(copied);
    }
  });

  it('reads a long history to its end', async () => {
    const fixture = await createFixture('s');
    for (let i = 0; i < 600; i++) await fixture.publish(`e${i % 5}`);
    await fixture.feed.advance(fixture.subscription('s'), Infinity);
    expect(fixture.sent).toHaveLength(600);
    expect(fixture.sent[599]).toBe('s:event-600');
  });
});
