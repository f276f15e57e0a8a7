/**
 * Makes what exists on AWS agree with the stored subscriptions: queues, rules, history. One at a time and every step repeatable; the
 * scheduled pass finishes what a crash left half done and removes what belongs to nobody.
 */
import { isPushed, type Subscription } from '../../../core/events/index.ts';
import type { Clock } from '../../../core/ledger/index.ts';
import type { ClosingMark } from '../relay/closing-mark.ts';
import type { DeadLetterStore } from './dead-letters.ts';
import type { SubscriptionDirectory } from '../bus/directory.ts';
import type { LogFeed } from '../bus/feed.ts';
import { refeed, type RefeedDependencies } from '../relay/refeed.ts';
import type { SubscriptionResources } from './subscription-resources.ts';
import { topicsFailing, type TopicsFailingOptions } from './topics-failing.ts';

/** History copied while the caller of attach waits; the schedule does the rest. */
const ATTACH_FEED_MS = 5_000;
/** Kept short: while a pass runs, attach and detach wait for it. */
const PASS_FEED_MS = 15_000;

const REFEED_MS = 10_000;

/** Looks of a teardown; more are not needed unless somebody makes subscriptions all the while. */
const MAX_ROUNDS = 10;

export type ReconcileRequest =
  | { readonly kind: 'attach' | 'detach'; readonly subscription: string }
  /** compare everything and repair */
  | { readonly kind: 'all' }
  /** before buses are deleted, which must hold no rules: remove the rules on them */
  | { readonly kind: 'clear'; readonly domains: readonly string[] }
  /** before the whole system is: remove every queue and rule, and make none again; subscriptions and dead letters stay stored */
  | { readonly kind: 'teardown' }
  /** after it was deployed: queues and rules are made */
  | { readonly kind: 'open' };

export interface ReconcileReport {
  readonly made: number;
  readonly removed: number;
  /** subscriptions whose history is not all copied yet */
  readonly behind: number;
  /** deliveries that EventBridge had given up, made again */
  readonly refed: number;
  /** topics of which half of the subscribers or more get nothing; only looked at by `all` */
  readonly topicsFailing: readonly string[];
  /** subscriptions that are sent to; only looked at by `all` */
  readonly pushed: Pick<PushedReport, 'woken' | 'oldestMs'>;
  readonly failed: readonly { readonly subscription: string; readonly error: unknown }[];
}

/** What looking at the subscriptions that are sent to found. */
export interface PushedReport {
  readonly woken: number;
  /** how long the oldest event has waited to be delivered for the first time */
  readonly oldestMs: number;
  /** subscriptions whose breaker is open */
  readonly open: ReadonlySet<string>;
  readonly failed: ReconcileReport['failed'];
}

export interface ReconcilerDependencies {
  readonly directory: SubscriptionDirectory;
  readonly resources: SubscriptionResources;
  readonly feed: LogFeed;
  readonly letters: DeadLetterStore;
  readonly closing: ClosingMark;
  readonly undelivered: Omit<RefeedDependencies, 'feed' | 'clock'>;
  readonly topicsOptions: TopicsFailingOptions;
  /** Wakes those that are sent to and have something to do. */
  readonly sweep: (subscriptions: readonly Subscription[]) => Promise<PushedReport>;
  readonly clock: Clock;
}

const NOTHING: ReconcileReport = {
  made: 0,
  removed: 0,
  behind: 0,
  refed: 0,
  topicsFailing: [],
  pushed: { woken: 0, oldestMs: 0 },
  failed: [],
};

export async function reconcile(deps: ReconcilerDependencies, request: ReconcileRequest): Promise<ReconcileReport> {
  switch (request.kind) {
    case 'attach':
      return attach(deps, request.subscription);
    case 'detach':
      return detach(deps, request.subscription);
    case 'all':
      return reconcileAll(deps);
    case 'clear':
      return clear(deps, request.domains);
    case 'teardown':
      return teardown(deps);
    case 'open':
      await deps.closing.clear();
      return NOTHING;
  }
}

