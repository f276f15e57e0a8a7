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
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it, vi } from 'vitest';
import { closingMark } from '../../adapters/aws/bus/closing-mark.ts';
import { DeadLetterStore } from '../../adapters/aws/bus/dead-letters.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { LogFeed } from '../../adapters/aws/bus/feed.ts';
import { invokeReconciler } from '../../adapters/aws/bus/invoke-reconciler.ts';
import type { InvokeFunction } from '../../adapters/aws/invoke-function.ts';
import { ruleName } from '../../adapters/aws/bus/names.ts';
import { QueueUrls } from '../../adapters/aws/bus/queue-urls.ts';
import type { ReconcileReport } from '../../adapters/aws/bus/reconciler.ts';
import { SubscriptionResources } from '../../adapters/aws/bus/subscription-resources.ts';
import type { SubscriptionInput } from '../../core/events/index.ts';
import { createReconcilerHandler } from '../../lambdas/subscription-reconciler/answer.ts';
import { createBusWorld, storedSubscription, subscriptionFor } from './bus-world.ts';

const ARN = 'arn:aws:sqs:eu-central-1:123456789012:nervous-undelivered';
const named = (name: string): Error => Object.assign(new Error(name), { name });

function createWorld() {
  const world = createBusWorld();
  const [queues, events] = [new SQSClient({ region: 'x' }), new EventBridgeClient({ region: 'x' })];
  const [sqs, bridge] = [mockClient(queues), mockClient(events)];
  sqs
    .on(GetQueueUrlCommand)
    .callsFake(({ QueueName }: { QueueName: string }) => ({ QueueUrl: `https://sqs/${QueueName}` }));
  for (const command of [CreateQueueCommand, DeleteQueueCommand, ListQueuesCommand, SetQueueAttributesCommand])
    sqs.on(command as typeof CreateQueueCommand).resolves({});
  sqs.on(SendMessageBatchCommand).resolves({});
  for (const command of [DeleteRuleCommand, ListRulesCommand, PutRuleCommand, PutTargetsCommand, RemoveTargetsCommand])
    bridge.on(command as typeof PutRuleCommand).resolves({});
  const common = { ledger: 'main', items: world.store, entries: world.store, clock: world.clock };
  const reports: ReconcileReport[] = [];
  const errors: unknown[] = [];
  const handler = createReconcilerHandler({
    directory: new SubscriptionDirectory(common),
    resources: new SubscriptionResources({
      ...{ ledger: 'main', queues, events, busPrefix: 'nervous', subscriptionPrefix: 'nervous-sub' },
      ...{ domains: ['orders', 'other'], deadLetterQueueArn: ARN, deadLetterFifoQueueArn: `${ARN}.fifo` },
    }),
    feed: new LogFeed({ ...common, queues, urls: new QueueUrls(queues, 'nervous-sub') }),
    letters: new DeadLetterStore({ ...common, positions: world.positions }),
    closing: closingMark('main', world.store),
    clock: world.clock,
    onReconciled: (_, report) => reports.push(report),
    onError: (_, error) => errors.push(error),
  });
  return { ...world, sqs, bridge, handler, reports, errors };
}

const attach = { kind: 'attach', subscription: 's' };

