/**
 * What the simulation takes as given. COUNTED is what docs/costs.md says of each act, which test/aws/budgets.test.ts counts on the real
 * adapters. LIMITS are the published quotas of us-east-1, each with its page. LATENCIES are the only guesses: AWS publishes none, and
 * where somebody measured them it says who.
 */

/** Write units and calls of one act; `batch`: of a full batch of the sequencer. */
export const COUNTED = {
  /** entry 2 and idempotency record 2, in one transaction */
  publishUnits: { entries: 2, state: 2 },
  /** one relay mark for each request */
  markUnits: 1,
  publishRoundTrips: 3,
  sequenceRoundTrips: 2,
  sequence: { one: 2, batch: 105, entries: 99 },
  eventsPerPutEvents: 10,
} as const;

/** lib/environments.ts and lib/stacks/bus-stack.ts: what a deployment of `prod` sets itself. */
export const DEPLOYED = {
  requestsPerSecond: 2_000,
  burst: 4_000,
  sequencers: 1,
  sequencerBatch: 99,
  markShards: 8,
} as const;

export const LIMITS = {
  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html: adjustable */
  apiRequestsPerSecond: 10_000,
  /** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: adjustable */
  lambdaConcurrency: 1_000,
  /** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html: fixed */
  partitionWriteUnits: 1_000,
  /** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html: of a table, adjustable */
  tableWriteUnits: 40_000,
  /** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html: PutEvents and invocations, adjustable; excess invocations are delayed */
  putEventsPerSecond: 10_000,
  invocationsPerSecond: 18_750,
} as const;

interface Spread {
  /** ms */
  readonly p50: number;
  readonly p99: number;
}

export const LATENCIES = {
  /** assumed: nobody publishes them */
  transaction: { p50: 12, p99: 30 },
  put: { p50: 5, p99: 15 },
  putEvents: { p50: 15, p99: 60 },
  /** of the sequencer's function, around its calls: assumed */
  invocation: { p50: 3, p99: 15 },
  /** EventBridge with a target, and a queue with its function: measured by bitesizedserverless.com in February 2023 */
  rule: { p50: 148, p99: 387 },
  queue: { p50: 16, p99: 105 },
} as const satisfies Record<string, Spread>;
/** Lambda asks each shard of a stream four times a second while nothing comes. https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
export const POLL_MS = 250;

/** US dollars a million, as docs/costs.md lists them with their sources. */
export const PRICES = {
  writeUnit: 0.625,
  readUnit: 0.125,
  apiRequest: 1,
  lambdaRequest: 0.2,
  gigabyteSecond: 13.33,
  event: 1,
  sqsRequest: 0.4,
  logGigabyte: 0.5,
} as const;
