/**
 * One run of the outbox sweeper: it works as far as time allows and answers with figures of what it found. The next run
 * continues from there.
 */
import { sweepOutbox, type SweepDependencies, type SweepReport } from '../../adapters/aws/relay/sweep-outbox.ts';

/** Kept free at the end of the function's time: one step of the sweep. */
const RESERVE_MS = 20_000;

export interface SweeperDependencies extends SweepDependencies {
  readonly onSwept: (report: SweepReport) => void;
}

export function createSweeper(
  deps: SweeperDependencies,
): (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<SweepReport> {
  return async (_, context) => {
    const deadline = deps.clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
    const report = await sweepOutbox(deps, deadline);
    deps.onSwept(report);
    return report;
  };
}
