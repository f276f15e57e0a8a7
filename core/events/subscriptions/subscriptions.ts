/**
 * Subscriptions at runtime: who may subscribe to what, how they are kept, and their messages. A principal sees and
 * touches only its own; auditors may look at all, operators may look and set deliveries going.
 */
import { isoOf, type EpochMs } from '../../brands/index.ts';
import { canonicalize, taggedHash } from '../../canonical/index.ts';
import type { Clock, EntryStore, Ids, ItemKey } from '../../ledger/index.ts';
import { must } from '../../errors/index.ts';
import type { Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { DeliveredEvent } from '../envelope/delivered-event.ts';
import { EventError } from '../catalog/errors.ts';
import type { DeadLetter, Extended, ReceivedMessage, SubscriptionBus } from './ports.ts';
import { redrive, type RedriveChoice } from './redrive.ts';
import { firstPosition } from './start-at.ts';
import { subscriptionCodec } from './stored.ts';
import { hasRights, maySeeAll, requireRights } from './subscription-rights.ts';
import { subscriptionMatcher } from './subscription-matcher.ts';
import { changedBy } from './change-settings.ts';
import { createWebhookStanding, type WebhookStanding } from './webhook-standing.ts';
import {
  changing,
  keyOf,
  listAll,
  load,
  subscriptionOf,
  type SubscriptionQueriesDependencies,
} from './stored-subscriptions.ts';
import { parseSubscriptionInput, targetOf, type Subscription } from './subscription.ts';

const ID_TAG = 'nervous-system.subscription.key.v1';
const ID_DIGITS = 32;

export interface SubscriptionsDependencies extends SubscriptionQueriesDependencies {
  readonly entries: EntryStore;
  readonly bus: SubscriptionBus;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly ids: Ids;
  /** subscriptions that one principal may have */
  readonly perPrincipal: number;
}

export interface StreamFilter {
  readonly subscription: Subscription;
  /** the log position a reader without a cursor begins at */
  readonly from: number;
  readonly wants: (event: DeliveredEvent) => boolean;
}

/** Subscriptions as they are kept: looking at them moves no message. */
export interface SubscriptionQueries {
  list(principal: Principal): Promise<readonly Subscription[]>;
  /** Everybody's: whoever asks must have made sure who it is for. */
  all(): Promise<readonly Subscription[]>;
  /** @throws EventError SUBSCRIPTION_NOT_FOUND */
  get(principal: Principal, id: string): Promise<Subscription>;
  /** What a stream over this subscription shows. @throws EventError SUBSCRIPTION_NOT_FOUND | SUBSCRIPTION_INVALID: its target is no stream */
  streamFilter(principal: Principal, id: string): Promise<StreamFilter>;
}

export interface Subscriptions extends SubscriptionQueries, WebhookStanding {
  /** Where waiting is billed: seconds between two looks of a reader who has had nothing for a while. */
  idleSeconds(): number | undefined;
  /** Same id and settings again: the existing one. @throws EventError SUBSCRIPTION_INVALID | SUBSCRIPTION_EXISTS, PolicyError */
  create(principal: Principal, input: unknown, idempotencyKey?: string): Promise<Subscription>;
  /** @throws EventError SUBSCRIPTION_NOT_FOUND, as all below */
  pause(principal: Principal, id: string): Promise<Subscription>;
  /**
   * Changes its settings by a JSON Merge Patch, if it still is what `isExpected` takes.
   * @throws EventError SUBSCRIPTION_CHANGED | SUBSCRIPTION_INVALID, PolicyError
   */
  change(
    principal: Principal,
    id: string,
    change: { readonly patch: unknown; readonly isExpected: (subscription: Subscription) => boolean },
  ): Promise<Subscription>;
  resume(principal: Principal, id: string): Promise<Subscription>;
  remove(principal: Principal, id: string): Promise<void>;
  receive(
    principal: Principal,
    id: string,
    options: { max: number; waitMs: number; signal?: AbortSignal },
  ): Promise<readonly ReceivedMessage[]>;
  ack(principal: Principal, id: string, receipts: readonly string[]): Promise<{ readonly stale: readonly string[] }>;
  /** For work that takes longer than `ackTimeoutMs`: the time begins anew. */
  extend(principal: Principal, id: string, receipts: readonly string[]): Promise<Extended>;
  nack(
    principal: Principal,
    id: string,
    receipts: readonly string[],
    failure: { reason: string; delayMs?: number },
  ): Promise<{ readonly stale: readonly string[] }>;
  deadLetters(
    principal: Principal,
    id: string,
    options: { after?: number; limit: number },
  ): Promise<readonly DeadLetter[]>;
  /** Makes dead letters due again: all, or those that are chosen. @returns how many */
  redrive(principal: Principal, id: string, choice?: RedriveChoice): Promise<number>;
  /** Closes the breaker: deliveries go on at once. */
  reset(principal: Principal, id: string): Promise<Subscription>;
  /** Attaches every stored subscription to the bus: at engine start. */
  attachAll(): Promise<void>;
}

export function createSubscriptions(deps: SubscriptionsDependencies): Subscriptions {
  return { ...createSubscriptionQueries(deps), ...management(deps), ...deliveries(deps) };
}

/** For whoever delivers nothing: the map, traces, streams of the feed. */
export function createSubscriptionQueries(deps: SubscriptionQueriesDependencies): SubscriptionQueries {
  const { items, policy, ledger } = deps;
  const { pk } = keyOf(deps, '');
  const all = (): Promise<readonly Subscription[]> => listAll(items, pk);
  return {
    all,
    list: async (principal) => {
      const everybodys = await all();
      return maySeeAll(policy, principal) ? everybodys : everybodys.filter(({ module }) => module === principal.id);
    },
    get: async (principal, id) => subscriptionOf(await load(deps, principal, id, 'look')),
    streamFilter: async (principal, id) => {
      const subscription = await served(deps, principal, { id, kind: 'stream' });
      const matches = subscriptionMatcher(ledger, subscription);
      // Asked for every event: a stream is open for long, and the rights may be taken away meanwhile.
      const wants: StreamFilter['wants'] = (event) =>
        policy.may(principal, 'subscribes', event.topic) &&
        policy.may(principal, 'reads', event.entityId) &&
        matches(event);
      return { subscription, from: subscription.from, wants };
    },
  };
}

type Management = 'create' | 'change' | 'pause' | 'resume' | 'remove' | 'attachAll' | keyof WebhookStanding;

function management(deps: SubscriptionsDependencies): Pick<Subscriptions, Management> {
  const { items, bus, policy } = deps;
  const change = changing({ items, policy, bus });
  const setStatus = async (principal: Principal, id: string, status: Subscription['status']): Promise<Subscription> =>
    must(
      await change(
        () => load(deps, principal, id, 'operate'),
        (subscription) => withStatus(subscription, status, deps.clock.now()),
      ),
      'the subscription that was loaded',
    );
  return {
    create: (principal, input, idempotencyKey) => createSubscription(deps, principal, { input, idempotencyKey }),
    change: (principal, id, wanted) => changeSettings(deps, principal, id, wanted),
    pause: (principal, id) => setStatus(principal, id, 'paused'),
    resume: (principal, id) => setStatus(principal, id, 'active'),
    ...createWebhookStanding(deps),
    remove: async (principal, id) => {
      await load(deps, principal, id);
      await bus.detach(id); // first: a crash in between leaves a subscription that starts over, not a forgotten mailbox
      await items.write([{ kind: 'delete', key: keyOf(deps, id), expect: 'any' }]);
    },
    attachAll: async () => {
      for (const subscription of await listAll(items, keyOf(deps, '').pk)) {
        if (subscription.status === 'active' && hasRights(policy, subscription)) await bus.attach(subscription);
      }
    },
  };
}

async function changeSettings(
  deps: SubscriptionsDependencies,
  principal: Principal,
  id: string,
  { patch, isExpected }: Parameters<Subscriptions['change']>[2],
): Promise<Subscription> {
  const { bus, clock, entries } = deps;
  const position = await entries.size(); // read before it is written: what is recorded in between counts as later
  const toNext = (before: Subscription): Subscription => {
    if (!isExpected(before)) throw changedMeanwhile(id);
    const changed = changedBy(before, patch, { at: isoOf(clock.now()), position });
    requireTopics(deps, principal, changed.topics);
    requireDeliverable(bus, changed, before);
    return changed;
  };
  const changed = await changing(deps)(
    () => load(deps, principal, id),
    toNext,
    (one) => bus.change(one),
  );
  return must(changed, 'the subscription that was loaded');
}

function deliveries(deps: SubscriptionsDependencies): Omit<Subscriptions, Management | keyof SubscriptionQueries> {
  const { bus } = deps;
  const own = async (principal: Principal, id: string): Promise<Subscription> =>
    subscriptionOf(await load(deps, principal, id));
  return {
    idleSeconds: () => bus.idleSeconds,
    receive: async (principal, id, options) =>
      served(deps, principal, { id, kind: 'queue' }).then(() => bus.receive(id, options)),
    ack: async (principal, id, receipts) => own(principal, id).then(() => bus.ack(id, receipts)),
    extend: async (principal, id, receipts) => own(principal, id).then(() => bus.extend(id, receipts)),
    nack: async (principal, id, receipts, failure) => own(principal, id).then(() => bus.nack(id, receipts, failure)),
    deadLetters: async (principal, id, options) =>
      load(deps, principal, id, 'look').then(() => bus.deadLetters(id, options)),
    redrive: async (principal, id, choice = {}) =>
      load(deps, principal, id, 'operate').then(() => redrive(deps, id, choice)),
    reset: async (principal, id) => {
      const subscription = subscriptionOf(await load(deps, principal, id, 'operate'));
      await bus.reset?.(id);
      return subscription;
    },
  };
}

/** Its owner's, who may still have what it is about, by the way its events go. */
async function served(
  deps: SubscriptionQueriesDependencies,
  principal: Principal,
  { id, kind }: { readonly id: string; readonly kind: 'queue' | 'stream' },
): Promise<Subscription> {
  const subscription = subscriptionOf(await load(deps, principal, id));
  requireRights(deps.policy, principal, subscription.topics);
  requireTarget(subscription, kind);
  return subscription;
}

async function createSubscription(
  deps: SubscriptionsDependencies,
  principal: Principal,
  { input, idempotencyKey }: { readonly input: unknown; readonly idempotencyKey: string | undefined },
): Promise<Subscription> {
  const unnamed = idempotencyKey === undefined ? deps.ids.next() : idOfKey(principal, idempotencyKey);
  const { id = unnamed, filter, ...settings } = parseSubscriptionInput(input);
  requireTopics(deps, principal, settings.topics);
  const subscription: Subscription = {
    ...settings,
    ...defined({ filter }),
    id,
    module: principal.id,
    status: 'active',
    createdAt: isoOf(deps.clock.now()),
    from: await firstPosition(deps.entries, settings.startAt, deps.clock.now()),
  };
  requireDeliverable(deps.bus, subscription);
  const key = keyOf(deps, id);
  await requireRoom(deps, principal, key);
  const written = await deps.items.write([
    { kind: 'put', key, value: subscriptionCodec.encode(subscription), expect: 'absent' },
  ]);
  if (written.kind === 'precondition') {
    const existing = await deps.items.get(key);
    if (existing !== undefined && isSame(subscriptionOf(existing), subscription)) {
      const known = subscriptionOf(existing);
      if (known.status === 'active') await deps.bus.attach(known); // an earlier attempt may have failed after the write
      return known;
    }
    throw new EventError({
      code: 'SUBSCRIPTION_EXISTS',
      message: `subscription id "${id}" is taken by other settings: choose another id or delete it first`,
    });
  }
  await deps.bus.attach(subscription);
  return subscription;
}

/** Of one that its owner did not name: the same for the same key. */
function idOfKey({ kind, id }: Principal, key: string): string {
  return `key-${taggedHash(ID_TAG, canonicalize([kind, id, key])).slice(0, ID_DIGITS)}`;
}

/** @throws PolicyError FORBIDDEN, EventError TOPIC_UNKNOWN */
function requireTopics(
  { policy, catalog }: Pick<SubscriptionsDependencies, 'policy' | 'catalog'>,
  principal: Principal,
  topics: readonly string[],
): void {
  requireRights(policy, principal, topics);
  for (const topic of topics) if (!topic.endsWith('*')) catalog.require(topic);
}

/** As good as the list is when it is read: two at the same moment may be one too many. @throws EventError TOO_MANY_SUBSCRIPTIONS */
async function requireRoom(deps: SubscriptionsDependencies, principal: Principal, key: ItemKey): Promise<void> {
  const { items, perPrincipal } = deps;
  if ((await items.get(key)) !== undefined) return; // then it is not a new one
  const all = await listAll(items, key.pk);
  const own = all.filter(({ module }) => module === principal.id).length;
  if (own < perPrincipal) return;
  const message = `"${principal.id}" has ${own} subscriptions and may have no more: remove one, or raise protection.subscriptionsPerPrincipal in nervous.config.ts`;
  throw new EventError({ code: 'TOO_MANY_SUBSCRIPTIONS', message });
}

function requireDeliverable(bus: SubscriptionBus, subscription: Subscription, before?: Subscription): void {
  const problem = bus.refusal?.(subscription, before);
  if (problem === undefined) return;
  const message = `${problem.pointer}: ${problem.detail}`;
  throw new EventError({ code: 'SUBSCRIPTION_INVALID', message, problems: [problem] });
}

function requireTarget(subscription: Subscription, kind: 'queue' | 'stream'): void {
  const target = targetOf(subscription);
  if (target.kind === kind) return;
  const where = target.kind === 'function' ? `the function "${target.name}"` : `a ${target.kind}`;
  const message = `the events of "${subscription.id}" go to ${where}, not to a ${kind}`;
  throw new EventError({ code: 'SUBSCRIPTION_INVALID', message });
}

function withStatus(subscription: Subscription, status: Subscription['status'], nowMs: EpochMs): Subscription {
  const isResumed = status === 'active' && subscription.status === 'paused';
  const { disabled, ...rest } = subscription;
  return { ...rest, status, ...(isResumed ? { resumedAt: isoOf(nowMs) } : defined({ disabled })) };
}

function changedMeanwhile(id: string): EventError {
  const message = `subscription "${id}" is not what If-Match names any more: read it again, and decide anew`;
  return new EventError({ code: 'SUBSCRIPTION_CHANGED', message });
}

function isSame(a: Subscription, b: Subscription): boolean {
  const settings = (one: Subscription): string => {
    const { createdAt: _1, resumedAt: _2, status: _3, from: _4, verifiedAt: _5, disabled: _6, ...rest } = one;
    const { version: _7, changedAt: _8, changedFrom: _9, ...said } = rest;
    return canonicalize(said);
  };
  return settings(a) === settings(b);
}
