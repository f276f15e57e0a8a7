/**
 * Breakers of subscriptions, shared by everybody who pulls: one item each, which is there only while deliveries fail. A
 * process that dies changes nothing; a probe belongs to the one who wrote it down first.
 */
import * as z from 'zod';
import type { BreakerChange, BreakerState, Subscription } from '../../../core/events/index.ts';
import {
  askBreaker,
  breakerAfter,
  createBreaker,
  type Breaker,
  type BreakerVerdict,
} from '../../../core/guard/index.ts';
import type { Clock, Item, ItemKey, ItemStore, ItemWrite } from '../../../core/ledger/index.ts';
import { codecOf, defined, stored, whole } from '../../../core/values/index.ts';

type Guarded = Pick<Subscription, 'id' | 'module' | 'breaker' | 'createdAt' | 'resumedAt'>;

/** As stored. */
interface Stored {
  /** when the subscription was made or last resumed: whatever failed before is forgotten */
  readonly since: string;
  readonly breaker: Breaker;
}

const settings = { failures: whole, probeAfterMs: whole };
export const breakerCodec = codecOf<Stored>(
  'breaker of a subscription',
  stored<Stored>({
    since: z.string(),
    breaker: z.discriminatedUnion('state', [
      z.strictObject({ ...settings, state: z.literal('closed'), failed: whole }),
      z.strictObject({ ...settings, state: z.literal('open'), sinceMs: z.number() }),
      z.strictObject({ ...settings, state: z.literal('half-open'), sinceMs: z.number() }),
    ]),
  }),
);

export interface SubscriptionBreakersOptions {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'get' | 'write'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Told of every breaker that this process opens, probes or closes. Must not throw. */
  readonly onBreaker?: (change: BreakerChange) => void;
}

interface CachedBreaker {
  readonly item: Item | undefined;
  readonly breaker: Breaker;
}

export class SubscriptionBreakers {
  private readonly options: SubscriptionBreakersOptions;

  constructor(options: SubscriptionBreakersOptions) {
    this.options = options;
  }

  async state(subscription: Guarded): Promise<BreakerState> {
    return (await this.read(subscription)).breaker.state;
  }

  /** May events be delivered now? A probe that is granted is granted to nobody else. */
  async ask(subscription: Guarded): Promise<BreakerVerdict> {
    const now = this.options.clock.now();
    const kept = await this.read(subscription);
    const verdict = askBreaker(kept.breaker, now);
    if (verdict.kind !== 'probe' || (await this.keep(subscription, kept, verdict.breaker))) return verdict;
    return { kind: 'wait', untilMs: now + kept.breaker.probeAfterMs };
  }

  /** There was nothing to probe with: the next event that comes is the probe. */
  async giveBack(subscription: Guarded): Promise<void> {
    const kept = await this.read(subscription);
    const { state, failures, probeAfterMs } = kept.breaker;
    if (state !== 'half-open') return;
    const sinceMs = this.options.clock.now() - probeAfterMs;
    await this.keep(subscription, kept, { state: 'open', sinceMs, failures, probeAfterMs });
  }

  async succeeded(subscription: Guarded): Promise<void> {
    await this.change(subscription, (breaker, now) => breakerAfter(breaker, 'success', now));
  }

  /** @param times deliveries that failed, for the same reason */
  async failed(subscription: Guarded, times: number, reason: string): Promise<void> {
    if (times === 0) return;
    const after = (breaker: Breaker, now: number): Breaker => breakerAfter(breaker, 'failure', now);
    await this.change(
      subscription,
      (breaker, now) => Array.from({ length: times }).reduce<Breaker>((so) => after(so, now), breaker),
      reason,
    );
  }

  async reset(subscription: Guarded): Promise<void> {
    await this.change(subscription, createBreaker, 'reset');
  }

  private async change(
    subscription: Guarded,
    next: (breaker: Breaker, nowMs: number) => Breaker,
    reason?: string,
  ): Promise<void> {
    for (;;) {
      const kept = await this.read(subscription);
      if (await this.keep(subscription, kept, next(kept.breaker, this.options.clock.now()), reason)) return;
    }
  }

  private async read(subscription: Guarded): Promise<CachedBreaker> {
    const item = await this.options.items.get(this.keyOf(subscription.id));
    const stored = item && breakerCodec.decode(item);
    const isOurs = stored?.since === sinceOf(subscription);
    return { item, breaker: isOurs ? stored.breaker : createBreaker(subscription.breaker) };
  }

  /** @returns false: somebody changed it in between */
  private async keep(
    subscription: Guarded,
    { item, breaker }: CachedBreaker,
    next: Breaker,
    reason?: string,
  ): Promise<boolean> {
    if (next === breaker || (item === undefined && isNew(next))) return true;
    const { id, module } = subscription;
    const key = this.keyOf(id);
    const value = breakerCodec.encode({ since: sinceOf(subscription), breaker: next });
    const write: ItemWrite = isNew(next)
      ? { kind: 'delete', key, expect: item?.version ?? 'any' }
      : { kind: 'put', key, value, expect: item?.version ?? 'absent' };
    if ((await this.options.items.write([write])).kind !== 'written') return false;
    const move = { subscription: id, module, from: breaker.state, to: next.state, at: this.options.clock.now() };
    if (move.from !== move.to) this.options.onBreaker?.({ ...move, ...defined({ reason }) });
    return true;
  }

  private keyOf(id: string): ItemKey {
    return { pk: `${this.options.ledger}#breaker`, sk: id };
  }
}

/** As it is stored: that nothing is delivered, also while a probe is under way. */
export function isOpenBreaker(item: Item, subscription: Guarded | undefined): boolean {
  const { since, breaker } = breakerCodec.decode(item);
  return subscription !== undefined && since === sinceOf(subscription) && breaker.state !== 'closed';
}

function sinceOf({ createdAt, resumedAt }: Guarded): string {
  return resumedAt ?? createdAt;
}

/** As if nothing had ever failed: not worth an item. */
function isNew(breaker: Breaker): boolean {
  return breaker.state === 'closed' && breaker.failed === 0;
}
