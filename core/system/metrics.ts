/** Counts and times operations for `monitor()`: success rate and response time, the two metrics the product promises. */
import type { PublishResult } from '../events/index.ts';
import type { Clock } from '../ledger/index.ts';

/** Response times remembered for the percentiles. */
const WINDOW = 1_024;

export interface OperationMetrics {
  readonly total: number;
  readonly failed: number;
  readonly successRate: number;
  readonly p50: number;
  readonly p95: number;
  readonly published: Readonly<Record<PublishResult['status'], number>>;
}

export class Metrics {
  private readonly clock: Clock;
  private total = 0;
  private failed = 0;
  private readonly timesMs: number[] = [];
  private readonly published = { accepted: 0, duplicate: 0, rejected: 0 };

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Runs an operation and counts how it ended and how long it took. */
  async measure<T>(operation: () => Promise<T>): Promise<T> {
    const start = this.clock.now();
    let ok = false;
    try {
      const result = await operation();
      ok = true;
      return result;
    } finally {
      this.timesMs[this.total % WINDOW] = this.clock.now() - start;
      this.total += 1;
      if (!ok) this.failed += 1;
    }
  }

  /** Counts what became of published events. */
  countPublished(results: readonly PublishResult[]): readonly PublishResult[] {
    for (const { status } of results) this.published[status] += 1;
    return results;
  }

  read(): OperationMetrics {
    const sorted = [...this.timesMs].sort((a, b) => a - b);
    const percentile = (p: number): number => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0;
    const successRate = this.total === 0 ? 1 : (this.total - this.failed) / this.total;
    return {
      ...{ total: this.total, failed: this.failed, successRate, p50: percentile(0.5), p95: percentile(0.95) },
      published: { ...this.published },
    };
  }
}