/** Rules first, then the log up to now and a little longer: what one of them misses, the other has. */
async function attach(deps: ReconcilerDependencies, id: string): Promise<ReconcileReport> {
  const subscription = await deps.directory.get(id);
  if (subscription === undefined) return NOTHING; // removed in between
  await make(deps, subscription);
  const isDone = await deps.feed.advance(subscription, deps.clock.now() + ATTACH_FEED_MS);
  return { ...NOTHING, made: 1, behind: isDone ? 0 : 1 };
}

/** Called before core deletes the stored subscription: a crash in between leaves one that starts over. */
async function detach(
  { directory, resources, feed, letters }: ReconcilerDependencies,
  id: string,
): Promise<ReconcileReport> {
  const subscription = await directory.get(id);
  if (subscription === undefined) return NOTHING;
  await resources.removeSubscription(subscription);
  await letters.erase(id);
  await feed.forget(subscription);
  return { ...NOTHING, removed: 1 };
}

async function reconcileAll(deps: ReconcilerDependencies): Promise<ReconcileReport> {
  const { directory, resources, feed, clock } = deps;
  const deadline = clock.now() + PASS_FEED_MS;
  const found = await resources.find(); // before the subscriptions, which are stored first: nothing new looks like an orphan
  const all = await directory.all();
  const { open, failed: unswept, ...pushed } = await deps.sweep(all); // first: it is quick, and others may take long
  const subscriptions = all.filter((one) => !isPushed(one)); // those with a queue
  const orphans = resources.orphans(found, subscriptions);
  for (const name of orphans) await resources.remove(name);
  const failed: { subscription: string; error: unknown }[] = [...unswept];
  let [made, behind] = [0, 0];
  for (const subscription of subscriptions) {
    try {
      const state = await feed.state(subscription);
      const isBegun = state?.createdAt === subscription.createdAt && state.changedAt === subscription.changedAt;
      if (!isBegun || !resources.isMade(subscription, found)) {
        await make(deps, subscription);
        made += 1;
      }
      const isFed = subscription.status === 'paused' || (await feed.advance(subscription, deadline));
      if (!isFed) behind += 1;
    } catch (error) {
      failed.push({ subscription: subscription.id, error }); // the others must not suffer from this one
    }
  }
  return {
    ...{ made, removed: orphans.length, behind, pushed, failed },
    refed: await refeedAll(deps, subscriptions, failed),
    topicsFailing: await topicsFailing(deps.topicsOptions, all, open),
  };
}

/** After queues and rules were repaired, for want of which deliveries may have failed. */
async function refeedAll(
  { undelivered, feed, clock }: ReconcilerDependencies,
  subscriptions: readonly Subscription[],
  failed: { subscription: string; error: unknown }[],
): Promise<number> {
  try {
    return await refeed({ ...undelivered, feed, clock }, subscriptions, clock.now() + REFEED_MS);
  } catch (error) {
    failed.push({ subscription: 'of undelivered events', error });
    return 0;
  }
}

/** The feed's state is written last: its existence says that everything else is there. */
async function make({ resources, feed, closing }: ReconcilerDependencies, subscription: Subscription): Promise<void> {
  // Asked each time: a pass that began before the teardown must not bring back what the teardown removes.
  if (await closing.isSet()) throw new Error('the system is being removed: nothing is made for subscriptions any more');
  await resources.make(subscription);
  await feed.begin(subscription);
}

async function clear({ resources }: ReconcilerDependencies, domains: readonly string[]): Promise<ReconcileReport> {
  let removed = 0;
  for (const domain of domains) removed += await resources.clearBus(domain);
  return { ...NOTHING, removed };
}

/** Looks until it finds nothing: what was being made when the mark was set is there by the second look. */
async function teardown({ resources, closing }: ReconcilerDependencies): Promise<ReconcileReport> {
  await closing.set();
  let removed = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const names = resources.orphans(await resources.find(), []);
    if (names.length === 0 && round > 0) break;
    for (const name of names) await resources.remove(name);
    removed += names.length;
  }
  return { ...NOTHING, removed };
}
