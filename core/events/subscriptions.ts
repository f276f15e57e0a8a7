/**
 * Subscriptions at runtime: who may subscribe to what, how they are kept, and their messages. A principal sees and
 * touches only its own; auditors may look at all.
 */
import type { JsonValue } from '../canonical/index.ts';
import { canonicalize } from '../canonical/index.ts';
import type { Clock, EntryStore, Ids, Item, ItemStore } from '../ledger/index.ts';
import type { Policy, Principal } from '../policy/index.ts';
import type { Catalog } from './catalog.ts';
import { EventError } from './errors.ts';
import type { DeadLetter, EventBus, ReceivedMessage } from './ports.ts';
import { parseSubscriptionInput, type Subscription } from './subscription.ts';

const MAX_SUBSCRIPTIONS = 10_000;

export interface SubscriptionsDependencies {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly entries: EntryStore;
  readonly bus: EventBus;
  readonly policy: Policy;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface Subscriptions {
  /** Same id and settings again: the existing one. @throws EventError SUBSCRIPTION_INVALID | SUBSCRIPTION_EXISTS, PolicyError */
  create(principal: Principal, input: unknown): Promise<Subscription>;
  list(principal: Principal): Promise<readonly Subscription[]>;
  /** @throws EventError SUBSCRIPTION_NOT_FOUND, as all below */
  get(principal: Principal, id: string): Promise<Subscription>;
  pause(principal: Principal, id: string): Promise<Subscription>;
  resume(principal: Principal, id: string): Promise<Subscription>;
  remove(principal: Principal, id: string): Promise<void>;
  receive(
    principal: Principal,
    id: string,
    options: { max: number; waitMs: number; signal?: AbortSignal },
  ): Promise<readonly ReceivedMessage[]>;
  ack(principal: Principal, id: string, receipts: readonly string[]): Promise<{ readonly stale: readonly string[] }>;
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
  redrive(principal: Principal, id: string, positions?: readonly number[]): Promise<number>;
  /** Attaches every stored subscription to the bus: at engine start. */
  attachAll(): Promise<void>;
}

export function createSubscriptions(deps: SubscriptionsDependencies): Subscriptions {
  const { items, bus, policy } = deps;
  const pk = `${deps.ledger}#subscription`;
  const load = async (principal: Principal, id: string, write: boolean): Promise<Item> => {
    const item = await items.get({ pk, sk: id });
    const mine =
      item !== undefined && (subscriptionOf(item).module === principal.id || (!write && policy.isAuditor(principal)));
    if (!mine)
      throw new EventError({
        code: 'SUBSCRIPTION_NOT_FOUND',
        message: `no subscription "${id.slice(0, 64)}" of "${principal.id}"`,
      });
    return item;
  };
  const setStatus = async (principal: Principal, id: string, status: Subscription['status']): Promise<Subscription> => {
    for (;;) {
      const item = await load(principal, id, true);
      const changed: Subscription = { ...subscriptionOf(item), status };
      const written = await items.write([
        { kind: 'put', key: { pk, sk: id }, value: changed as unknown as JsonValue, expect: item.version },
      ]);
      if (written.kind === 'precondition') continue; // someone changed it in between: decide again on what it is now
      await (status === 'paused' ? bus.pause(id) : bus.attach(changed));
      return changed;
    }
  };
  const own = async (principal: Principal, id: string, write = true): Promise<void> => {
    await load(principal, id, write);
  };

  return {
    create: (principal, input) => createSubscription(deps, principal, input),
    list: async (principal) => {
      const all = (await items.list(pk, { limit: MAX_SUBSCRIPTIONS })).map(subscriptionOf);
      return policy.isAuditor(principal) ? all : all.filter(({ module }) => module === principal.id);
    },
    get: async (principal, id) => subscriptionOf(await load(principal, id, false)),
    pause: (principal, id) => setStatus(principal, id, 'paused'),
    resume: (principal, id) => setStatus(principal, id, 'active'),
    remove: async (principal, id) => {
      await own(principal, id);
      await bus.detach(id); // first: a crash in between leaves a subscription that starts over, not a forgotten mailbox
      await items.write([{ kind: 'delete', key: { pk, sk: id }, expect: 'any' }]);
    },
    receive: async (principal, id, options) => own(principal, id).then(() => bus.receive(id, options)),
    ack: async (principal, id, receipts) => own(principal, id).then(() => bus.ack(id, receipts)),
    nack: async (principal, id, receipts, failure) => own(principal, id).then(() => bus.nack(id, receipts, failure)),
    deadLetters: async (principal, id, options) => own(principal, id, false).then(() => bus.deadLetters(id, options)),
    redrive: async (principal, id, positions) => own(principal, id).then(() => bus.redrive(id, positions)),
    attachAll: async () => {
      for (const item of await items.list(pk, { limit: MAX_SUBSCRIPTIONS })) {
        const subscription = subscriptionOf(item);
        if (subscription.status === 'active') await bus.attach(subscription);
      }
    },
  };
}

async function createSubscription(
  deps: SubscriptionsDependencies,
  principal: Principal,
  input: unknown,
): Promise<Subscription> {
  const { id = deps.ids.next(), filter, ...settings } = parseSubscriptionInput(input);
  for (const topic of settings.topics) {
    deps.policy.require(principal, 'subscribes', topic);
    if (!topic.endsWith('*')) deps.catalog.require(topic);
  }
  const subscription: Subscription = {
    ...settings,
    ...(filter === undefined ? {} : { filter }),
    id,
    module: principal.id,
    status: 'active',
    createdAt: new Date(deps.clock.now()).toISOString(),
    from: await firstPosition(deps.entries, settings.startAt),
  };
  const key = { pk: `${deps.ledger}#subscription`, sk: id };
  const written = await deps.items.write([
    { kind: 'put', key, value: subscription as unknown as JsonValue, expect: 'absent' },
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

async function firstPosition(entries: EntryStore, startAt: Subscription['startAt']): Promise<number> {
  if (typeof startAt === 'number') return startAt;
  return startAt === 'earliest' ? 0 : entries.size();
}

function isSame(a: Subscription, b: Subscription): boolean {
  const settings = ({ createdAt: _createdAt, status: _status, from: _from, ...rest }: Subscription): string =>
    canonicalize(rest);
  return settings(a) === settings(b);
}

/** Items of this partition are written here alone, from parsed input. */
function subscriptionOf(item: Item): Subscription {
  return item.value as unknown as Subscription;
}
