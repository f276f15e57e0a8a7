/** The subscriptions as core stores them, read for delivery. Writing them is core's business alone. */
import {
  subscriptionCodec,
  subscriptionMatcher,
  targetOf,
  type DeliveredEvent,
  type Subscription,
} from '../../../core/events/index.ts';
import type { ItemStore } from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';

const PAGE = 1_000;

export class SubscriptionDirectory {
  private readonly ledger: string;
  private readonly items: Pick<ItemStore, 'get' | 'list'>;

  constructor(options: { readonly ledger: string; readonly items: Pick<ItemStore, 'get' | 'list'> }) {
    this.ledger = options.ledger;
    this.items = options.items;
  }

  async get(id: string): Promise<Subscription | undefined> {
    const item = await this.items.get({ pk: `${this.ledger}#subscription`, sk: id });
    return item && subscriptionCodec.decode(item);
  }

  /** Those that are delivered to: of a stream, only its readers know how far they are. */
  async all(): Promise<readonly Subscription[]> {
    const all: Subscription[] = [];
    for (;;) {
      const after = all.at(-1)?.id;
      const page = await this.items.list(`${this.ledger}#subscription`, {
        ...defined({ after }),
        limit: PAGE,
      });
      all.push(...page.map((item) => subscriptionCodec.decode(item)));
      if (page.length < PAGE) return all.filter((one) => targetOf(one).kind !== 'stream');
    }
  }
}

/**
 * What a subscription wants on this engine. Events reach queues before they have a log index, so a filter never sees
 * one, even where it is known: the answer must not depend on the way an event came.
 */
export function wantedBy(ledger: string, subscription: Subscription): (event: DeliveredEvent) => boolean {
  const wants = subscriptionMatcher(ledger, subscription);
  return (event) => wants(withoutPosition(event));
}

export function withoutPosition(event: DeliveredEvent): DeliveredEvent {
  const { position: _position, ...place } = event.ledger;
  return { ...event, ledger: place };
}
