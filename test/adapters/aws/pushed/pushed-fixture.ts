/**
 * A subscription that is sent to a Lambda function which answers what a test says: events in memory, everything that is kept of
 * deliveries in the fake DynamoDB, and a clock on which waiting takes its time without taking any.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SubscriptionDirectory } from '../../../../adapters/aws/bus/directory.ts';
import { createCallFunction, type FunctionCall } from '../../../../adapters/aws/pushed/call-function.ts';
import { PushedItems } from '../../../../adapters/aws/pushed/pushed-items.ts';
import { AttemptLog } from '../../../../adapters/aws/pushed/attempt-log.ts';
import { createSendEvent } from '../../../../adapters/aws/pushed/send-event.ts';
import { isServed } from '../../../../adapters/aws/pushed/sweep-pushed.ts';
import { WebhookDelivery } from '../../../../adapters/machine/webhook-delivery.ts';
import type { WebhookRequest, WebhookSent } from '../../../../adapters/machine/webhook-sender.ts';
import { isoOf } from '../../../../core/brands/index.ts';
import type { SettledDelivery } from '../../../../adapters/aws/pushed/run-dependencies.ts';
import { serveSubscription, type ServeDependencies } from '../../../../adapters/aws/pushed/serve-subscription.ts';
import type { FunctionAnswer } from '../../../../adapters/aws/request/invoke-function.ts';
import { DeadLetterStore } from '../../../../adapters/aws/subscriptions/dead-letters.ts';
import {
  createQuarantine,
  createWebhookSecrets,
  isPushed,
  type BreakerChange,
  type FunctionSubscription,
  type Subscription,
  type FieldKeys,
  type PushedSubscription,
  type SubscriptionInput,
  type WebhookChange,
  type WebhookSubscription,
} from '../../../../core/events/index.ts';
import { createBusFixture, storedSubscription, subscriptionFor } from '../../../lambdas/bus-fixture.ts';
import { memoryNotes } from '../../../support/memory-notes.ts';
import { fakeStore } from '../fake-store.ts';

export const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:total:live';
const RUN_MS = 300_000;

type Answer = { kind: 'failed'; reason: string } | Omit<Extract<WebhookSent, { kind: 'answered' }>, 'durationMs'>;
export const answered = (status: number, headers: Record<string, string> = {}, text = ''): Answer => ({
  ...{ kind: 'answered', answer: { status, headers }, text },
});

/** Wraps nothing, and says for what it was asked. */
export const plainKeys: FieldKeys = {
  wrap: async (key, context) => Buffer.concat([Buffer.from(`${context}!`), key]),
  unwrap: async (wrapped, context) => {
    const prefix = Buffer.from(`${context}!`);
    if (!Buffer.from(wrapped).subarray(0, prefix.length).equals(prefix)) throw new Error('for another context');
    return Buffer.from(wrapped).subarray(prefix.length);
  },
};

export type Lambda = (call: FunctionCall, signal: AbortSignal) => Promise<Partial<FunctionAnswer>>;

export const threw = (errorMessage: string): FunctionAnswer => ({
  error: 'Unhandled',
  text: JSON.stringify({ errorType: 'Error', errorMessage, trace: [] }),
});
export const refused = (name: string): Error => Object.assign(new Error(`Lambda answered: ${name}`), { name });