describe('attach', () => {
  it('makes an encrypted queue that only its rules may send to, then the rule and its target', async () => {
    const world = createWorld();
    const subscription = subscriptionFor('s', { topics: ['orders.new'] });
    await world.store.write([storedSubscription('s', { topics: ['orders.new'] })]);
    expect(await world.handler(attach)).toEqual({ kind: 'reconciled' });
    const name = ruleName('nervous-sub', subscription);
    const queue = world.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input;
    expect(queue).toMatchObject({ QueueName: name, tags: { 'nervous:subscription': 's', 'nervous:ledger': 'main' } });
    const { Policy = '', RedrivePolicy = '', ...attributes } = queue?.Attributes ?? {};
    expect(attributes).toEqual({
      ...{ MessageRetentionPeriod: '1209600', VisibilityTimeout: '30', SqsManagedSseEnabled: 'true' },
    });
    expect(JSON.parse(RedrivePolicy)).toEqual({ deadLetterTargetArn: ARN, maxReceiveCount: 5 });
    const queueArn = `arn:aws:sqs:eu-central-1:123456789012:${name}`;
    expect(JSON.parse(Policy)).toMatchObject({
      Statement: [
        { Effect: 'Deny', Resource: queueArn, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
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
    expect(world.bridge.commandCalls(PutTargetsCommand)[0]?.args[0].input).toMatchObject({
      ...{ Rule: name, EventBusName: 'nervous-orders' },
      Targets: [{ Arn: queueArn, InputTransformer: { InputTemplate: '{"subscription":"s","event":<event>}' } }],
    });
  });

  it('lets the queue delay what comes, and delays history by what is left', async () => {
    const world = createWorld();
    await world.publish();
    await world.clock.advance(40_000);
    await world.publish();
    const settings: SubscriptionInput = { topics: ['orders.*'], startAt: 'earliest', delayMs: 60_500 };
    await world.store.write([storedSubscription('s', settings)]);
    await world.clock.advance(30_000);
    await world.handler(attach);
    expect(world.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input.Attributes).toMatchObject({
      DelaySeconds: '61',
    });
    const [sent] = world.sqs.commandCalls(SendMessageBatchCommand);
    expect(sent?.args[0].input.Entries).toMatchObject([{ DelaySeconds: 0 }, { DelaySeconds: 31 }]);
  });

  it('copies from a time on what was recorded since, though what is older may have a later place in the log', async () => {
    const world = createWorld();
    await world.publish();
    await world.clock.advance(1_000);
    const startAt = new Date(world.clock.now()).toISOString().replace('Z', '+00:00');
    const event = await world.publish();
    await world.store.write([storedSubscription('s', { topics: ['orders.*'], startAt })]);
    await world.handler(attach);
    const sent = world.sqs.commandCalls(SendMessageBatchCommand).flatMap(({ args }) => args[0].input.Entries ?? []);
    expect(sent.map(({ MessageBody = '' }) => JSON.parse(MessageBody) as object)).toEqual([
      { subscription: 's', event },
    ]);
  });

  it('leaves streams alone, which have no queue', async () => {
    const world = createWorld();
    await world.store.write([storedSubscription('s', { topics: ['*'], target: { kind: 'stream' } })]);
    await world.handler({ kind: 'all' });
    expect(world.sqs.commandCalls(CreateQueueCommand)).toEqual([]);
    expect(world.reports).toMatchObject([{ made: 0, failed: [] }]);
  });

  it('makes a FIFO queue without a rule for entity order, and brings an existing queue up to date', async () => {
    const world = createWorld();
    await world.store.write([storedSubscription('s', { topics: ['*'], order: 'entity' })]);
    world.sqs.on(CreateQueueCommand).rejects(named('QueueNameExists'));
    await world.handler(attach);
    const made = world.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input;
    expect(made?.QueueName).toMatch(/\.fifo$/);
    expect(made?.Attributes).toMatchObject({
      FifoQueue: 'true',
      RedrivePolicy: expect.stringContaining(`${ARN}.fifo`) as string,
    });
    expect(world.sqs.commandCalls(SetQueueAttributesCommand)).toHaveLength(1);
    expect(world.bridge.commandCalls(PutRuleCommand)).toHaveLength(0);
  });

  it('is content with a wider rule when EventBridge refuses the filter', async () => {
    const world = createWorld();
    const filter = { detail: { payload: { a: [{ wildcard: '*x*' }] } } };
    await world.store.write([storedSubscription('s', { topics: ['orders.new'], filter })]);
    world.bridge.on(PutRuleCommand).rejectsOnce(named('LimitExceededException')).resolves({});
    await world.handler(attach);
    const patterns = world.bridge
      .commandCalls(PutRuleCommand)
      .map(({ args }) => JSON.parse(args[0].input.EventPattern ?? '') as object);
    expect(patterns[0]).toHaveProperty('detail');
    expect(patterns[1]).not.toHaveProperty('detail');
    world.bridge.on(PutRuleCommand).rejects(named('ThrottlingException'));
    await expect(world.handler(attach)).rejects.toThrow('ThrottlingException');
  });

  it('refuses the 251st rule of a bus with a text that says what to do, and reaches the caller as that error', async () => {
    const world = createWorld();
    await world.store.write([storedSubscription('s', { topics: ['orders.new'] })]);
    const Rules = Array.from({ length: 125 }, (_, i) => ({ Name: `r${i}` }));
    world.bridge.on(ListRulesCommand).resolves({ Rules }).on(ListRulesCommand, { NextToken: undefined });
    world.bridge
      .on(ListRulesCommand)
      .callsFake(({ NextToken }: { NextToken?: string }) =>
        NextToken === undefined ? { Rules, NextToken: 'more' } : { Rules },
      );
    const answer = await world.handler(attach);
    expect(answer).toMatchObject({ kind: 'refused', code: 'SUBSCRIPTION_INVALID' });
    expect(world.sqs.commandCalls(CreateQueueCommand)).toHaveLength(0);
    const invoke = vi
      .fn<InvokeFunction>()
      .mockRejectedValueOnce(named('TooManyRequestsException'))
      .mockRejectedValueOnce(new TypeError('fetch failed'))
      .mockResolvedValueOnce({ text: JSON.stringify(answer) })
      .mockResolvedValueOnce({ text: '{}', error: 'Unhandled' })
      .mockRejectedValueOnce(named('AccessDeniedException'));
    const ask = invokeReconciler({ invoke, functionName: 'f', clock: world.clock, ids: world.ids });
    await expect(ask({ kind: 'attach', subscription: 's' })).rejects.toThrow(
      /bus "nervous-orders" has 250 rules, 250 is the limit: delete subscriptions/,
    );
    await expect(ask({ kind: 'attach', subscription: 's' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(ask({ kind: 'attach', subscription: 's' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('does nothing for a subscription that is gone', async () => {
    const world = createWorld();
    expect(await world.handler({ kind: 'detach', subscription: 's' })).toEqual({ kind: 'reconciled' });
    expect(await world.handler(attach)).toEqual({ kind: 'reconciled' });
    expect(world.sqs.commandCalls(CreateQueueCommand)).toHaveLength(0);
  });
});

describe('the scheduled pass', () => {
  it('repairs every subscription that was left half made, though another one fails', async () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) await world.store.write([storedSubscription(id, { topics: ['orders.new'] })]);
    world.sqs.on(CreateQueueCommand).callsFake(({ tags }: { tags: Record<string, string> }) => {
      if (tags['nervous:subscription'] === 'b') throw named('InternalError');
      return {};
    });
    await world.handler({ source: 'aws.events' });
    expect(world.reports[0]).toMatchObject({ made: 2, failed: [{ subscription: 'b' }] });
    expect(world.errors).toHaveLength(1);
  });

  it('removes orphans of its own kind only', async () => {
    const world = createWorld();
    const orphan = `nervous-sub-${'0'.repeat(20)}`;
    const QueueUrls = [`https://sqs/1/${orphan}.fifo`, 'https://sqs/1/nervous-sub-dead-letters'];
    world.sqs.on(ListQueuesCommand).resolves({ QueueUrls });
    await world.handler({ kind: 'all' });
    const deleted = world.sqs.commandCalls(DeleteQueueCommand).map(({ args }) => args[0].input.QueueUrl);
    expect(deleted).toContain(`https://sqs/${orphan}.fifo`);
    expect(deleted.some((url) => url?.includes('dead-letters'))).toBe(false);
  });
});
