/**
 * What differs between stages, typed: how long things are kept and what `cdk destroy` may take with it. Nothing else
 * differs; both stages run the same code with the same permissions. `prod` is the default, so that a forgotten switch
 * never makes a ledger deletable.
 */
import { Duration } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';

export const STAGE_NAMES = ['prod', 'dev'] as const;
export type StageName = (typeof STAGE_NAMES)[number];

export interface StageSettings {
  readonly name: StageName;
  /** true: `cdk destroy` deletes tables, keys and buckets with all they hold */
  readonly disposable: boolean;
  readonly logRetention: RetentionDays;
  /**
   * How long an anchor cannot be deleted by anybody, the account's root user included (Object Lock, compliance mode).
   * Undefined: no default retention, so that the bucket can be destroyed.
   */
  readonly anchorRetention: Duration | undefined;
  /** how long a domain bus keeps its events for replay */
  readonly archiveRetention: Duration;
  /** of the whole API; a caller above it gets 429 */
  readonly throttle: { readonly requestsPerSecond: number; readonly burst: number };
  /**
   * Reserve one concurrent execution for each function that is assumed to run alone. Correctness never depends on it.
   * A new account allows 10 executions and reserves none: ask for more, or switch this off.
   */
  readonly reserveConcurrency: boolean;
}

export const STAGES: Readonly<Record<StageName, StageSettings>> = {
  prod: {
    name: 'prod',
    disposable: false,
    logRetention: RetentionDays.ONE_YEAR,
    anchorRetention: Duration.days(365),
    archiveRetention: Duration.days(30),
    throttle: { requestsPerSecond: 2_000, burst: 4_000 },
    reserveConcurrency: true,
  },
  dev: {
    name: 'dev',
    disposable: true,
    logRetention: RetentionDays.ONE_WEEK,
    anchorRetention: undefined,
    archiveRetention: Duration.days(7),
    throttle: { requestsPerSecond: 200, burst: 400 },
    reserveConcurrency: false,
  },
};
