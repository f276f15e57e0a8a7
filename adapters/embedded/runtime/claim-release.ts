/** Ends claims that nobody renewed in time, while the engine runs: it looks every second, because a claim lasts a second at least. */
import type { Clock } from '../../../core/ledger/index.ts';
import type { NervousSystem } from '../../../core/system/index.ts';

const LOOK_MS = 1_000;
const PAUSE_AFTER_ERROR_MS = 5_000;

export interface ClaimRelease {
  /** Ends what is under way. */
  stop(): Promise<void>;
}

export interface ClaimReleaseOptions {
  readonly work: Pick<NervousSystem['work'], 'releaseOverdue'>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Told of every failure before it is tried again. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export function startClaimRelease({ work, clock, onError }: ClaimReleaseOptions): ClaimRelease {
  const stopped = new AbortController();
  const { signal } = stopped;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await work.releaseOverdue().catch(async (error: unknown) => {
        onError(error);
        await clock.sleep(PAUSE_AFTER_ERROR_MS, signal);
      });
      await clock.sleep(LOOK_MS, signal);
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
