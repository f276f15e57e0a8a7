/** One round of the schedule: has the end of claims recorded that nobody renewed in time, and tells how many ended. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Work } from '../../core/work/index.ts';
import type { Telemetry } from '../_middleware/telemetry.ts';

export interface Released {
  readonly released: number;
}

export interface Opened {
  readonly system: { readonly work: Pick<Work, 'releaseOverdue'> };
  readonly flush: () => Promise<void>;
}

/** @throws what kept a claim from ending, after all others have ended: the next round tries again */
export async function releaseOverdue(
  { system, flush }: Opened,
  { metrics }: Pick<Telemetry, 'metrics'>,
): Promise<Released> {
  try {
    const released = await system.work.releaseOverdue();
    metrics.addMetric('ClaimsExpired', MetricUnit.Count, released);
    return { released };
  } finally {
    await flush(); // events of those that ended: afterwards the process may be frozen
  }
}
