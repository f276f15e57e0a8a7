/** Sends notices on while the engine runs: when some were made, and when something is due again. */
import type { Clock } from '../../../core/ledger/index.ts';
import type { NoticeSender } from '../../../core/system/index.ts';

/** So that a person who is told of several things at once gets one message. */
const REST_MS = 200;
/** Without anything due, it looks again this often: a clock may be set, and preferences change. */
const SWEEP_MS = 60_000;

export interface NoticeSendingLoop {
  /** Notices were made. */
  wake(): void;
  /** Ends behind the messages that are on their way. */
  stop(): Promise<void>;
}

export interface NoticeSendingOptions {
  readonly sender: NoticeSender;
  readonly clock: Clock;
  /** Told of every failure. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export function startNoticeSending({ sender, clock, onError }: NoticeSendingOptions): NoticeSendingLoop {
  const stopped = new AbortController();
  const { signal } = stopped;
  let sleep = new AbortController();
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(REST_MS, signal);
      sleep = new AbortController();
      const next = await sender.sendDue().catch((error: unknown) => {
        onError(error);
        return undefined;
      });
      const waitMs = Math.min(SWEEP_MS, Math.max(0, (next ?? Infinity) - clock.now()));
      await clock.sleep(waitMs, AbortSignal.any([signal, sleep.signal]));
    }
  };
  const running = run();
  return {
    wake: () => sleep.abort(),
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