export function createPushedFixture(lambda: Lambda = async () => ({})) {
  const { store: log, clock, ids, positions, publish } = createBusFixture();
  const { dynamo, store } = fakeStore();
  clock.sleep = async (ms = 0) => {
    await nextTurn();
    await clock.advance(ms);
  };
  const calls: FunctionCall[] = [];
  const [woken, settled, breakers, lost] = [
    [] as { ids: readonly string[]; afterMs: number }[],
    [] as SettledDelivery[],
    [] as BreakerChange[],
    [] as Error[],
  ];
  const owners: WebhookChange[] = [];
  const answering = { lambda, receiver: async (): Promise<Answer> => answered(200) } as {
    lambda: Lambda;
    receiver: (request: WebhookRequest) => Promise<Answer>;
  };
  const notes = memoryNotes();
  const common = { ledger: 'main', items: store, entries: log, clock, ids };
  const directory = new SubscriptionDirectory(common);
  const letters = new DeadLetterStore({ ...common, positions });
  const items = new PushedItems(common);
  const attempts = new AttemptLog(common);
  const sent: WebhookRequest[] = [];
  const delivery = new WebhookDelivery({
    ...{ ledger: 'main', origin: 'ledger.example', clock, ids, allowed: new Set() },
    secrets: createWebhookSecrets({ ...common, items: store, keys: plainKeys }),
    send: async (request) => {
      sent.push(request);
      return { durationMs: 1, ...(await answering.receiver(request)) };
    },
  });
  const call = createCallFunction({
    functions: { total: ARN },
    random: () => 0,
    invoke: async (name, payload, signal) => {
      if (name !== ARN) throw new Error(`invoked ${name}`);
      const made = JSON.parse(payload) as FunctionCall;
      calls.push(made);
      return { text: 'null', ...(await answering.lambda(made, signal)) };
    },
  });
  const deps: ServeDependencies = {
    ...{ ...common, items, letters, notes, quarantine: createQuarantine(common) },
    attempts,
    send: createSendEvent(call, { deliver: (...delivered) => delivery.deliver(...delivered) }),
    onWebhook: async (change) => void owners.push(change),
    served: async (id) => {
      const subscription = await directory.get(id);
      return subscription !== undefined && isPushed(subscription) && isServed(subscription) ? subscription : undefined;
    },
    mayRead: () => true,
    readFacts: () => Promise.reject(new Error('no conditions here')),
    wake: async (woke, afterMs = 0) => void woken.push({ ids: woke, afterMs }),
    onSettled: (one) => settled.push(one),
    onBreaker: (change) => breakers.push(change),
    onLost: (error) => lost.push(error),
  };
  return {
    ...{ log, clock, ids, publish, dynamo, store, deps, calls, woken, settled, breakers, lost, answering },
    ...{ notes, letters, items, directory, positions, attempts, sent, owners, delivery },
    subscribe: async (
      input: Partial<SubscriptionInput> = {},
      more: Partial<Subscription> = {},
    ): Promise<FunctionSubscription> => {
      const id = more.id ?? 's';
      const whole: SubscriptionInput = {
        ...{ topics: ['orders.*'], target: { kind: 'function', name: 'total' }, startAt: 'earliest' },
        ...input,
      };
      await store.write([storedSubscription(id, whole, more)]);
      const subscription = { ...subscriptionFor(id, whole), ...more } as FunctionSubscription;
      await items.begin(subscription);
      return subscription;
    },
    /** whose receiver said that it wants it */
    subscribeWebhook: async (
      input: Partial<SubscriptionInput> = {},
      more: Partial<Subscription> = {},
    ): Promise<WebhookSubscription> => {
      const url = 'https://hooks.example.org/in';
      const target = { kind: 'webhook' as const, url };
      const whole: SubscriptionInput = { topics: ['orders.*'], startAt: 'earliest', target, ...input };
      const verified = { verifiedAt: isoOf(clock.now()), ...more };
      await store.write([storedSubscription('s', whole, verified)]);
      const subscription = { ...subscriptionFor('s', whole), ...verified } as WebhookSubscription;
      await items.begin(subscription);
      return subscription;
    },
    serve: (change: Partial<ServeDependencies> = {}, id = 's') =>
      serveSubscription({ ...deps, ...change }, id, clock.now() + RUN_MS),
    /** of the events that the function was called with, in order, with the attempt */
    told: () => calls.map(({ event, attempt }) => `${event.eventId}:${attempt}`),
    state: async (subscription: PushedSubscription) => (await items.load(subscription))?.state,
  };
}
