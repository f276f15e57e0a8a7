/**
 * The reconciler of pushed subscriptions: looks at all of them each minute, wakes what has something to do and nobody at work on it,
 * and says how long the oldest event has waited to be delivered for the first time.
 */
import { msOf } from '../../../core/brands/index.ts';
import {
  dispatcherOf,
  isPushed,
  isWebhook,
  readEvent,
  type DispatchState,
  type PushedSubscription,
  type Subscription,
} from '../../../core/events/index.ts';
import type { Clock, EntryStore } from '../../../core/ledger/index.ts';
import type { PushedReport } from '../subscriptions/reconciler.ts';
import type { PushedItems } from './pushed-items.ts';
import type { WakeSubscription } from './wake-up.ts';

/** What is due by the next sweep is woken by this one. */
const NEXT_SWEEP_MS = 60_000;

export interface SweepDependencies {
  readonly items: Pick<PushedItems, 'begin' | 'load'>;
  readonly entries: Pick<EntryStore, 'readLog' | 'size'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly wake: WakeSubscription;
}

export async function sweepPushed(deps: SweepDependencies, all: readonly Subscription[]): Promise<PushedReport> {
  const active = all.filter(isPushed).filter(isServed);
  const size = active.length === 0 ? 0 : await deps.entries.size();
  const now = deps.clock.now();
  const [due, open, failed] = [[] as string[], new Set<string>(), [] as { subscription: string; error: unknown }[]];
  let oldestMs = 0;
  for (const subscription of active) {
    try {
      const state = (await deps.items.load(subscription))?.state ?? (await begun(deps, subscription));
      const dispatcher = dispatcherOf(subscription, state);
      if (dispatcher.breakerState !== 'closed') open.add(subscription.id);
      const isDue = state.cursor < size || dispatcher.dueAt(now) <= now + NEXT_SWEEP_MS;
      const isAtWork = state.run !== undefined && state.run.until > now;
      if (isDue && !isAtWork) due.push(subscription.id);
      oldestMs = Math.max(oldestMs, await waitedMs(deps, subscription, { state, size, now }));
    } catch (error) {
      failed.push({ subscription: subscription.id, error }); // the others must not suffer from this one
    }
  }
  if (due.length > 0) await deps.wake(due);
  return { woken: due.length, oldestMs, open, failed };
}

/** Nothing is sent before the receiver of a webhook said that it wants it. */
export function isServed(subscription: PushedSubscription): boolean {
  const isWanted = !isWebhook(subscription) || subscription.verifiedAt !== undefined;
  return subscription.status === 'active' && isWanted;
}

/** Whoever made it was killed before this. */
async function begun({ items }: SweepDependencies, subscription: PushedSubscription): Promise<DispatchState> {
  await items.begin(subscription);
  return { cursor: subscription.from, pending: [] };
}

/** By the first place in the log that was neither delivered nor tried. */
async function waitedMs(
  { entries }: SweepDependencies,
  { delayMs = 0 }: PushedSubscription,
  { state, size, now }: { readonly state: DispatchState; readonly size: number; readonly now: number },
): Promise<number> {
  const untried = state.pending.flatMap(({ position, attempts, behind = [] }) =>
    attempts === 0 ? [position, ...behind] : behind,
  );
  const first = Math.min(state.cursor, ...untried);
  if (first >= size) return 0;
  const [entry] = await entries.readLog(first, 1);
  const read = entry === undefined ? undefined : readEvent(entry);
  return read === undefined || 'reason' in read ? 0 : Math.max(0, now - msOf(read.at) - delayMs);
}
