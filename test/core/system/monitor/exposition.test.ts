import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  metricFamilies,
  openMetrics,
  prometheusText,
  type MetricFamily,
  type MonitorReport,
} from '../../../../core/system/index.ts';
import { readOpenMetrics } from '../../../support/open-metrics.ts';

const hostile = 'a"b\\c\nd{e="f"} 1\n# EOF\n';
const report: MonitorReport = {
  ledger: 'main',
  origin: hostile,
  entries: 12,
  operations: {
    ...{ total: 8, succeeded: 5, refused: 1, failed: 2, successRate: 5 / 8 },
    byUseCase: { publishEvents: { succeeded: 5, refused: 1, failed: 2 } },
  },
  responseTimeMs: { p50: 1.5, p95: 20 },
  countedSince: '2026-01-01T00:00:00.000Z',
  systemThroughput: { operationsPerSecond: 2, eventsPerSecond: 1.5 },
  connectionHealth: { ok: true, openBreakers: 0 },
  alarms: {
    error_rate_high: { raised: true, detail: hostile },
    performance_degraded: { raised: false, detail: hostile },
  },
  published: { accepted: 5, duplicate: 1, rejected: 1 },
  guard: { rateLimited: 1, refused: 2, stormsDetected: 3, loopsDetected: 4, resets: 5 },
  reviewQueue: { length: 2, overdue: 1 },
  approvalQueue: {
    ...{ length: 2, oldestAgeMs: 90_000, escalated: 1, reminders: 3 },
    byLevel: { L2: { length: 2, oldestAgeMs: 90_000 } },
  },
  streams: 6,
  subscriptions: [
    {
      ...{
        subscription: 's-1',
        module: 'm',
        delivered: 9,
        failed: 1,
        backlog: 4,
        inFlight: 2,
        retrying: 1,
        deadLetters: 3,
      },
      ...{ breaker: 'half-open', latencyMs: { p50: 4, p95: 8 } },
    },
    {
      subscription: hostile,
      module: 'm',
      delivered: 0,
      failed: 0,
      backlog: 0,
      inFlight: 0,
      retrying: 0,
      deadLetters: 0,
    },
  ],
};

const valueOf = (text: string, sample: string): number | undefined =>
  readOpenMetrics(text).find(({ id }) => id === sample)?.value;

describe('the metrics of the system', () => {
  const text = openMetrics(metricFamilies(report));

  it.each([
    ['nervous_entries', 12],
    ['nervous_system_operation_success_rate', 5 / 8],
    ['nervous_system_alarm{alarm="error_rate_high"}', 1],
    ['nervous_system_alarm{alarm="performance_degraded"}', 0],
    ['nervous_operations_total{use_case="publishEvents",outcome="succeeded"}', 5],
    ['nervous_operations_total{use_case="publishEvents",outcome="refused"}', 1],
    ['nervous_operations_total{use_case="publishEvents",outcome="failed"}', 2],
    ['nervous_system_performance_response_time_seconds{quantile="0.95"}', 0.02],
    ['nervous_published_events_total{status="duplicate"}', 1],
    ['nervous_guard_actions_total{action="storms_detected"}', 3],
    ['nervous_approval_queue', 2],
    ['nervous_approval_queue_oldest_age_seconds', 90],
    ['nervous_approval_queue_by_level{level="L2"}', 2],
    ['nervous_post_reviews_overdue', 1],
    ['nervous_streams', 6],
    ['nervous_subscription_delivered_events_total{subscription="s-1",module="m"}', 9],
    ['nervous_subscription_dead_letters{subscription="s-1",module="m"}', 3],
    ['nervous_subscription_delivery_seconds{subscription="s-1",module="m",quantile="0.5"}', 0.004],
    ['nervous_subscription_breaker{subscription="s-1",module="m",state="half-open"}', 1],
    ['nervous_subscription_breaker{subscription="s-1",module="m",state="open"}', 0],
  ])('have %s', (sample, value) => {
    expect(valueOf(text, sample)).toBe(value);
  });

  it('keep names that others chose inside their quotes', () => {
    const labels = readOpenMetrics(text).map(({ labels }) => labels);
    expect(labels.filter(({ origin, subscription }) => origin === hostile || subscription === hostile)).toHaveLength(7);
    expect(text.match(/# EOF$/gm)).toHaveLength(1);
  });

  it('leave out what nobody measures', () => {
    const { guard: _, streams: __, ...less } = report;
    const names = readOpenMetrics(openMetrics(metricFamilies({ ...less, subscriptions: [] }))).map(({ id }) => id);
    expect(names.filter((name) => /guard|subscription|streams/.test(name))).toEqual([]);
  });
});

describe('the format', () => {
  it('of Prometheus has types by the names of samples, no units and no end', () => {
    const text = prometheusText(metricFamilies(report));
    expect(text).toContain(
      '# TYPE nervous_published_events_total counter\nnervous_published_events_total{status="accepted"} 5\n',
    );
    expect(text).toContain('# TYPE nervous_ledger_info gauge\n');
    expect(text).not.toMatch(/^# (UNIT|EOF)/m);
  });

  it.each([
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [NaN, 'NaN'],
    [1e21, '1e+21'],
    [0.1 + 0.2, '0.30000000000000004'],
  ])('writes %d', (value, written) => {
    const family: MetricFamily = { name: 'x', type: 'gauge', help: 'x', samples: [{ value }] };
    expect(openMetrics([family])).toBe(`# TYPE x gauge\n# HELP x x\nx ${written}\n# EOF\n`);
  });

  it('of OpenMetrics reads back as what was written, whatever the labels', () => {
    const labels = fc.dictionary(fc.constantFrom('a', 'b', '_c'), fc.string({ unit: 'binary' }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(labels, { selector: (one) => JSON.stringify(Object.entries(one).sort()), maxLength: 5 }),
        (all) => {
          const samples = all.map((one, i) => ({ labels: one, value: i }));
          const text = openMetrics([{ name: 'x_bytes', type: 'counter', unit: 'bytes', help: hostile, samples }]);
          const read = readOpenMetrics(text).map(({ labels, value }) => ({ labels, value }));
          expect(read).toEqual(samples.map(({ labels, value }) => ({ labels: wellFormed(labels), value })));
        },
      ),
    );
  });
});

function wellFormed(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value.toWellFormed()]));
}
