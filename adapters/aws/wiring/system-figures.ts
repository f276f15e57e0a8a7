/**
 * What all functions of one system counted together, out of the metrics that each wrote with its log (EMF): a function that
 * counted in a table would pay a write for every request. So the figures are as old as CloudWatch makes them, a minute or two,
 * and cost something only when somebody asks; within a minute the next one who asks gets the same.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
import { later, type EpochMs } from '../../../core/brands/index.ts';
import type { Clock } from '../../../core/ledger/index.ts';
import {
  ERROR_RATE,
  PUBLISHED_EVENTS,
  RESPONSE_TIME,
  SUCCESS_RATE,
  type OperationMetrics,
} from '../../../core/system/index.ts';
import { AwsError } from '../request/errors.ts';
import { objectOf, refusalIn } from '../request/json-answer.ts';
import { ask, hostOf, ownEndpoint, type Connection } from '../request/signed-request.ts';
import { MS_PER_SECOND, SECONDS_PER_DAY, SECONDS_PER_MINUTE } from '../../../core/values/index.ts';

/** Of the rates and times: long enough to say something when little happens. */
const RECENT_S = 5 * SECONDS_PER_MINUTE;
/** What was measured in the newest minute is not all there. */
const DELAY_S = SECONDS_PER_MINUTE;
/** CloudWatch has nothing newer before the minute is over. */
const KEPT_MS = 60_000;
/** Rates are measured as 0 or 100 for each operation. */
const ALL = 100;

export interface SystemFiguresOptions extends Connection {
  readonly namespace: string;
  /** the dimension `service` of what is measured of the system as a whole */
  readonly service: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

interface Question {
  readonly metric: string;
  /** `Sum`, `SampleCount`, `p95` */
  readonly stat: string;
}

interface Span {
  /** seconds since the Unix epoch; `to` exclusive */
  readonly from: number;
  readonly to: number;
  /** seconds of one value */
  readonly period: number;
}

/** @returns reads the figures. @throws ServiceError, AwsError ANSWER_INVALID */
export function systemFigures(options: SystemFiguresOptions): () => Promise<OperationMetrics> {
  const { clock } = options;
  let kept: { readonly at: number; readonly figures: Promise<OperationMetrics> } | undefined;
  return () => {
    if (kept !== undefined && clock.monotonic() - kept.at < KEPT_MS) return kept.figures;
    const figures = read(options);
    const asked = { at: clock.monotonic(), figures };
    kept = asked;
    figures.catch(() => {
      if (kept === asked) kept = undefined; // whoever asks next is not told of an old failure
    });
    return figures;
  };
}

async function read(options: SystemFiguresOptions): Promise<OperationMetrics> {
  const now = Math.floor(options.clock.now() / MS_PER_SECOND);
  const minute = now - (now % SECONDS_PER_MINUTE);
  const since = startOfYear(options.clock.now());
  const recentTo = minute - DELAY_S;
  const [whole, recent] = await Promise.all([
    values(options, { from: since / MS_PER_SECOND, to: minute + SECONDS_PER_MINUTE, period: SECONDS_PER_DAY }, [
      { metric: SUCCESS_RATE, stat: 'SampleCount' },
      { metric: SUCCESS_RATE, stat: 'Sum' },
      { metric: ERROR_RATE, stat: 'Sum' },
      ...Object.values(PUBLISHED_EVENTS).map((metric) => ({ metric, stat: 'Sum' })),
    ]),
    values(options, { from: recentTo - RECENT_S, to: recentTo, period: RECENT_S }, [
      { metric: SUCCESS_RATE, stat: 'SampleCount' },
      { metric: ERROR_RATE, stat: 'Sum' },
      { metric: PUBLISHED_EVENTS.accepted, stat: 'Sum' },
      { metric: RESPONSE_TIME, stat: 'p50' },
      { metric: RESPONSE_TIME, stat: 'p95' },
    ]),
  ]);
  const [total = 0, doneRate = 0, failedRate = 0, accepted = 0, duplicate = 0, rejected = 0] = whole.map(sum);
  const [operations = 0, recentFailedRate = 0, events = 0] = recent.map(sum);
  const [, , , p50 = 0, p95 = 0] = recent.map((some) => Math.max(0, ...some));
  const [succeeded, failed] = [timesIn(doneRate), timesIn(failedRate)];
  return {
    ...{ since, total, succeeded, failed, refused: Math.max(0, total - succeeded - failed) },
    successRate: total === 0 ? 1 : succeeded / total,
    byUseCase: {}, // each would be a metric of its own, and be paid for
    ...{ p50, p95, published: { accepted, duplicate, rejected } },
    recent: { operations, failed: timesIn(recentFailedRate), seconds: RECENT_S },
    throughput: { operationsPerSecond: operations / RECENT_S, eventsPerSecond: events / RECENT_S },
  };
}

/** A counter may begin anew, but must not shrink: CloudWatch forgets after 15 months, so it begins with each year. */
function startOfYear(now: EpochMs): EpochMs {
  const start = Date.UTC(new Date(now).getUTCFullYear(), 0);
  return later(now, start - now);
}

/** @returns of each question the values of its periods, in no order */
async function values(
  options: SystemFiguresOptions,
  { from, to, period }: Span,
  questions: readonly Question[],
): Promise<readonly number[][]> {
  const { namespace: Namespace, service } = options;
  const Dimensions = [{ Name: 'service', Value: service }];
  const MetricDataQueries = questions.map(({ metric: MetricName, stat: Stat }, i) => ({
    Id: `q${i}`,
    MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: period, Stat },
  }));
  const found = questions.map((): number[] => []);
  for (let NextToken: string | undefined; ;) {
    const answer = await getMetricData(options, { StartTime: from, EndTime: to, MetricDataQueries, NextToken });
    for (const { id, values: some } of answer.results) found[questionOf(id, questions)]?.push(...some);
    NextToken = answer.next;
    if (NextToken === undefined) return found;
  }
}

