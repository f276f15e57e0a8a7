/**
 * What is remembered of deliveries, for the trace of an event. A delivery at the first try is remembered for a while; what
 * went otherwise (failed, skipped) is written down, and forgotten only for newer ones.
 */
import type { DeliveryAttempt } from '../../../core/events/index.ts';
import type { ItemWrite } from '../../../core/ledger/index.ts';
import type { Mailbox } from './mailbox.ts';

/** Events of a subscription that went otherwise; their tries are kept across restarts. */
const MAX_KEPT = 1_000;
/** Deliveries at the first try, in memory only. */
const MAX_SMOOTH = 256;
/** Tries shown of one event. */
const MAX_TRIES = 10;

export class DeliveryNotes {
  private readonly mailbox: Mailbox;
  private readonly kept = new Map<number, readonly DeliveryAttempt[]>();
  private readonly smooth = new Map<number, DeliveryAttempt>();
  /** kept or forgotten since the last write */
  private readonly changed = new Set<number>();
  /** log position below which something was forgotten */
  private forgottenBelow = 0;

  constructor(mailbox: Mailbox) {
    this.mailbox = mailbox;
  }

  async load(): Promise<void> {
    for (const { position, tries } of await this.mailbox.loadNotes()) this.kept.set(position, tries);
    if (this.kept.size >= MAX_KEPT) this.forgottenBelow = Math.min(...this.kept.keys());
  }

  add(position: number, attempt: DeliveryAttempt): void {
    const before = this.kept.get(position);
    if (before === undefined && attempt.outcome === 'delivered') {
      this.smooth.set(position, attempt);
      forgetOldest(this.smooth, MAX_SMOOTH);
      return;
    }
    this.kept.delete(position); // so that it counts as the newest
    this.kept.set(position, [...(before ?? []), attempt].slice(-MAX_TRIES));
    this.changed.add(position);
    const forgotten = forgetOldest(this.kept, MAX_KEPT);
    if (forgotten === undefined) return;
    this.changed.add(forgotten);
    this.forgottenBelow = Math.max(this.forgottenBelow, forgotten + 1);
  }

  /** Tries of an event, oldest first; undefined: none, or no longer known. */
  history(position: number): readonly DeliveryAttempt[] | undefined {
    const smooth = this.smooth.get(position);
    return this.kept.get(position) ?? (smooth === undefined ? undefined : [smooth]);
  }

  /** A settled event that nothing is noted of was delivered at the first try, unless what was noted is forgotten. */
  isForgotten(position: number): boolean {
    return position < this.forgottenBelow;
  }

  takeWrites(): readonly ItemWrite[] {
    const writes = [...this.changed].map((position) => {
      const tries = this.kept.get(position);
      return tries === undefined ? this.mailbox.forgetNote(position) : this.mailbox.writeNote({ position, tries });
    });
    this.changed.clear();
    return writes;
  }
}

/** @returns whose note was forgotten */
function forgetOldest(notes: Map<number, unknown>, max: number): number | undefined {
  if (notes.size <= max) return undefined;
  for (const oldest of notes.keys()) {
    notes.delete(oldest);
    return oldest;
  }
  return undefined;
}
