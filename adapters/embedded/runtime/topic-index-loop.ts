/**
 * Keeps the index of topics behind the log while the engine runs: a while after commits, a block at a time, with room for others
 * in between. An older ledger gets all of its index this way. The feed reads the log where the index does not reach.
 */
import { setImmediate as letOthersIn } from 'node:timers/promises';
import type { Clock } from '../../../core/ledger/index.ts';
import type { TopicIndexer } from '../../../core/system/index.ts';

/** After a commit: so many share one look at what is new. */
const REST_MS = 500;

export interface TopicIndexLoop {
  /** Entries were committed. */
  wake(): void;
  /** Ends what is under way, behind its block. */
  stop(): Promise<void>;
}

export interface TopicIndexLoopOptions {
  readonly indexer: Pick<TopicIndexer, 'extend'>;
  readonly clock: Clock;
  /** Told of every failure; after the next commit it is tried again. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export function startTopicIndex({ indexer, clock, onError }: TopicIndexLoopOptions): TopicIndexLoop {
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
      await indexer.extend(goOn).catch(onError);
    }
    running = undefined;
  };
  const wake = (): void => {
    state.grew = true;
    if (!signal.aborted) running ??= run();
  };
  wake(); // what an older ledger lacks, or an engine that was killed left
  return {
    wake,
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
