/** The newest attempts to send a webhook: kept across restarts in a fixed number of items, written with the state they led to. */
import { webhookAttemptCodec, type DeliveryAttempt, type WebhookAttempt } from '../../../../core/events/index.ts';
import type { ItemKey, ItemStore, ItemWrite } from '../../../../core/ledger/index.ts';
import { defined } from '../../../../core/values/index.ts';

/** Attempts kept of one webhook. */
const MAX_ATTEMPTS = 200;
const SLOT_DIGITS = 4;

export class AttemptLog {
  private readonly items: ItemStore;
  private readonly pk: string;
  /** oldest first */
  private rows: WebhookAttempt[] = [];
  /** events that were not sent, and why; in memory only */
  private readonly skipped = new Map<number, DeliveryAttempt>();
  private next = 0;

  constructor(items: ItemStore, ledger: string, subscription: string) {
    this.items = items;
    this.pk = `${ledger}#attempt#${subscription}`;
  }

  async load(): Promise<void> {
    const rows = (await this.items.list(this.pk, { limit: MAX_ATTEMPTS })).map((item) =>
      webhookAttemptCodec.decode(item),
    );
    rows.sort((a, b) => a.n - b.n);
    this.next = rows.reduce((next, { n }) => Math.max(next, n + 1), 0);
    this.rows = rows.map(({ n: _, ...attempt }) => attempt);
  }

  /** @returns the write that keeps it, in the place of the oldest */
  add(attempt: WebhookAttempt): ItemWrite {
    const n = this.next++;
    this.rows.push(attempt);
    if (this.rows.length > MAX_ATTEMPTS) this.rows.shift();
    return { kind: 'put', key: this.keyOf(n), value: webhookAttemptCodec.encode({ ...attempt, n }), expect: 'any' };
  }

  remember(position: number, attempt: DeliveryAttempt): void {
    this.skipped.set(position, attempt);
    if (this.skipped.size > MAX_ATTEMPTS)
      for (const oldest of this.skipped.keys()) return void this.skipped.delete(oldest);
  }

  newest(limit: number): readonly WebhookAttempt[] {
    return this.rows.slice(-limit).reverse();
  }

  /** Of one event, oldest first. */
  of(position: number): readonly DeliveryAttempt[] {
    const skipped = this.skipped.get(position);
    const sent = this.rows.filter((row) => row.position === position);
    const tries = sent.map(({ at, outcome, reason }) => ({ at, outcome, ...defined({ reason }) }));
    return skipped === undefined ? tries : [...tries, skipped];
  }

  private keyOf(n: number): ItemKey {
    return { pk: this.pk, sk: String(n % MAX_ATTEMPTS).padStart(SLOT_DIGITS, '0') };
  }
}
