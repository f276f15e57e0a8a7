/**
 * One run of the publisher: rounds until everything that was stored when it began is published, or too little time is left. It
 * throws whatever fails, and the next run continues from the last checkpoint.
 */
import type { LogPublisher, PublishedLog } from '../../core/ledger/index.ts';

/** Entries under one more checkpoint: after a long outage progress is kept round by round. */
export const ROUND_ENTRIES = 50_000;
/** A round is begun if it may take this long; one takes seconds. */
const ROUND_MS = 60_000;

export interface RunOptions {
  /** publishes at most ROUND_ENTRIES a round */
  readonly publisher: LogPublisher;
  readonly size: () => Promise<number>;
  /** milliseconds that this run may still take */
  readonly remainingMs: () => number;
}

export async function publishAll({ publisher, size, remainingMs }: RunOptions): Promise<PublishedLog> {
  const stored = await size();
  let restored = false;
  for (;;) {
    const round = await publisher.publish();
    restored ||= round.restored;
    const published = { ...round, restored };
    if (published.size >= stored || remainingMs() < ROUND_MS) return published;
  }
}
