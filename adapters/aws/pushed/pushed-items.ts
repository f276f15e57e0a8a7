/**
 * What is kept of subscriptions that are sent to: an index of who wants which topics, the state of each (ADR 0037), and what people
 * ask of a run. Only the run at work writes a state; others leave it a request, which it takes together with what follows from it.
 *   <ledger>#pushed / <id>                          index: topics, and whether somebody wants the run to look again
 *   <ledger>#dispatch / <id>#<createdAt>            state
 *   <ledger>#asked#<id>#<createdAt> / <new id>      request
 *   <ledger>#attempt#<id>#<createdAt> / <slot>      attempt to send a webhook (attempt-log.ts)
 */
import * as z from 'zod';
import {
  claimRun,
  dispatchCodec,
  type DispatchState,
  secretPlace,
  type Subscription,
} from '../../../core/events/index.ts';
import type { EpochMs } from '../../../core/brands/index.ts';
import type { Item, ItemKey, ItemStore, ItemWrite } from '../../../core/ledger/index.ts';
import { dispatchKey } from '../bus/dispatch-state.ts';
import { AttemptLog } from './attempt-log.ts';
import { codecOf, defined, stored, whole } from '../../../core/values/index.ts';

const PAGE = 1_000;
/** Requests that a run takes at once: each is deleted in the transaction of the state. */
const MAX_TAKEN = 40;

interface Indexed {
  /** of the subscription: tells a new one from a removed one of the same id */
  readonly createdAt: string;
  readonly topics: readonly string[];
  /** somebody came while a run was at work: it has to look again before it ends */
  readonly asked?: true;
}

/** What somebody wants of a subscription's deliveries. */
export type Request =
  | {
      readonly kind: 'redrive';
      readonly events: readonly { readonly position: number; readonly entity: string }[];
    }
  | { readonly kind: 'reset' }
  /** one event once more, out of order */
  | { readonly kind: 'resend'; readonly position: number; readonly entity: string }
  /** all from a log index on once more, dead letters included */
  | { readonly kind: 'recover'; readonly from: number };

export const pushedIndexCodec = codecOf<Indexed>(
  'index of a pushed subscription',
  stored<Indexed>({ createdAt: z.string(), topics: z.array(z.string()), asked: z.literal(true).exactOptional() }),
);

export const requestCodec = codecOf<Request>(
  'request to a pushed subscription',
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('redrive'),
      events: z.array(z.strictObject({ position: whole, entity: z.string() })),
    }),
    z.strictObject({ kind: z.literal('reset') }),
    z.strictObject({ kind: z.literal('resend'), position: whole, entity: z.string() }),
    z.strictObject({ kind: z.literal('recover'), from: whole }),
  ]),
);

type Named = Pick<Subscription, 'id' | 'createdAt'>;

export interface KeptState {
  readonly state: DispatchState;
  /** of the item */
  readonly version: number;
}

export class PushedItems {
  private readonly kept: { readonly ledger: string; readonly items: ItemStore };
  private readonly ledger: string;
  private readonly items: ItemStore;

  constructor(kept: { readonly ledger: string; readonly items: ItemStore }) {
    this.kept = kept;
    this.ledger = kept.ledger;
    this.items = kept.items;
  }

  /** A new one begins at its `from`; one that is known goes on where it is. The index comes last: by it deliveries are found. */
  async begin(subscription: Subscription): Promise<void> {
    const { id, createdAt, topics, from } = subscription;
    const value = dispatchCodec.encode({ cursor: from, pending: [] });
    await this.items.write([{ kind: 'put', key: dispatchKey(this.ledger, subscription), value, expect: 'absent' }]);
    await this.changeIndex(id, (known) => {
      const isKnown = known?.createdAt === createdAt && known.topics.join(' ') === topics.join(' ');
      return isKnown ? known : { createdAt, topics, asked: true };
    });
  }

  async forget(subscription: Named): Promise<void> {
    for (const { key } of await this.requests(subscription))
      await this.items.write([{ kind: 'delete', key, expect: 'any' }]);
    await new AttemptLog(this.kept).forget(subscription);
    const { ledger } = this;
    const secrets = secretPlace({ ledger }, subscription.id);
    const keys = [indexKey(ledger, subscription.id), dispatchKey(ledger, subscription), secrets];
    await this.items.write(keys.map((key) => ({ kind: 'delete', key, expect: 'any' })));
  }

