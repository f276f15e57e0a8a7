/** The AWS bus on a ledger in memory, with an SQS that answers what a test says. */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import type { IsoInstant, ChainHash } from '../../../../core/brands/index.ts';
import { EventBridgeBus, type EventBridgeBusOptions } from '../../../../adapters/aws/subscriptions/event-bridge-bus.ts';
import { formatMessage } from '../../../../adapters/aws/bus/message.ts';
import {
  CountingIds,
  ImpatientClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import {
  parseSubscriptionInput,
  type DeliveredEvent,
  type Subscription,
  type SubscriptionInput,
} from '../../../../core/events/index.ts';
import type { JsonObject } from '../../../../core/canonical/index.ts';
import { createAppender } from '../../../../core/ledger/index.ts';
import { memoryNotes } from '../../../support/memory-notes.ts';
import { checked } from '../../../support/checked.ts';

export const QUEUE = 'https://sqs/q';

export function createQueuesFixture(more: Partial<EventBridgeBusOptions> = {}) {
  const [store, clock, ids] = [new MemoryStore({ exclusive: false }), new ImpatientClock(), new CountingIds()];
  const queues = new SQSClient({ region: 'us-east-1' });
  const sqs = mockClient(queues);
  sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: QUEUE });
  sqs.on(DeleteMessageBatchCommand).resolves({});
  sqs.on(ChangeMessageVisibilityBatchCommand).resolves({});
  sqs.on(SendMessageBatchCommand).resolves({});
  sqs.on(GetQueueAttributesCommand).resolves({});
  const sequenced = { yes: true };
  const bus = new EventBridgeBus({
    ...{
      ledger: 'main',
      entries: store,
      items: store,
      clock,
      ids,
      queues,
      busPrefix: 'n',
      subscriptionPrefix: 'n-sub',
    },
    events: new EventBridgeClient({ region: 'us-east-1' }),
    marks: { write: async () => undefined, read: async () => new Set() },
    positions: {
      positionOf: async (chain, seq) =>
        sequenced.yes ? store.log.find((entry) => entry.chain === chain && entry.seq === seq)?.position : undefined,
    },
    notes: memoryNotes(),
    mayRead: () => true,
    reconcile: async () => undefined,
    onError: () => undefined,
    ...more,
  });
  const appender = createAppender({
    ...{ ledger: 'main', origin: 'test/main', store, sealer: localSealer, clock, ids },
    rootSigner: memoryRootSigner('test/main'),
  });
  let published = 0;
  return {
    ...{ store, clock, sqs, bus, sequenced, queues },
    subscribe: async (input: Partial<SubscriptionInput> = {}): Promise<Subscription> => {
      const settings = parseSubscriptionInput({ topics: ['orders.*'], ...input });
      const rest = { id: 's', module: 'm', status: 'active', createdAt: '2026-11-21T09:00:00.000Z', from: 0 };
      const subscription = { ...settings, ...rest } as Subscription;
      const key = { pk: 'main#subscription', sk: 's' };
      await store.write([{ kind: 'put', key, value: subscription as never, expect: 'any' }]);
      return subscription;
    },
    publish: async (entity = 'e', topic = 'orders.new', metadata?: JsonObject): Promise<DeliveredEvent> => {
      const idem = `event-${++published}`;
      const data = { topic, version: 1, source: 'shop', payload: {}, ...(metadata && { metadata }) };
      const draft = { type: 'event', actor: { kind: 'module', id: 'shop' }, idem, data } as const;
      const result = await appender.append({ entries: [{ chain: entity, draft, idemKey: idem }] });
      const { seq = 0, hash = '', at = '' } = result.kind === 'appended' ? (result.entries[0] ?? {}) : {};
      return {
        ...data,
        eventId: idem,
        timestamp: checked<IsoInstant>(at),
        entityId: entity,
        ledger: { entity, seq, hash: checked<ChainHash>(hash) },
      };
    },
    /** the answers of SQS, one per call, then nothing */
    queued: (...answers: (readonly Message[])[]): void => {
      let call = 0;
      sqs.on(ReceiveMessageCommand).callsFake(() => ({ Messages: answers[call++] ?? [] }));
    },
  };
}

export function message(event: DeliveredEvent, handle = event.eventId, count = 1, sentAt = 0): Message {
  const Body = formatMessage({ subscription: 's', event });
  return {
    Body,
    ReceiptHandle: handle,
    Attributes: { ApproximateReceiveCount: String(count), SentTimestamp: String(sentAt) },
  };
}
