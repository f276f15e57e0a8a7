/** Publishes the log while the engine runs: soon after it grew, and as a heartbeat when it did not. */
import { HEARTBEAT_MS, type Clock, type LogPublisher } from '../../../core/ledger/index.ts';

/** Checkpoints come at most this often: each costs a signature and some files. */
const LOG_INTERVAL_MS = 1_000;

export interface LogLoopOptions {
  readonly publisher: LogPublisher;
  readonly clock: Clock;
  /** default LOG_INTERVAL_MS */
  readonly intervalMs?: number;
  /** Told of every failed round; the next one tries again. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export interface LogLoop {
  /** Entries were committed: publish soon. */
  wake(): void;
  /** Publishes what is there now, after the round under way. Rejects as the publisher does. */
  flush(): Promise<void>;
  /** No round runs while `work` does. Rejects as `work` does. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** One last round, then no more. */
  stop(): Promise<void>;
}

export function startLogLoop(options: LogLoopOptions): LogLoop {
  const { publisher, clock, onError } = options;
  const intervalMs = options.intervalMs ?? LOG_INTERVAL_MS;
  const stopped = new AbortController();
  let sleeping = new AbortController();
  let grew = true;
  let turn: Promise<unknown> = Promise.resolve();
  const hold = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  const round = (): Promise<void> =>
    hold(async () => {
      grew = false;
      await publisher.publish();
    });
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await round().catch((error: unknown) => {
        grew = true; // again after the interval
        onError(error);
      });
      await clock.sleep(intervalMs, stopped.signal);
      sleeping = new AbortController();
      if (!grew) await clock.sleep(HEARTBEAT_MS / 2, AbortSignal.any([stopped.signal, sleeping.signal]));
    }
  };
  const running = run();
  return {
    wake: () => {
      if (grew) return; // an abort makes an exception, and nobody sleeps who has to be woken twice
      grew = true;
      sleeping.abort();
    },
    flush: round,
    hold,
    stop: async () => {
      stopped.abort();
      await running;
      await round().catch(onError);
    },
  };
}
