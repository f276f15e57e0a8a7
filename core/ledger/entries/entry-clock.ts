/**
 * The time that entries are stamped with. A clock that is corrected by a little makes it stand still, so that a process's entries
 * stay in order. One that was far ahead, if only for a moment, must not keep the time there: it is followed back at once.
 */
import type { EpochMs } from '../../brands/index.ts';
import type { Clock } from './ports.ts';

/** Entries run ahead of the clock by this at most, and so for as long at most. */
export const MAX_AHEAD_MS = 5_000;

/** @returns milliseconds since the Unix epoch; it runs backwards only when the clock was set back by more than MAX_AHEAD_MS */
export function createEntryClock(clock: Pick<Clock, 'now'>): () => EpochMs {
  let last: EpochMs | undefined;
  return () => {
    const now = clock.now();
    if (last === undefined || now >= last || last - now > MAX_AHEAD_MS) last = now;
    return last;
  };
}
