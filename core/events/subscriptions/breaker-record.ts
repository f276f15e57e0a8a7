/**
 * Breakers on the ledger: that one opened or closed, and that half of a topic's subscribers get nothing any more. Probes that
 * fail are not told: a subscriber that stays away would fill the ledger.
 */
import type { Appender, Ids } from '../../ledger/index.ts';
import { matchesGlob } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import type { BreakerChange } from './ports.ts';
import type { Subscription } from './subscription.ts';
import type { Subscriptions } from './subscriptions.ts';
import { systemEvent, type SystemTopic } from '../envelope/system-event.ts';

export interface BreakerRecordDependencies {
  readonly appender: Pick<Appender, 'append'>;
  readonly ids: Pick<Ids, 'next'>;
  readonly topics: readonly string[];
  readonly subscriptions: Pick<Subscriptions, 'all'>;
  /** Told about failures that no caller waits for. Must not throw. */
  readonly onError: (error: unknown) => void;
}

/** @returns takes changes in their order; never throws */
export function createBreakerRecord(deps: BreakerRecordDependencies): (change: BreakerChange) => void {
  const open = new Set<string>();
  let failing: ReadonlySet<string> = new Set();
  let turn = Promise.resolve();

  const tell = async (topic: SystemTopic, payload: Readonly<Record<string, string | number>>): Promise<void> => {
    await deps.appender.append({ entries: [systemEvent(topic, { id: deps.ids.next(), payload })] });
  };
  const take = async ({ subscription, module, reason, to }: BreakerChange): Promise<void> => {
    if (to === 'half-open' || (to === 'open') === open.has(subscription)) return;
    if (to === 'open') open.add(subscription);
    else open.delete(subscription);
    const about = { subscription, module, ...defined({ reason }) };
    await tell(to === 'open' ? 'system.breaker_opened' : 'system.breaker_closed', about);
    const before = failing;
    const now =
      open.size === 0 ? new Map<string, Counts>() : failingTopics(deps.topics, await deps.subscriptions.all(), open);
    failing = new Set(now.keys());
    for (const [topic, counts] of now)
      if (!before.has(topic)) await tell('system.subscribers_failing', { topic, ...counts });
  };
  return (change) => {
    turn = turn.then(() => take(change)).catch(deps.onError);
  };
}

interface Counts {
  readonly open: number;
  readonly subscribers: number;
}

/**
 * Topics of which at least half of the active subscriptions get nothing any more.
 * @param open subscriptions whose breaker is open, also while a probe is under way
 */
export function failingTopics(
  topics: readonly string[],
  subscriptions: readonly Pick<Subscription, 'id' | 'status' | 'topics'>[],
  open: ReadonlySet<string>,
): ReadonlyMap<string, Counts> {
  const active = subscriptions.filter(({ status }) => status === 'active');
  const counted = topics.map((topic): [string, Counts] => {
    const own = active.filter((one) => one.topics.some((glob) => matchesGlob(glob, topic)));
    return [topic, { open: own.filter(({ id }) => open.has(id)).length, subscribers: own.length }];
  });
  return new Map(counted.filter(([, counts]) => counts.open > 0 && counts.open * 2 >= counts.subscribers));
}
