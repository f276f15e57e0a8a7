/** Queues and rules as the reconciler asks AWS for them, and what it does when AWS says no. */
import {
  DeleteRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it, vi } from 'vitest';
import { closingMark } from '../../adapters/aws/relay/closing-mark.ts';
import { DeadLetterStore } from '../../adapters/aws/subscriptions/dead-letters.ts';
import { PushedItems } from '../../adapters/aws/pushed/pushed-items.ts';
import { sweepPushed } from '../../adapters/aws/pushed/sweep-pushed.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { LogFeed } from '../../adapters/aws/bus/feed.ts';
import { invokeReconciler } from '../../adapters/aws/subscriptions/invoke-reconciler.ts';
import type { InvokeFunction } from '../../adapters/aws/request/invoke-function.ts';
import { ruleName } from '../../adapters/aws/bus/names.ts';
import { QueueUrls } from '../../adapters/aws/bus/queue-urls.ts';
import type { ReconcileReport } from '../../adapters/aws/subscriptions/reconciler.ts';
import { SubscriptionResources } from '../../adapters/aws/subscriptions/subscription-resources.ts';
import type { IsoInstant } from '../../core/brands/index.ts';
import { createQuarantine, type SubscriptionInput } from '../../core/events/index.ts';
import { createReconcilerHandler } from '../../lambdas/subscription-reconciler/answer.ts';
import { checked } from '../support/checked.ts';
import { createBusFixture, storedSubscription, subscriptionFor } from './bus-fixture.ts';

const ARN = 'arn:aws:sqs:eu-central-1:123456789012:nervous-dead';
const SENDERS = [
  'arn:aws:iam::123456789012:role/nervous-router',
  'arn:aws:iam::123456789012:role/nervous-subscriptions',
];
const UNDELIVERED = 'arn:aws:sqs:eu-central-1:123456789012:nervous-undelivered';
const named = (name: string): Error => Object.assign(new Error(name), { name });

function createFixture() {
  const fixture = createBusFixture();
  const [queues, events] = [new SQSClient({ region: 'x' }), new EventBridgeClient({ region: 'x' })];
  const [sqs, bridge] = [mockClient(queues), mockClient(events)];
  sqs
    .on(GetQueueUrlCommand)
    .callsFake(({ QueueName }: { QueueName: string }) => ({ QueueUrl: `https://sqs/${QueueName}` }));
  for (const command of [CreateQueueCommand, DeleteQueueCommand, ListQueuesCommand, SetQueueAttributesCommand])
    sqs.on(command as typeof CreateQueueCommand).resolves({});
  for (const command of [SendMessageBatchCommand, ReceiveMessageCommand, DeleteMessageCommand])
    sqs.on(command as typeof SendMessageBatchCommand).resolves({});
  for (const command of [DeleteRuleCommand, ListRulesCommand, PutRuleCommand, PutTargetsCommand, RemoveTargetsCommand])
    bridge.on(command as typeof PutRuleCommand).resolves({});
  const common = { ledger: 'main', items: fixture.store, entries: fixture.store, clock: fixture.clock };
  const reports: ReconcileReport[] = [];
  const errors: unknown[] = [];
  const pushed = new PushedItems({ ledger: 'main', items: fixture.store });
  const woken: string[] = [];
  const handler = createReconcilerHandler({
    directory: new SubscriptionDirectory(common),
    resources: new SubscriptionResources({
      ...{ ledger: 'main', queues, events, busPrefix: 'nervous', subscriptionPrefix: 'nervous-sub' },
      ...{ domains: ['orders', 'other'], deadLetterQueueArn: ARN, deadLetterFifoQueueArn: `${ARN}.fifo` },
      undeliveredQueueArn: UNDELIVERED,
      senderRoleArns: SENDERS,
    }),
    feed: new LogFeed({ ...common, queues, urls: new QueueUrls(queues, 'nervous-sub') }),
    letters: new DeadLetterStore({ ...common, positions: fixture.positions }),
    closing: closingMark('main', fixture.store),
    sweep: (subscriptions) =>
      sweepPushed({ ...common, items: pushed, wake: async (ids) => void woken.push(...ids) }, subscriptions),
    undelivered: {
      ...{
        queues,
        entries: fixture.store,
        undeliveredUrl: 'https://sqs/undelivered',
        subscriptionPrefix: 'nervous-sub',
      },
      quarantine: createQuarantine(common),
    },
    topicsOptions: { ledger: 'main', items: fixture.store, topics: ['orders.placed', 'orders.paid', 'other.thing'] },
    clock: fixture.clock,
    onReconciled: (_, report) => reports.push(report),
    onError: (_, error) => errors.push(error),
  });
  return { ...fixture, sqs, bridge, handler, reports, errors };
}

