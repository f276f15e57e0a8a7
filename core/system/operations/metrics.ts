/**
 * Counts and times what passes the entry point, for `monitor()`: success rate, response time and throughput, the metrics the
 * product promises. What was refused is neither a success nor a fault. It counts for its process alone; where many processes
 * are one system, the port `sharedFigures` has what they counted together.
 */
import type { EpochMs } from '../../brands/index.ts';
import type { PublishResult } from '../../events/index.ts';
import type { Clock } from '../../ledger/index.ts';
import { countOf, orNone } from '../../values/index.ts';
import { USE_CASES, type UseCaseName } from './use-case-table.ts';
import { MS_PER_SECOND } from '../../values/index.ts';

/** Response times remembered for the percentiles. */
const WINDOW = 1_024;
/** Seconds that throughput is told of. */
const THROUGHPUT_SECONDS = 60;

/** `refused`: by a rule, and the caller is told which. `failed`: by a fault of ours. */
export type Outcome = 'succeeded' | 'refused' | 'failed';
export type Outcomes = Readonly<Record<Outcome, number>>;

export interface OperationMetrics extends Outcomes {
  /** what is counted from then on, milliseconds since the Unix epoch */
  readonly since: EpochMs;
  readonly total: number;
  /** of all that was asked for, what was done: 1 when nothing was asked for */
  readonly successRate: number;
  /** empty where nobody counts them apart */
  readonly byUseCase: Readonly<Partial<Record<UseCaseName, Outcomes>>>;
  readonly p50: number;
  readonly p95: number;
  readonly published: Readonly<Record<PublishResult['status'], number>>;
  readonly throughput: { readonly operationsPerSecond: number; readonly eventsPerSecond: number };
  /** of the last minute, or since it began; of processes counted together, of the last five that are known */
  readonly recent: { readonly operations: number; readonly failed: number; readonly seconds: number };
}

const NONE: Outcomes = { succeeded: 0, refused: 0, failed: 0 };

export class Metrics {
  private readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  private readonly since: EpochMs;
  private readonly startedAt: number;
  private readonly byUseCase = new Map<UseCaseName, Record<Outcome, number>>();
  private readonly timesMs: number[] = [];
  private timed = 0;
  private readonly published = { accepted: 0, duplicate: 0, rejected: 0 };
  private readonly operations = new PerSecond();
  private readonly events = new PerSecond();
  private readonly failures = new PerSecond();

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.clock = clock;
    this.since = clock.now();
    this.startedAt = clock.monotonic();
  }

  count(passage: { readonly useCase: UseCaseName; readonly outcome: Outcome; readonly durationMs: number }): void {
    const { useCase, outcome, durationMs } = passage;
    const outcomes = this.byUseCase.get(useCase) ?? { ...NONE };
    outcomes[outcome] += 1;
    this.byUseCase.set(useCase, outcomes);
    this.operations.add(this.clock.monotonic(), 1);
    if (outcome === 'failed') this.failures.add(this.clock.monotonic(), 1);
    if (USE_CASES[useCase].waits === true) return;
    this.timesMs[this.timed % WINDOW] = durationMs;
    this.timed += 1;
  }

  /** Counts what became of published events. */
  countPublished(results: readonly PublishResult[]): readonly PublishResult[] {
    for (const { status } of results) this.published[status] += 1;
    this.events.add(this.clock.monotonic(), results.filter(({ status }) => status === 'accepted').length);
    return results;
  }

  read(): OperationMetrics {
    const sorted = [...this.timesMs].sort((a, b) => a - b);
    const percentile = (p: number): number =>
      orNone(sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]);
    const outcomes = [...this.byUseCase.values()].reduce(sumOf, NONE);
    const { succeeded, refused, failed } = outcomes;
    const total = succeeded + refused + failed;
    const now = this.clock.monotonic();
    const operations = this.operations.since(now);
    const seconds = Math.min(THROUGHPUT_SECONDS, Math.max(1, (now - this.startedAt) / MS_PER_SECOND));
    return {
      ...{ since: this.since, ...outcomes },
      ...{ total, successRate: total === 0 ? 1 : succeeded / total, p50: percentile(0.5), p95: percentile(0.95) },
      byUseCase: Object.fromEntries([...this.byUseCase].map(([name, counts]) => [name, { ...counts }])),
      published: { ...this.published },
      recent: { operations, failed: this.failures.since(now), seconds },
      throughput: {
        operationsPerSecond: operations / seconds,
        eventsPerSecond: this.events.since(now) / seconds,
      },
    };
  }
}

/** Counts of the newest seconds. */
class PerSecond {
  private readonly seconds = new Map<number, number>();

  add(nowMs: number, count: number): void {
    const second = Math.floor(nowMs / MS_PER_SECOND);
    this.seconds.set(second, countOf(this.seconds, second) + count);
    for (const oldest of this.seconds.keys()) {
      if (this.seconds.size <= THROUGHPUT_SECONDS) return;
      this.seconds.delete(oldest);
    }
  }

  since(nowMs: number): number {
    const from = Math.floor(nowMs / MS_PER_SECOND) - THROUGHPUT_SECONDS;
    return this.seconds.entries().reduce((sum, [second, count]) => (second > from ? sum + count : sum), 0);
  }
}

function sumOf(a: Outcomes, b: Outcomes): Outcomes {
  return {
    succeeded: a.succeeded + b.succeeded,
    refused: a.refused + b.refused,
    failed: a.failed + b.failed,
  };
}
