/**
 * One run of the outbox sweeper: it works as far as time allows and answers with figures of what it found. The next run
 * continues from there. Because it reads every entry once, the index of topics is written here, from what was read.
 */
import type { TopicIndexer } from '../../core/system/index.ts';
import { sweepOutbox, type SweepDependencies, type SweepReport } from '../../adapters/aws/relay/sweep-outbox.ts';

/** Kept free at the end of the function's time: one step of the sweep. */
const RESERVE_MS = 20_000;

export interface SweeperDependencies extends SweepDependencies {
  readonly topics: TopicIndexer;
  readonly onSwept: (report: SweepReport) => void;
}

export function createSweeper(
  deps: SweeperDependencies,
): (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<SweepReport> {
  const entries: SweepDependencies['entries'] = {
    readLog: async (from, limit) => {
      const page = await deps.entries.readLog(from, limit);
      deps.topics.met(page);
      return page;
    },
  };
  return async (_, context) => {
    const deadline = deps.clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
    const report = await sweepOutbox({ ...deps, entries }, deadline);
    deps.onSwept(report);
    // Readers by topic get what they want all the same, from the log: the next run makes up for it.
    await deps.topics.extend(() => deps.clock.now() < deadline).catch(deps.onError);
    return report;
  };
}