  /** Undefined: it is not sent to (yet, or any more). */
  async load(subscription: Named): Promise<KeptState | undefined> {
    const item = await this.items.get(dispatchKey(this.ledger, subscription));
    return item && { state: dispatchCodec.decode(item), version: item.version };
  }

  /** @returns the state to begin with; 'taken': another run is at work; undefined: there is none */
  async claim(
    subscription: Named,
    run: NonNullable<DispatchState['run']>,
    nowMs: EpochMs,
  ): Promise<KeptState | 'taken' | undefined> {
    const kept = await this.load(subscription);
    if (kept === undefined) return undefined;
    const claimed = claimRun(kept.state, run, nowMs);
    if (claimed === undefined) return 'taken';
    const isWritten = await this.save(subscription, { state: claimed, version: kept.version }, []);
    return isWritten ? { state: claimed, version: kept.version + 1 } : 'taken';
  }

  /** @param version that it had. @returns false: somebody else changed it, and nothing was written */
  async save(subscription: Named, { state, version }: KeptState, more: readonly ItemWrite[]): Promise<boolean> {
    const key = dispatchKey(this.ledger, subscription);
    const write: ItemWrite = { kind: 'put', key, value: dispatchCodec.encode(state), expect: version };
    return (await this.items.write([write, ...more])).kind === 'written';
  }

  /** By itself. */
  async write(write: ItemWrite): Promise<void> {
    await this.items.write([write]);
  }

  async indexed(id: string): Promise<Indexed | undefined> {
    const item = await this.items.get(indexKey(this.ledger, id));
    return item && pushedIndexCodec.decode(item);
  }

  /** All that are sent to, with what they are about. */
  async index(): Promise<readonly (Indexed & { readonly id: string })[]> {
    const found: Item[] = [];
    for (let after: string | undefined; ;) {
      const page = await this.items.list(`${this.ledger}#pushed`, { limit: PAGE, ...defined({ after }) });
      found.push(...page);
      after = page.at(-1)?.sk;
      if (page.length < PAGE) return found.map((item) => ({ id: item.sk, ...pushedIndexCodec.decode(item) }));
    }
  }

  /** Whoever is at work looks again before it ends. */
  async ask(id: string): Promise<void> {
    await this.changeIndex(id, (known) =>
      known === undefined || known.asked === true ? known : { ...known, asked: true },
    );
  }

  /** What was asked for before this is seen by who reads the log and the requests after it. @returns whether anything was */
  async takeAsked(id: string): Promise<boolean> {
    const known = await this.indexed(id);
    if (known?.asked !== true) return false;
    await this.changeIndex(id, (now) => {
      if (now === undefined) return undefined;
      const { asked: _, ...rest } = now;
      return rest;
    });
    return true;
  }

  /** @param newId sorts after those before it. @param more what becomes true together with it */
  async request(
    subscription: Named,
    {
      newId,
      request,
      more,
    }: { readonly newId: string; readonly request: Request; readonly more: readonly ItemWrite[] },
  ): Promise<boolean> {
    const key = { pk: requestsOf(this.ledger, subscription), sk: newId };
    const write: ItemWrite = { kind: 'put', key, value: requestCodec.encode(request), expect: 'absent' };
    return (await this.items.write([write, ...more])).kind === 'written';
  }

  /** The oldest first. */
  async requests(subscription: Named): Promise<readonly { readonly key: ItemKey; readonly request: Request }[]> {
    const found = await this.items.list(requestsOf(this.ledger, subscription), { limit: MAX_TAKEN });
    return found.map((item) => ({ key: { pk: item.pk, sk: item.sk }, request: requestCodec.decode(item) }));
  }

  /** @param next of what is there: the same, or undefined, leaves it */
  private async changeIndex(id: string, next: (known: Indexed | undefined) => Indexed | undefined): Promise<void> {
    const key = indexKey(this.ledger, id);
    for (;;) {
      const item = await this.items.get(key);
      const known = item && pushedIndexCodec.decode(item);
      const changed = next(known);
      if (changed === undefined || changed === known) return;
      const value = pushedIndexCodec.encode(changed);
      const written = await this.items.write([{ kind: 'put', key, value, expect: item?.version ?? 'absent' }]);
      if (written.kind === 'written') return;
    }
  }
}

function indexKey(ledger: string, id: string): ItemKey {
  return { pk: `${ledger}#pushed`, sk: id };
}

function requestsOf(ledger: string, { id, createdAt }: Named): string {
  return `${ledger}#asked#${id}#${createdAt}`;
}
