/**
 * What one principal may ask for: so many requests of a kind in a minute, and so many heavy ones at the same time. Counted in
 * memory, by who is responsible (a person is one, whatever the account); what a process counted, it forgets when it ends.
 */
import * as z from 'zod';
import { countOf } from '../values/index.ts';
import { takeTokens, type Rate } from './token-bucket.ts';
import { MS_PER_SECOND } from '../values/index.ts';

/** Kinds of work that are paid for. Publishing is counted by the event instead (`protection.rates`). */
export const BUDGET_NAMES = [
  'propose',
  'assess',
  'revise',
  'decide',
  'delegate',
  'subscribe',
  'operate',
  'settle',
  'reveal',
  'heavy',
] as const;
export type BudgetName = (typeof BUDGET_NAMES)[number];

/** A million a second: more than any engine takes. */
const MAX_PER_MINUTE = 60_000_000;
const MAX_AT_ONCE = 10_000;
/** A heavy read that found no place: the next one may be free soon. */
const PLACE_RETRY_SECONDS = 1;

const rateSchema = z
  .strictObject({
    perMinute: z.int().min(1).max(MAX_PER_MINUTE),
    /** how many at once; default: a minute's worth */
    burst: z.int().min(1).max(MAX_PER_MINUTE).optional(),
  })
  .transform(({ perMinute, burst = perMinute }): Rate => ({ perMinute, burst }));

const budget = (perMinute: number) => z.union([rateSchema, z.literal('unlimited')]).prefault({ perMinute });

export const budgetsSchema = z
  .strictObject({
    /** change-sets proposed, and reverts */
    propose: budget(100),
    /** dry runs */
    assess: budget(300),
    /** own proposals revised or withdrawn */
    revise: budget(100),
    /** votes and everything else that people decide on change-sets */
    decide: budget(100),
    /** delegations given and ended */
    delegate: budget(20),
    /** subscriptions made, changed and removed */
    subscribe: budget(60),
    /** redrives, pauses, resumes, resets of breakers and of stopped topics */
    operate: budget(60),
    /** requests that lease or settle messages, each for up to 1,000 of them */
    settle: budget(60_000),
    /** confidential fields shown: each time is an entry */
    reveal: budget(60),
    /** verification, the map, the feed from its beginning */
    heavy: budget(60),
    /** heavy reads at the same time, in one process: of one principal, and of all together */
    heavyAtOnce: z
      .strictObject({
        perPrincipal: z.int().min(1).max(MAX_AT_ONCE).default(2),
        all: z.int().min(1).max(MAX_AT_ONCE).default(4),
      })
      .prefault({}),
  })
  .prefault({});

export type BudgetLimits = z.output<typeof budgetsSchema>;

export type Spent =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused'; readonly message: string; readonly retryAfterSeconds: number };

const GRANTED: Spent = { kind: 'granted' };

export class Budgets {
  private readonly limits: BudgetLimits;
  /** kind and spender → when its bucket will be full again */
  private readonly buckets = new Map<string, number>();
  /** spender → heavy reads under way */
  private readonly places = new Map<string, number>();
  private taken = 0;

  constructor(limits: BudgetLimits) {
    this.limits = limits;
  }

  /** One request of this kind. @param spender who is responsible. @param nowMs of a clock that never runs back */
  spend(name: BudgetName, spender: string, nowMs: number): Spent {
    const limit = this.limits[name];
    if (limit === 'unlimited') return GRANTED;
    const key = `${name}\n${spender}`;
    const { fullAtMs, taken, retryAfterMs } = takeTokens(limit, countOf(this.buckets, key), 1, nowMs);
    this.buckets.set(key, fullAtMs);
    if (taken === 1) return GRANTED;
    return {
      kind: 'refused',
      message: `the budget "${name}" is ${limit.perMinute} requests a minute, ${limit.burst} at once: come back later, or raise protection.budgets.${name} in nervous.config.ts`,
      retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / MS_PER_SECOND)),
    };
  }

  /** A place among the heavy reads; to be given back (`leave`) when granted. */
  enter(spender: string): Spent {
    const { perPrincipal, all } = this.limits.heavyAtOnce;
    const own = countOf(this.places, spender);
    if (own < perPrincipal && this.taken < all) {
      this.places.set(spender, own + 1);
      this.taken += 1;
      return GRANTED;
    }
    const whose = own >= perPrincipal ? `${own} of yours are` : `${this.taken} are`;
    const message = `heavy reads under way: ${whose}, and no more are begun at the same time: come back when one has ended`;
    return { kind: 'refused', message, retryAfterSeconds: PLACE_RETRY_SECONDS };
  }

  leave(spender: string): void {
    const own = (this.places.get(spender) ?? 1) - 1;
    if (own === 0) this.places.delete(spender);
    else this.places.set(spender, own);
    this.taken -= 1;
  }
}