const attach = { kind: 'attach', subscription: 's' };

describe('attach', () => {
  it('makes an encrypted queue that only its rules may send to, then the rule and its target', async () => {
    const fixture = createFixture();
    const subscription = subscriptionFor('s', { topics: ['orders.new'] });
    await fixture.store.write([storedSubscription('s', { topics: ['orders.new'] })]);
    expect(await fixture.handler(attach)).toEqual({ kind: 'reconciled' });
    const name = ruleName('nervous-sub', subscription);
    const queue = fixture.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input;
    expect(queue).toMatchObject({ QueueName: name, tags: { 'nervous:subscription': 's', 'nervous:ledger': 'main' } });
    const { Policy = '', RedrivePolicy = '', ...attributes } = queue?.Attributes ?? {};
    expect(attributes).toEqual({
      ...{ MessageRetentionPeriod: '1209600', VisibilityTimeout: '30', SqsManagedSseEnabled: 'true' },
      DelaySeconds: '0',
    });
    expect(JSON.parse(RedrivePolicy)).toEqual({ deadLetterTargetArn: ARN, maxReceiveCount: 5 });
    const queueArn = `arn:aws:sqs:eu-central-1:123456789012:${name}`;
    expect(JSON.parse(Policy)).toMatchObject({
      Statement: [
        { Effect: 'Deny', Resource: queueArn, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        {
          // W5: both conditions hold for whoever is neither a sender of ours nor the subscription's own rule.
          ...{ Sid: 'NobodyElseSends', Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: queueArn },
          Condition: {
            ArnNotEquals: {
              'aws:PrincipalArn': SENDERS,
              'aws:SourceArn': [`arn:aws:events:eu-central-1:123456789012:rule/nervous-orders/${name}`],
            },
          },
        },
        {
          ...{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn },
          Condition: {
            ArnEquals: {
              'aws:SourceArn': [`arn:aws:events:eu-central-1:123456789012:rule/nervous-orders/${name}`],
            },
          },
        },
      ],
    });
    const target = fixture.bridge.commandCalls(PutTargetsCommand)[0]?.args[0].input.Targets?.[0];
    expect(target?.DeadLetterConfig, 'W4: what fails is kept').toEqual({ Arn: UNDELIVERED });
    expect(fixture.bridge.commandCalls(PutTargetsCommand)[0]?.args[0].input).toMatchObject({
      ...{ Rule: name, EventBusName: 'nervous-orders' },
      Targets: [{ Arn: queueArn, InputTransformer: { InputTemplate: '{"subscription":"s","event":<event>}' } }],
    });
  });

  it('lets the queue delay what comes, and delays history by what is left', async () => {
    const fixture = createFixture();
    await fixture.publish();
    await fixture.clock.advance(40_000);
    await fixture.publish();
    const settings: SubscriptionInput = { topics: ['orders.*'], startAt: 'earliest', delayMs: 60_500 };
    await fixture.store.write([storedSubscription('s', settings)]);
    await fixture.clock.advance(30_000);
    await fixture.handler(attach);
    expect(fixture.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input.Attributes).toMatchObject({
      DelaySeconds: '61',
    });
    const [sent] = fixture.sqs.commandCalls(SendMessageBatchCommand);
    expect(sent?.args[0].input.Entries).toMatchObject([{ DelaySeconds: 0 }, { DelaySeconds: 31 }]);
  });

  it('of one that was changed brings the queue and the rule in line, and copies what came until the rule was', async () => {
    const fixture = createFixture();
    const sent = (): readonly string[] =>
      fixture.sqs
        .commandCalls(SendMessageBatchCommand)
        .flatMap(({ args }) => args[0].input.Entries ?? [])
        .map(({ MessageBody = '' }) => (JSON.parse(MessageBody) as { event: { eventId: string } }).event.eventId);
    await fixture.publish('e', 'other.thing');
    await fixture.store.write([storedSubscription('s', { topics: ['orders.*'], delayMs: 5_000, startAt: 'earliest' })]);
    await fixture.handler(attach);
    await fixture.clock.advance(200_000);
    await fixture.handler({ kind: 'all' }); // the rules have taken over
    await fixture.publish('e', 'other.thing');
    const changedAt = checked<IsoInstant>(new Date(fixture.clock.now()).toISOString());
    const changed = {
      changedAt,
      changedFrom: await fixture.store.size(),
      retry: { maxAttempts: 9, baseMs: 1, maxMs: 1 },
    };
    await fixture.clock.advance(1);
    await fixture.publish('e', 'other.thing');
    await fixture.store.write([storedSubscription('s', { topics: ['other.*'], startAt: 'earliest' }, changed)]);
    fixture.sqs.resetHistory();
    fixture.bridge.resetHistory();
    await fixture.handler(attach);
    const { Attributes } = fixture.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input ?? {};
    expect(Attributes).toMatchObject({ DelaySeconds: '0', RedrivePolicy: expect.stringContaining('9') as string });
    expect(fixture.bridge.commandCalls(PutRuleCommand)[0]?.args[0].input.EventBusName).toBe('nervous-other');
    expect(fixture.bridge.commandCalls(DeleteRuleCommand)[0]?.args[0].input.EventBusName).toBe('nervous-orders');
    expect(sent()).toEqual(['event-3']);
    await fixture.handler(attach);
    await fixture.handler({ kind: 'all' });
    expect(sent()).toEqual(['event-3']);
  });

  it('of one whose delay alone was changed copies nothing again, and leaves one that is paused so', async () => {
    const fixture = createFixture();
    await fixture.publish();
    const settings: SubscriptionInput = { topics: ['orders.*'], startAt: 'earliest' };
    await fixture.store.write([storedSubscription('s', settings)]);
    await fixture.handler(attach);
    await fixture.clock.advance(200_000);
    await fixture.handler({ kind: 'all' });
    const feed = { pk: 'main#feed#none', sk: 's' };
    expect((await fixture.store.get(feed))?.value).toMatchObject({ done: true });
    const changedAt = checked<IsoInstant>(new Date(fixture.clock.now()).toISOString());
    fixture.sqs.resetHistory();
    await fixture.store.write([
      storedSubscription('s', { ...settings, delayMs: 7_000 }, { changedAt, status: 'paused' }),
    ]);
    await fixture.handler({ kind: 'all' }); // as when whoever changed it died before it asked
    expect(fixture.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input.Attributes).toMatchObject({
      DelaySeconds: '7',
    });
    expect(fixture.sqs.commandCalls(SendMessageBatchCommand)).toEqual([]);
    expect((await fixture.store.get(feed))?.value).toMatchObject({ done: true, changedAt });
  });

  it('copies from a time on what was recorded since, though what is older may have a later place in the log', async () => {
    const fixture = createFixture();
    await fixture.publish();
    await fixture.clock.advance(1_000);
    const startAt = new Date(fixture.clock.now()).toISOString().replace('Z', '+00:00');
    const event = await fixture.publish();
    await fixture.store.write([storedSubscription('s', { topics: ['orders.*'], startAt })]);
    await fixture.handler(attach);
    const sent = fixture.sqs.commandCalls(SendMessageBatchCommand).flatMap(({ args }) => args[0].input.Entries ?? []);
    expect(sent.map(({ MessageBody = '' }) => JSON.parse(MessageBody) as object)).toEqual([
      { subscription: 's', event },
    ]);
  });

  it('leaves streams alone, which have no queue', async () => {
    const fixture = createFixture();
    await fixture.store.write([storedSubscription('s', { topics: ['*'], target: { kind: 'stream' } })]);
    await fixture.handler({ kind: 'all' });
    expect(fixture.sqs.commandCalls(CreateQueueCommand)).toEqual([]);
    expect(fixture.reports).toMatchObject([{ made: 0, failed: [] }]);
  });

  it('makes a FIFO queue without a rule for entity order, and brings an existing queue up to date', async () => {
    const fixture = createFixture();
    await fixture.store.write([storedSubscription('s', { topics: ['*'], order: 'entity' })]);
    fixture.sqs.on(CreateQueueCommand).rejects(named('QueueNameExists'));
    await fixture.handler(attach);
    const made = fixture.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input;
    expect(made?.QueueName).toMatch(/\.fifo$/);
    expect(made?.Attributes).toMatchObject({
      FifoQueue: 'true',
      RedrivePolicy: expect.stringContaining(`${ARN}.fifo`) as string,
    });
    expect(fixture.sqs.commandCalls(SetQueueAttributesCommand)).toHaveLength(1);
    expect(fixture.bridge.commandCalls(PutRuleCommand)).toHaveLength(0);
  });

  it('is content with a wider rule when EventBridge refuses the filter', async () => {
    const fixture = createFixture();
    const filter = { detail: { payload: { a: [{ wildcard: '*x*' }] } } };
    await fixture.store.write([storedSubscription('s', { topics: ['orders.new'], filter })]);
    fixture.bridge.on(PutRuleCommand).rejectsOnce(named('LimitExceededException')).resolves({});
    await fixture.handler(attach);
    const patterns = fixture.bridge
      .commandCalls(PutRuleCommand)
      .map(({ args }) => JSON.parse(args[0].input.EventPattern ?? '') as object);
    expect(patterns[0]).toHaveProperty('detail');
    expect(patterns[1]).not.toHaveProperty('detail');
    fixture.bridge.on(PutRuleCommand).rejects(named('ThrottlingException'));
    await expect(fixture.handler(attach)).rejects.toThrow('ThrottlingException');
  });

  it('refuses the 251st rule of a bus with a text that says what to do, and reaches the caller as that error', async () => {
    const fixture = createFixture();
    await fixture.store.write([storedSubscription('s', { topics: ['orders.new'] })]);
    const Rules = Array.from({ length: 125 }, (_, i) => ({ Name: `r${i}` }));
    fixture.bridge.on(ListRulesCommand).resolves({ Rules }).on(ListRulesCommand, { NextToken: undefined });
    fixture.bridge
      .on(ListRulesCommand)
      .callsFake(({ NextToken }: { NextToken?: string }) =>
        NextToken === undefined ? { Rules, NextToken: 'more' } : { Rules },
      );
    const answer = await fixture.handler(attach);
    expect(answer).toMatchObject({ kind: 'refused', code: 'SUBSCRIPTION_INVALID' });
    expect(fixture.sqs.commandCalls(CreateQueueCommand)).toHaveLength(0);
    const invoke = vi
      .fn<InvokeFunction>()
      .mockRejectedValueOnce(named('TooManyRequestsException'))
      .mockRejectedValueOnce(new TypeError('fetch failed'))
      .mockResolvedValueOnce({ text: JSON.stringify(answer) })
      .mockResolvedValueOnce({ text: '{}', error: 'Unhandled' })
      .mockRejectedValueOnce(named('AccessDeniedException'));
    const ask = invokeReconciler({ invoke, functionName: 'f', clock: fixture.clock, ids: fixture.ids });
    await expect(ask({ kind: 'attach', subscription: 's' })).rejects.toThrow(
      /bus "nervous-orders" has 250 rules, 250 is the limit: delete subscriptions/,
    );
    await expect(ask({ kind: 'attach', subscription: 's' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(ask({ kind: 'attach', subscription: 's' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('does nothing for a subscription that is gone', async () => {
    const fixture = createFixture();
    expect(await fixture.handler({ kind: 'detach', subscription: 's' })).toEqual({ kind: 'reconciled' });
    expect(await fixture.handler(attach)).toEqual({ kind: 'reconciled' });
    expect(fixture.sqs.commandCalls(CreateQueueCommand)).toHaveLength(0);
  });
});

describe('the scheduled pass', () => {
  it('repairs every subscription that was left half made, though another one fails', async () => {
    const fixture = createFixture();
    for (const id of ['a', 'b', 'c']) await fixture.store.write([storedSubscription(id, { topics: ['orders.new'] })]);
    fixture.sqs.on(CreateQueueCommand).callsFake(({ tags }: { tags: Record<string, string> }) => {
      if (tags['nervous:subscription'] === 'b') throw named('InternalError');
      return {};
    });
    await fixture.handler({ source: 'aws.events' });
    expect(fixture.reports[0]).toMatchObject({ made: 2, failed: [{ subscription: 'b' }] });
    expect(fixture.errors).toHaveLength(1);
  });

  it('removes orphans of its own kind only', async () => {
    const fixture = createFixture();
    const orphan = `nervous-sub-${'0'.repeat(20)}`;
    const QueueUrls = [`https://sqs/1/${orphan}.fifo`, 'https://sqs/1/nervous-sub-dead-letters'];
    fixture.sqs.on(ListQueuesCommand).resolves({ QueueUrls });
    await fixture.handler({ kind: 'all' });
    const deleted = fixture.sqs.commandCalls(DeleteQueueCommand).map(({ args }) => args[0].input.QueueUrl);
    expect(deleted).toContain(`https://sqs/${orphan}.fifo`);
    expect(deleted.some((url) => url?.includes('dead-letters'))).toBe(false);
  });
});

describe('W4: deliveries that EventBridge gave up', () => {
  /** As EventBridge puts it into the queue: the event, with what became of it beside. */
  const undelivered = (id: string, detail: unknown) => ({
    Body: JSON.stringify({ 'detail-type': 'orders.new', detail }),
    ReceiptHandle: `receipt of ${id}`,
    MessageAttributes: {
      ERROR_CODE: { DataType: 'String', StringValue: 'NO_PERMISSIONS' },
      TARGET_ARN: {
        DataType: 'String',
        StringValue: `arn:aws:sqs:eu-central-1:123456789012:${ruleName('nervous-sub', subscriptionFor(id, ORDERS))}`,
      },
    },
  });
  const ORDERS: SubscriptionInput = { topics: ['orders.new'] };

  async function round(
    messages: (fixture: ReturnType<typeof createFixture>) => Promise<ReturnType<typeof undelivered>[]>,
  ) {
    const fixture = createFixture();
    await fixture.store.write([storedSubscription('s', ORDERS)]);
    await fixture.handler(attach);
    await fixture.clock.advance(600_000); // its rules have settled, nothing is copied from the log any more
    await fixture.handler({ kind: 'all' });
    const Messages = await messages(fixture);
    fixture.sqs.resetHistory();
    fixture.reports.length = 0;
    fixture.sqs.on(ReceiveMessageCommand).resolvesOnce({ Messages }).resolves({});
    const sent = () =>
      fixture.sqs
        .commandCalls(SendMessageBatchCommand)
        .flatMap(({ args }) => args[0].input.Entries ?? [])
        .map(({ MessageBody = '' }) => JSON.parse(MessageBody) as unknown);
    const deleted = () => fixture.sqs.commandCalls(DeleteMessageCommand).map(({ args }) => args[0].input.ReceiptHandle);
    return { ...fixture, sent, deleted };
  }

  it('W4: are made again as the ledger has them, whatever the message says, and then are forgotten', async () => {
    const event = createFixture();
    const told = await event.publish();
    const fixture = await round(async (one) => {
      await one.publish();
      return [undelivered('s', { ...told, payload: { forged: true } })];
    });
    await fixture.handler({ kind: 'all' });
    expect(fixture.sent()).toEqual([
      { subscription: 's', event: expect.objectContaining({ eventId: 'event-1', payload: {} }) as unknown },
    ]);
    expect(fixture.deleted()).toEqual(['receipt of s']);
    expect(fixture.reports[0]).toMatchObject({ refed: 1, failed: [] });
  });

  it('W4: stay while they cannot be made, and the reconciler says so', async () => {
    const fixture = await round(async (one) => [undelivered('s', await one.publish())]);
    fixture.sqs.on(SendMessageBatchCommand).rejects(named('InternalError'));
    await fixture.handler({ kind: 'all' });
    expect(fixture.deleted()).toEqual([]);
    expect(fixture.reports[0]).toMatchObject({ refed: 0, failed: [{ subscription: 'of undelivered events' }] });
  });

  it('W4: are dropped for whoever has gone, and put in quarantine when the ledger knows no such event', async () => {
    const nowhere = { ledger: { entity: 'e', seq: 7 } };
    const fixture = await round(async (one) => [
      undelivered('gone', await one.publish()),
      undelivered('s', nowhere),
      undelivered('s', 'junk'),
    ]);
    await fixture.handler({ kind: 'all' });
    expect(fixture.sent()).toEqual([]);
    expect(fixture.deleted()).toEqual(['receipt of gone', 'receipt of s', 'receipt of s']);
    expect(await fixture.store.list('main#quarantine', { limit: 10 })).toHaveLength(2);
  });

  it('W4: a rule from before, whose failures nobody kept, is made anew', async () => {
    const fixture = createFixture();
    await fixture.store.write([storedSubscription('s', ORDERS)]);
    await fixture.handler(attach);
    const made = fixture.bridge.commandCalls(PutRuleCommand)[0]?.args[0].input;
    const found = { Name: made?.Name, EventPattern: made?.EventPattern };
    fixture.sqs.on(ListQueuesCommand).resolves({ QueueUrls: [`https://sqs/1/${made?.Name}`] });
    for (const [Description, times] of [
      [made?.Description, 0],
      ['subscription s of ledger main', 1],
    ] as const) {
      fixture.bridge.resetHistory();
      fixture.bridge
        .on(ListRulesCommand, { EventBusName: 'nervous-orders' })
        .resolves({ Rules: [{ ...found, Description }] });
      await fixture.handler({ kind: 'all' });
      expect(fixture.bridge.commandCalls(PutTargetsCommand)).toHaveLength(times);
    }
  });
});
