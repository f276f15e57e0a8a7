/**
 * One run of the outbox sweeper: it works as far as time allows and answers with figures of what it found. The next run
 * continues from there. Because it reads every entry once, the index of topics is written here, from what was read; and what time is left
 * brings the store up to date. Called with `{"rebuild": "indices"}`, it has all indices built again, in this run and those after it.
 */
import * as z from 'zod';
import type { StoreUpgrade, TopicIndexer } from '../../core/system/index.ts';
import { sweepOutbox, type SweepDependencies, type SweepReport } from '../../adapters/aws/relay/sweep-outbox.ts';

/** Kept free at the end of the function's time: one step of the sweep. */
const RESERVE_MS = 20_000;

export interface SweeperDependencies extends SweepDependencies {
  readonly topics: TopicIndexer;
  /** Brings the store up to date, as far as time allows. */
  readonly upgrade: (goOn: () => boolean) => Promise<StoreUpgrade>;
  /** Forgets what was built, so that it is built again. */
  readonly rebuild: () => Promise<void>;
  readonly onSwept: (report: SweepReport) => void;
  readonly onUpgraded: (upgrade: StoreUpgrade) => void;
}

/** What a person may ask for; the schedule says other things. */
const rebuilding = z.object({ rebuild: z.literal('indices') });

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
  return async (event, context) => {
    if (rebuilding.safeParse(event).success) await deps.rebuild();
    const deadline = deps.clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
    const report = await sweepOutbox({ ...deps, entries }, deadline);
    deps.onSwept(report);
    // Readers by topic get what they want all the same, from the log: the next run makes up for it.
    const goOn = (): boolean => deps.clock.now() < deadline;
    await deps.topics.extend(goOn).catch(deps.onError);
    await deps.upgrade(goOn).then(deps.onUpgraded, deps.onError);
    return report;
  };
}
