/** What the client waits by. A test that owns time passes its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../core/ledger/index.ts';

export type ClientClock = Pick<Clock, 'sleep'> & { readonly now: () => number };

/** `now` counts from some moment: for durations, which no correction of the machine's time may disturb. */
export const realClock: ClientClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};
