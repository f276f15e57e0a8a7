/**
 * What can be told of subscriptions without serving them: how much waits, and what became of an event. Apart from the queues,
 * so that functions that only report do not carry the rest.
 */
import {
  isPushed,
  type DeliveredEvent,
  type DeliveryState,
  type Subscription,
  type SubscriptionStats,
} from '../../../core/events/index.ts';
import type { Clock, EntryStore, ItemStore } from '../../../core/ledger/index.ts';
import { orBlank, orNone } from '../../../core/values/index.ts';
import { SubscriptionBreakers } from './breakers.ts';
import { DeadLetterItems } from './dead-letter-items.ts';
import type { DeliveryNotes } from '../bus/delivery-notes.ts';
import { SubscriptionDirectory, wantedBy } from '../bus/directory.ts';
import { dispatchState } from '../bus/dispatch-state.ts';
import { feedState } from '../bus/feed.ts';
import type { Named } from '../bus/names.ts';
import type { LogPositions } from '../bus/log-positions.ts';
import type { QueueDepth } from '../request/measure-queue.ts';

const STATS_PARALLEL = 20;

export interface SubscriptionReportsOptions {
  readonly ledger: string;
  readonly entries: Pick<EntryStore, 'read' | 'size'>;
  readonly items: ItemStore;
  readonly clock: Clock;
  /** of the subscription's queue; undefined: it has none yet, or no more */
  readonly depthOf: (subscription: Named) => Promise<QueueDepth | undefined>;
  readonly positions: LogPositions;
  readonly notes: Pick<DeliveryNotes, 'read'>;
}

export class SubscriptionReports {
  private readonly options: SubscriptionReportsOptions;
  private readonly directory: SubscriptionDirectory;
  private readonly letters: DeadLetterItems;
  private readonly breakers: SubscriptionBreakers;

  constructor(options: SubscriptionReportsOptions) {
    this.options = options;
    this.directory = new SubscriptionDirectory(options);
    this.letters = new DeadLetterItems(options);
    this.breakers = new SubscriptionBreakers(options);
  }

  async trace(event: DeliveredEvent): Promise<readonly DeliveryState[]> {
    const { positions, ledger } = this.options;
    const position = event.ledger.position ?? (await positions.positionOf(event.ledger.entity, event.ledger.seq));
    const interested = (await this.directory.all()).filter(
      (subscription) =>
        (position === undefined || position >= subscription.from) && wantedBy(ledger, subscription)(event),
    );
    return Promise.all(interested.map((subscription) => this.stateOf(subscription, event, position)));
  }

  async stats(): Promise<readonly SubscriptionStats[]> {
    const all = await this.directory.all();
    const stats: SubscriptionStats[] = [];
    for (let i = 0; i < all.length; i += STATS_PARALLEL) {
      stats.push(...(await Promise.all(all.slice(i, i + STATS_PARALLEL).map((one) => this.statsOf(one)))));
    }
    return stats;
  }

  private async stateOf(subscription: Subscription, event: DeliveredEvent, position?: number): Promise<DeliveryState> {
    const { id } = subscription;
    const { entity: chain, seq } = event.ledger;
    const [letter, noted] = await Promise.all([
      position === undefined ? undefined : this.letters.find(id, position),
      this.options.notes.read(subscription, { chain, seq }),
    ]);
    const known = { subscription: id, ...(noted.length === 0 ? {} : { history: noted }) };
    if (letter !== undefined)
      return { ...known, state: 'dead-letter', attempts: letter.attempts, reason: letter.reason };
    const last = noted.at(-1);
    if (last?.outcome === 'failed') {
      const attempts = noted.filter(({ outcome }) => outcome === 'failed').length;
      return { ...known, state: 'retrying', attempts, reason: orBlank(last.reason) };
    }
    if (last !== undefined) return { ...known, state: last.outcome };
    if (isPushed(subscription)) return { ...known, state: await this.standingOf(subscription, position) };
    if (subscription.order === 'none') return { ...known, state: 'relayed' };
    const next = orNone((await feedState(this.options, subscription))?.next);
    return { ...known, state: position === undefined || position >= next ? 'pending' : 'relayed' };
  }

  /** Of an event that nothing was noted of. */
  private async standingOf(subscription: Subscription, position = Infinity): Promise<'pending' | 'settled'> {
    const { cursor = 0, pending = [] } = (await dispatchState(this.options, subscription)) ?? {};
    const isThere = pending.some((one) => one.position === position || one.behind?.includes(position));
    return position >= cursor || isThere ? 'pending' : 'settled';
  }

  private async pushedStats(subscription: Subscription): Promise<Omit<SubscriptionStats, 'subscription' | 'module'>> {
    const [state, size, deadLetters] = await Promise.all([
      dispatchState(this.options, subscription),
      this.options.entries.size(),
      this.letters.count(subscription.id),
    ]);
    const { cursor = subscription.from, pending = [], breaker } = state ?? {};
    const waiting = pending.flatMap(({ attempts, behind = [] }) => (attempts === 0 ? [0, ...behind] : behind)).length;
    const retrying = pending.filter(({ attempts }) => attempts > 0).length;
    const backlog = Math.max(0, size - cursor) + waiting;
    const figures = { delivered: 0, failed: 0, backlog, inFlight: 0, retrying, deadLetters };
    return { ...figures, breaker: breaker?.state ?? 'closed' };
  }

  private async statsOf(subscription: Subscription): Promise<SubscriptionStats> {
    const { id, module } = subscription;
    if (isPushed(subscription)) return { subscription: id, module, ...(await this.pushedStats(subscription)) };
    const [depth, deadLetters, breaker] = await Promise.all([
      this.options.depthOf(subscription),
      this.letters.count(subscription.id),
      this.breakers.state(subscription),
    ]);
    return {
      subscription: subscription.id,
      module: subscription.module,
      delivered: 0,
      failed: 0,
      backlog: orNone(depth?.waiting),
      inFlight: orNone(depth?.out),
      retrying: 0,
      deadLetters,
      breaker,
    };
  }
}
