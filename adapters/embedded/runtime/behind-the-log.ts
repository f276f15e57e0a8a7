/**
 * Makes what is made behind the log while the engine runs: notices, the index of topics. A while after commits, with room for
 * others in between, and at the start what an engine that was killed left, or an older one never made.
 */
import { setImmediate as letOthersIn } from 'node:timers/promises';
import type { Clock } from '../../../core/ledger/index.ts';

const PAUSE_AFTER_ERROR_MS = 5_000;

export interface BehindTheLog {
  /** Something was committed that it may concern. */
  wake(): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

interface Maker {
  /** Makes all that is missing, or less once `goOn` says false, which it is asked now and then. */
  extend(goOn: () => Promise<boolean>): Promise<unknown>;
}

export interface BehindTheLogOptions {
  readonly maker: Maker;
  /** ms after a commit: so many share one look at what is new */
  readonly restMs: number;
  readonly clock: Clock;
  /** Told of every failure before it is tried again. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export function startBehindTheLog({ maker, restMs, clock, onError }: BehindTheLogOptions): BehindTheLog {
  const stopped = new AbortController();
  const { signal } = stopped;
  const goOn = async (): Promise<boolean> => {
    await letOthersIn();
    return !signal.aborted;
  };
  let running: Promise<void> | undefined;
  const state = { grew: false };
  const run = async (): Promise<void> => {
    while (state.grew && !signal.aborted) {
      state.grew = false;
      await clock.sleep(restMs, signal);
      await maker.extend(goOn).catch(async (error: unknown) => {
        onError(error);
        state.grew = true;
        await clock.sleep(PAUSE_AFTER_ERROR_MS, signal);
      });
    }
    running = undefined;
  };
  const wake = (): void => {
    state.grew = true;
    if (!signal.aborted) running ??= run();
  };
  wake();
  return {
    wake,
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
