/**
 * Makes notices while the engine runs: a moment after something was recorded that somebody is told of, and at the start what an
 * engine that was killed left. An event that concerns nobody costs a look at its topic.
 */
import { setImmediate as letOthersIn } from 'node:timers/promises';
import type { AppendedEntry, Clock } from '../../../core/ledger/index.ts';
import { noticeTopics, type NoticeReader } from '../../../core/system/index.ts';

/** After a commit: what is recorded together is told together, and shorter than anybody sees. */
const REST_MS = 50;
const PAUSE_AFTER_ERROR_MS = 5_000;

export interface NoticeLoop {
  /** Entries were committed. */
  told(entries: readonly AppendedEntry[]): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

export interface NoticeLoopOptions {
  readonly reader: Pick<NoticeReader, 'extend'>;
  readonly clock: Clock;
  /** Told of every failure before it is tried again. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export function startNoticeLoop({ reader, clock, onError }: NoticeLoopOptions): NoticeLoop {
  const topics: ReadonlySet<unknown> = new Set(noticeTopics());
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
      await clock.sleep(REST_MS, signal);
      await reader.extend(goOn).catch(async (error: unknown) => {
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
    told: (entries) => {
      if (entries.some(({ draft }) => draft.type === 'event' && topics.has((draft.data as { topic?: unknown }).topic)))
        wake();
    },
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
