/**
 * The newest attempts to send a webhook, in a fixed number of items. Those of events are numbered by the run that holds the
 * subscription, in its state, so that it reads none of them; challenges and tests are few, and have slots of their own.
 *   <ledger>#attempt#<id>#<createdAt> / event-0000 … event-0199, own-0000 … own-0019
 */
import { msOf } from '../../../core/brands/index.ts';
import { webhookAttemptCodec, type Subscription, type WebhookAttempt } from '../../../core/events/index.ts';
import type { Item, ItemStore, ItemWrite } from '../../../core/ledger/index.ts';

/** Attempts to deliver events that are kept of one webhook. */
const MAX_EVENTS = 200;
/** Challenges and tests. */
const MAX_OWN = 20;
const SLOT_DIGITS = 4;

type Named = Pick<Subscription, 'id' | 'createdAt'>;

export class AttemptLog {
  private readonly ledger: string;
  private readonly items: ItemStore;

  constructor({ ledger, items }: { readonly ledger: string; readonly items: ItemStore }) {
    this.ledger = ledger;
    this.items = items;
  }

  /** @param n how many came before it. @returns the write that keeps it, in the place of the oldest */
  writeOf(subscription: Named, n: number, attempt: WebhookAttempt): ItemWrite {
    return this.put(subscription, slot('event', n % MAX_EVENTS), { ...attempt, n });
  }

  /** A challenge or a test. */
  async addOwn(subscription: Named, attempt: WebhookAttempt): Promise<void> {
    const own = (await this.all(subscription)).filter(({ sk }) => sk.startsWith('own-'));
    const n = own.reduce((next, item) => Math.max(next, webhookAttemptCodec.decode(item).n + 1), 0);
    await this.items.write([this.put(subscription, slot('own', n % MAX_OWN), { ...attempt, n })]);
  }

  async newest(subscription: Named, limit: number): Promise<readonly WebhookAttempt[]> {
    const kept = (await this.all(subscription)).map((item) => webhookAttemptCodec.decode(item));
    kept.sort((a, b) => (a.at === b.at ? b.n - a.n : msOf(b.at) - msOf(a.at)));
    return kept.slice(0, limit).map(({ n: _, ...attempt }) => attempt);
  }

  async forget(subscription: Named): Promise<void> {
    const keys = await this.all(subscription);
    await Promise.all(keys.map(({ pk, sk }) => this.items.write([{ kind: 'delete', key: { pk, sk }, expect: 'any' }])));
  }

  private all(subscription: Named): Promise<readonly Item[]> {
    return this.items.list(this.partition(subscription), { limit: MAX_EVENTS + MAX_OWN });
  }

  private put(subscription: Named, sk: string, attempt: WebhookAttempt & { readonly n: number }): ItemWrite {
    const key = { pk: this.partition(subscription), sk };
    return { kind: 'put', key, value: webhookAttemptCodec.encode(attempt), expect: 'any' };
  }

  private partition({ id, createdAt }: Named): string {
    return `${this.ledger}#attempt#${id}#${createdAt}`;
  }
}

function slot(of: 'event' | 'own', place: number): string {
  return `${of}-${String(place).padStart(SLOT_DIGITS, '0')}`;
}