interface MetricData {
  readonly results: readonly { readonly id: string; readonly values: readonly number[] }[];
  readonly next: string | undefined;
}

async function getMetricData(options: SystemFiguresOptions, asked: object): Promise<MetricData> {
  const { env } = options;
  const { bytes } = await ask(options, {
    ...{ service: 'MONITORING', what: 'GetMetricData', refusal: refusalIn, method: 'POST' },
    url: `${ownEndpoint(env, 'CloudWatch') ?? `https://${hostOf(env, 'MONITORING')}`}/`,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
    },
    body: Buffer.from(JSON.stringify(asked)),
  });
  const { MetricDataResults: results, NextToken: next } = objectOf(bytes) ?? {};
  if (!Array.isArray(results) || (next !== undefined && next !== null && typeof next !== 'string')) throw invalid();
  return { results: results.map(resultOf), next: next ?? undefined };
}

function resultOf(result: unknown): MetricData['results'][number] {
  const { Id: id, Values: given, StatusCode: status } = result as Readonly<Record<string, unknown>>;
  const isWhole = status === 'Complete' || status === 'PartialData'; // the rest is on the next page
  if (!isWhole || typeof id !== 'string' || !Array.isArray(given) || !given.every(isNumber)) throw invalid();
  return { id, values: given };
}

function questionOf(id: string, questions: readonly Question[]): number {
  const index = Number(id.slice(1));
  if (!(index >= 0 && index < questions.length)) throw invalid();
  return index;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function sum(some: readonly number[]): number {
  return some.reduce((total, one) => total + one, 0);
}

/** How often 100 was measured among zeros. */
function timesIn(rates: number): number {
  return Math.round(rates / ALL);
}

function invalid(): AwsError {
  return new AwsError({
    code: 'ANSWER_INVALID',
    message: 'CloudWatch answered GetMetricData without the values of every metric: try again',
  });
}
