/**
 * The AWS bus on real EventBridge and SQS with everything else at hand: ledger and subscriptions in memory, and the
 * functions (reconciler, router, dead-letter writer) called here when the test says so.
 */
import { randomBytes } from 'node:crypto';
import { CreateEventBusCommand, DeleteEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import type { EpochMs, IsoInstant } from '../../../core/brands/index.ts';
import { closingMark } from '../../../adapters/aws/relay/closing-mark.ts';
import { DeadLetterStore } from '../../../adapters/aws/subscriptions/dead-letters.ts';
import { SubscriptionDirectory } from '../../../adapters/aws/bus/directory.ts';
import { EventBridgeBus } from '../../../adapters/aws/subscriptions/event-bridge-bus.ts';
import { LogFeed } from '../../../adapters/aws/bus/feed.ts';
import { QueueUrls } from '../../../adapters/aws/bus/queue-urls.ts';
import {
  reconcile,
  type ReconcileReport,
  type ReconcileRequest,
} from '../../../adapters/aws/subscriptions/reconciler.ts';
import { placeKey, type RelayMarks } from '../../../adapters/aws/relay/relay-marks.ts';
import { SubscriptionResources } from '../../../adapters/aws/subscriptions/subscription-resources.ts';
import { systemClock, systemIds } from '../../../adapters/aws/request/system-clock.ts';
import { localSealer, memoryRootSigner, MemoryStore } from '../../../adapters/memory/index.ts';
import type { JsonObject } from '../../../core/canonical/index.ts';
import {
  createQuarantine,
  parseSubscriptionInput,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionInput,
} from '../../../core/events/index.ts';
import { createAppender, type Clock } from '../../../core/ledger/index.ts';
import { writeDeadLetters } from '../../../lambdas/burier/write-dead-letters.ts';
import { createRouter } from '../../../lambdas/router/route.ts';
import { memoryNotes } from '../../support/memory-notes.ts';
import { checked } from '../../support/checked.ts';

export const LEDGER = 'main';
const DOMAINS = ['orders', 'other'];

export interface Published {
  readonly entity?: string;
  readonly topic?: string;
  readonly payload?: Record<string, string | number>;
  readonly metadata?: JsonObject;
}

export class BusFixture {
  readonly prefix = `bus${randomBytes(4).toString('hex')}`;
  readonly subscriptionPrefix = `${this.prefix}-sub`;
  readonly store = new MemoryStore({ exclusive: false });
  readonly events = new EventBridgeClient();
  readonly sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  readonly errors: unknown[] = [];
  readonly marked = new Set<string>();
  readonly bus: EventBridgeBus;
  /** moves ahead of real time when a test says so */
  aheadMs = 0;
  private readonly clock: Clock = { ...systemClock, now: () => checked<EpochMs>(Date.now() + this.aheadMs) };
  private readonly appender;
  private readonly subscribed = new Map<string, Subscription>();
  private published = 0;
  private deadLetterUrls: string[] = [];
  private deadLetterArns: string[] = [];

  constructor() {
    const positions = {
      positionOf: async (chain: string, seq: number) =>
        this.store.log.find((entry) => entry.chain === chain && entry.seq === seq)?.position,
    };
    const marks: RelayMarks = {
      write: async (places) => places.forEach((place) => this.marked.add(placeKey(place))),
      read: async () => this.marked,
    };
    this.bus = new EventBridgeBus({
      ...{ ledger: LEDGER, entries: this.store, items: this.store, clock: this.clock, ids: systemIds },
      ...{ events: this.events, queues: this.sqs, busPrefix: this.prefix, subscriptionPrefix: this.subscriptionPrefix },
      ...{ marks, positions, notes: memoryNotes(), mayRead: () => true },
      reconcile: async (request) => {
        await this.reconcile(request);
      },
      onError: (error) => this.errors.push(error),
    });
    this.appender = createAppender({
      ...{ ledger: LEDGER, origin: 'test/main', store: this.store, sealer: localSealer },
      ...{ rootSigner: memoryRootSigner('test/main'), clock: systemClock, ids: systemIds },
      onCommit: (entries) => this.bus.relay(entries),
    });
    this.positions = positions;
  }
  readonly positions: { positionOf(chain: string, seq: number): Promise<number | undefined> };

  async open(): Promise<this> {
    for (const domain of [...DOMAINS, 'aws'])
      await this.events.send(new CreateEventBusCommand({ Name: `${this.prefix}-${domain}` }));
    for (const [suffix, Attributes] of [
      ['-dead', {}],
      ['-dead.fifo', { FifoQueue: 'true' }],
      ['-undelivered', {}],
    ] as const) {
      const { QueueUrl } = await this.sqs.send(
        new CreateQueueCommand({ QueueName: `${this.prefix}${suffix}`, Attributes }),
      );
      const { Attributes: found } = await this.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
      );
      this.deadLetterUrls.push(QueueUrl ?? '');
      this.deadLetterArns.push(found?.QueueArn ?? '');
    }
    return this;
  }

  async close(): Promise<void> {
    await this.reconcile({ kind: 'teardown' });
    for (const domain of [...DOMAINS, 'aws'])
      await this.events.send(new DeleteEventBusCommand({ Name: `${this.prefix}-${domain}` }));
    for (const QueueUrl of this.deadLetterUrls) await this.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  }

  /** where EventBridge puts what a rule's target did not take */
  get undeliveredUrl(): string {
    return this.deadLetterUrls[2] ?? '';
  }

  reconcile(request: ReconcileRequest): Promise<ReconcileReport> {
    const common = { ledger: LEDGER, items: this.store, entries: this.store, clock: this.clock };
    const [deadLetterQueueArn = '', deadLetterFifoQueueArn = '', undeliveredQueueArn = ''] = this.deadLetterArns;
    const { sqs: queues, subscriptionPrefix, undeliveredUrl } = this;
    return reconcile(
      {
        directory: new SubscriptionDirectory(common),
        resources: new SubscriptionResources({
          ...{ ledger: LEDGER, events: this.events, queues: this.sqs, domains: [...DOMAINS, 'aws'] },
          ...{ busPrefix: this.prefix, subscriptionPrefix: this.subscriptionPrefix },
          ...{ deadLetterQueueArn, deadLetterFifoQueueArn, undeliveredQueueArn },
          senderRoleArns: ['arn:aws:iam::000000000000:root'],
        }),
        feed: this.feed(),
        letters: new DeadLetterStore({ ...common, positions: this.positions }),
        closing: closingMark(LEDGER, this.store),
        undelivered: {
          ...{ queues, subscriptionPrefix, undeliveredUrl, entries: this.store },
          quarantine: createQuarantine(common),
        },
        topicsOptions: { ledger: LEDGER, items: this.store, topics: [] },
        sweep: async () => ({ woken: 0, oldestMs: 0, open: new Set(), failed: [] }),
        clock: this.clock,
      },
      request,
    );
  }

  async subscribe(id: string, input: SubscriptionInput): Promise<Subscription> {
    const { filter, ...settings } = parseSubscriptionInput(input);
    const { startAt } = settings;
    const from = typeof startAt === 'number' ? startAt : startAt === 'earliest' ? 0 : await this.store.size();
    const subscription: Subscription = {
      ...{
        ...settings,
        id,
        module: 'm',
        status: 'active',
        createdAt: checked<IsoInstant>(new Date().toISOString()),
        from,
      },
      ...(filter === undefined ? {} : { filter }),
    };
    await this.put(subscription);
    await this.bus.attach(subscription);
    return subscription;
  }

  async setStatus(id: string, status: Subscription['status']): Promise<void> {
    const changed = { ...(this.subscribed.get(id) as Subscription), status };
    await this.put(changed);
    await (status === 'paused' ? this.bus.pause(id) : this.bus.attach(changed));
  }

  /** As core does: resources first, then the record. */
  async unsubscribe(id: string): Promise<void> {
    await this.bus.detach(id);
    await this.store.write([{ kind: 'delete', key: { pk: `${LEDGER}#subscription`, sk: id }, expect: 'any' }]);
  }

  /** @returns the event ids */
  async publish(...events: Published[]): Promise<string[]> {
    const ids: string[] = [];
    const before = this.store.log.length;
    for (const { entity = 'e', topic = 'orders.new', payload = {}, metadata } of events) {
      const idem = `event-${++this.published}`;
      const data = { topic, version: 1, source: 'shop', payload, ...(metadata && { metadata }) };
      const draft = { type: 'event', actor: { kind: 'module', id: 'shop' }, idem, data } as const;
      await this.appender.append({ entries: [{ chain: entity, draft, idemKey: idem }] });
      ids.push(idem);
    }
    await this.bus.flush();
    await this.route(before);
    return ids;
  }

  /** Until rules alone deliver: nothing is copied from the log any more. */
  async pastRules(): Promise<void> {
    this.aheadMs += 300_000;
    await this.reconcile({ kind: 'all' });
  }

  /** What the entries stream tells of the entries from log position `from` on. */
  async route(from: number): Promise<void> {
    const route = createRouter({
      ...{ ledger: LEDGER, clock: this.clock, positions: this.positions, feed: this.feed() },
      directory: new SubscriptionDirectory({ ledger: LEDGER, items: this.store }),
      ...{ pushed: { index: async () => [] }, wake: async () => undefined },
      onError: (_, error) => this.errors.push(error),
    });
    const Records = this.store.log.slice(from).map(({ chain, seq }) => ({
      eventName: 'INSERT',
      dynamodb: { Keys: { pk: { S: `${LEDGER}#${chain}` }, sk: { N: String(seq) } } },
    }));
    await route({ Records } as DynamoDBStreamEvent);
  }

  /** Pulls until `count` came, acknowledging nothing. */
  async pull(id: string, count: number): Promise<ReceivedMessage[]> {
    const messages: ReceivedMessage[] = [];
    for (let tries = 0; tries < 20 && messages.length < count; tries++)
      messages.push(...(await this.bus.receive(id, { max: count - messages.length, waitMs: 2_000 })));
    return messages;
  }

  /** What the dead-letter queues hold goes through the dead-letter writer until there are `count`. */
  async writeDeadLetters(count: number): Promise<void> {
    let deadLetters = 0;
    const deps = {
      directory: new SubscriptionDirectory({ ledger: LEDGER, items: this.store }),
      letters: new DeadLetterStore({
        ...{ ledger: LEDGER, items: this.store, entries: this.store, clock: this.clock, positions: this.positions },
      }),
      quarantine: createQuarantine({ ledger: LEDGER, items: this.store, clock: this.clock }),
      onDeadLetter: () => void (deadLetters += 1),
    };
    for (let tries = 0; tries < 20 && deadLetters < count; tries++) {
      for (const QueueUrl of this.deadLetterUrls.slice(0, 2)) {
        const { Messages = [] } = await this.sqs.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
        );
        for (const { Body = '', ReceiptHandle } of Messages) {
          await writeDeadLetters(deps, Body);
          await this.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    }
  }

  private feed(): LogFeed {
    return new LogFeed({
      ...{ ledger: LEDGER, items: this.store, entries: this.store, clock: this.clock, queues: this.sqs },
      urls: new QueueUrls(this.sqs, this.subscriptionPrefix),
    });
  }

  private async put(subscription: Subscription): Promise<void> {
    this.subscribed.set(subscription.id, subscription);
    const key = { pk: `${LEDGER}#subscription`, sk: subscription.id };
    await this.store.write([{ kind: 'put', key, value: subscription as never, expect: 'any' }]);
  }
}

export const ids = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ event }) => event.eventId);
export const receipts = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ receipt }) => receipt);
