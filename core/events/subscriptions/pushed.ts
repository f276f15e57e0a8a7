/** Subscriptions that are sent to by a dispatcher: when what failed is tried again, and where an event stands with one of them. */
import { defined, MS_PER_SECOND } from '../../values/index.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import type { DispatchState } from '../dispatch/dispatch-state.ts';
import { WEBHOOK_SCHEDULE } from '../webhooks/webhook-schedule.ts';
import type { DeliveryAttempt, DeliveryState } from './ports.ts';
import { isWebhook, type PushedSubscription } from './subscription.ts';

export function dispatcherOf(subscription: PushedSubscription, state: DispatchState): Dispatcher {
  const { order, breaker } = subscription;
  const ordered = order === 'entity';
  const paceMs = paceOf(subscription);
  const apart = !isWebhook(subscription);
  const rules = { ordered, apart, breaker: breaker ?? {}, schedule: scheduleOf(subscription), ...defined({ paceMs }) };
  return new Dispatcher(rules, state);
}

/** Whole milliseconds, rounded so that it is never more than was asked for. */
function paceOf(subscription: PushedSubscription): number | undefined {
  const rate = isWebhook(subscription) ? subscription.target.rate : undefined;
  return rate === undefined ? undefined : Math.ceil(MS_PER_SECOND / rate);
}

/** A webhook's own list; of a function, what the subscription says of trying again, as such a list. */
function scheduleOf(subscription: PushedSubscription): readonly number[] {
  if (isWebhook(subscription))
    return subscription.target.scheduleSeconds?.map((seconds) => seconds * MS_PER_SECOND) ?? WEBHOOK_SCHEDULE;
  const { maxAttempts, baseMs, maxMs } = subscription.retry;
  return Array.from({ length: maxAttempts }, (_, failed) =>
    failed === 0 ? 0 : Math.min(maxMs, baseMs * 2 ** Math.min(failed - 1, MAX_DOUBLINGS)),
  );
}

/** More would be longer than anything may wait. */
const MAX_DOUBLINGS = 40;

type State = DeliveryState extends infer One
  ? One extends unknown
    ? Omit<One, 'subscription' | 'history'>
    : never
  : never;

/** @param last the newest try that is known */
export function pushedState(dispatcher: Dispatcher, position: number, last: DeliveryAttempt | undefined): State {
  const pending = dispatcher.isPending(position);
  if (typeof pending === 'string') return { state: pending };
  if (pending !== undefined) return { state: 'retrying', ...pending, ...defined({ reason: last?.reason }) };
  if (position >= dispatcher.cursor) return { state: 'pending' };
  if (last === undefined) return { state: 'settled' }; // so long ago that its attempts are forgotten
  return { state: last.outcome === 'skipped' ? 'skipped' : 'delivered' };
}
