/** Subscriptions in entity order are fed from the log: in order, without a gap, whatever breaks. */
import { GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { LogFeed } from '../../adapters/aws/bus/feed.ts';
import { parseMessage } from '../../adapters/aws/bus/message.ts';
import { QueueUrls } from '../../adapters/aws/bus/queue-urls.ts';
import type { Subscription, SubscriptionInput } from '../../core/events/index.ts';
import { createRouter } from '../../lambdas/router/route.ts';
import { createBusWorld, storedSubscription, subscriptionFor } from './bus-world.ts';

async function createWorld(...ids: string[]) {
  const world = createBusWorld();
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
    ...{ ledger: 'main', items: world.store, entries: world.store, clock: world.clock, queues: client },
    urls: new QueueUrls(client, 'p'),
  });
  const sequenced = { yes: true };
  const route = createRouter({
    ...{ ledger: 'main', feed, clock: world.clock },
    directory: new SubscriptionDirectory({ ledger: 'main', items: world.store }),
    positions: { positionOf: async (...place) => (sequenced.yes ? world.positions.positionOf(...place) : undefined) },
    onError: (id) => errors.push(id),
  });
  const settings: SubscriptionInput = { topics: ['orders.*'], order: 'entity', startAt: 'earliest' };
  for (const id of ids) {
    await world.store.write([storedSubscription(id, settings)]);
    await feed.begin(subscriptionFor(id, settings));
  }
  return {
    ...{ ...world, sent, errors, broken, sequenced, feed },
    subscription: (id: string): Subscription => subscriptionFor(id, settings),
    /** the stream tells of everything recorded so far */
    route: () =>
      route({
        Records: world.store.log.map(({ chain, seq }) => ({
          eventName: 'INSERT',
          dynamodb: { Keys: { pk: { S: `main#${chain}` }, sk: { N: String(seq) } } },
        })),
      }),
  };
}

describe('the router', () => {
  it('feeds every ordered subscription once from the log, in its order', async () => {
    const world = await createWorld('s', 't');
    await world.publish('a');
    await world.publish('b');
    await world.publish('a', 'other.new');
    await world.route();
    await world.publish('a');
    await world.route();
    await world.route();
    expect(world.sent.filter((one) => one.startsWith('s'))).toEqual(['s:event-1', 's:event-2', 's:event-4']);
    expect(world.sent.filter((one) => one.startsWith('t'))).toEqual(['t:event-1', 't:event-2', 't:event-4']);
  });

  it('V9: steps over an entry whose event is nonsense and keeps it where auditors look', async () => {
    const world = await createWorld('s');
    await world.publish('a', 'NOT A TOPIC');
    await world.publish('a');
    await world.route();
    expect(world.sent).toEqual(['s:event-2']);
    const kept = await world.store.list('main#quarantine', { limit: 10 });
    expect(kept.map(({ value }) => value)).toMatchObject([{ event: { entity: 'a', seq: 0 } }]);
  });

  it('throws while the entries of the batch are not in the log, and has then sent nothing', async () => {
    const world = await createWorld('s');
    await world.publish();
    world.sequenced.yes = false;
    const routing = world.route();
    routing.catch(() => undefined);
    world.clock.sleep = () => world.clock.advance(1_000);
    await expect(routing).rejects.toThrow(/not in the log yet/);
    expect(world.sent).toEqual([]);
    world.sequenced.yes = true;
    await world.route();
    expect(world.sent).toEqual(['s:event-1']);
  });

  it('asks for nothing when no subscription is ordered', async () => {
    const world = await createWorld();
    await world.publish();
    world.sequenced.yes = false;
    await world.route();
    expect(world.sent).toEqual([]);
  });

  it('holds up no subscription for a broken one; the batch comes again only when none could be fed', async () => {
    const world = await createWorld('s', 't');
    await world.publish();
    world.broken.add('s');
    await world.route();
    expect(world.sent).toEqual(['t:event-1']);
    expect(world.errors).toEqual(['s']);
    world.broken.add('t');
    await world.publish();
    await expect(world.route()).rejects.toThrow('no subscription could be fed');
    world.broken.clear();
    await world.route();
    expect(world.sent.filter((one) => one.startsWith('s'))).toEqual(['s:event-1', 's:event-2']);
    expect(world.sent.filter((one) => one.startsWith('t'))).toEqual(['t:event-1', 't:event-2']);
  });

  it('feeds nothing to a paused subscription and all of it when it is resumed', async () => {
    const world = await createWorld('s');
    await world.store.write([
      storedSubscription('s', { topics: ['orders.*'], order: 'entity', startAt: 'earliest' }, { status: 'paused' }),
    ]);
    await world.publish();
    await world.route();
    expect(world.sent).toEqual([]);
    await world.store.write([storedSubscription('s', { topics: ['orders.*'], order: 'entity', startAt: 'earliest' })]);
    await world.publish();
    await world.route();
    expect(world.sent).toEqual(['s:event-1', 's:event-2']);
  });

  it('sends again, in order, what it had sent when its cursor could not be written', async () => {
    const world = await createWorld('s');
    await world.publish();
    let left = 1;
    world.store.faults.before = (what) => {
      if (what === 'write' && left-- > 0) throw new Error('broken');
    };
    await expect(world.route()).rejects.toThrow('no subscription could be fed');
    await world.publish();
    await world.route();
    expect(world.sent).toEqual(['s:event-1', 's:event-1', 's:event-2']); // SQS drops the repetition
  });

  it('gives a subscription that starts now nothing that was acknowledged before, whenever that gets its log index', async () => {
    const world = await createWorld('s');
    await world.publish();
    await world.clock.advance(1_000);
    const createdAt = new Date(world.clock.now()).toISOString();
    const late = { ...world.subscription('s'), id: 'late', startAt: 'latest', createdAt } as const;
    await world.feed.begin(late);
    await world.publish();
    await world.feed.advance(late, Infinity);
    expect(world.sent).toEqual(['late:event-2']);
  });

  it('copies again what SQS forgot of a pause longer than it keeps messages, and nothing after a shorter one', async () => {
    const world = await createWorld();
    const unordered = subscriptionFor('u', { topics: ['orders.*'], startAt: 'earliest' });
    const days = (count: number): Promise<void> => world.clock.advance(count * 86_400_000);
    await world.feed.begin(unordered);
    await world.publish();
    await world.feed.advance(unordered, Infinity);
    await days(1);
    await world.feed.advance(unordered, Infinity); // the rules have taken over
    for (const [pausedDays, copied] of [
      [12, []],
      [14, ['u:event-3']],
    ] as const) {
      world.sent.length = 0;
      await world.feed.pause(unordered);
      await world.feed.pause(unordered);
      await world.publish();
      await days(pausedDays);
      await world.feed.begin(unordered);
      await world.feed.advance(unordered, Infinity);
      expect(world.sent).toEqual(copied);
    }
  });

  it('reads a long history to its end', async () => {
    const world = await createWorld('s');
    for (let i = 0; i < 600; i++) await world.publish(`e${i % 5}`);
    await world.feed.advance(world.subscription('s'), Infinity);
    expect(world.sent).toHaveLength(600);
    expect(world.sent[599]).toBe('s:event-600');
  });
});
