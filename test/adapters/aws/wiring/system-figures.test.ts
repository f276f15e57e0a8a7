/** What all functions counted together, as CloudWatch tells it. */
import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../../core/brands/index.ts';
import { systemFigures } from '../../../../adapters/aws/wiring/system-figures.ts';
import { AwsError } from '../../../../adapters/aws/request/errors.ts';
import { checked } from '../../../support/checked.ts';

const NOW = Date.parse('2026-11-21T22:58:41.500Z');
const YEAR = Date.parse('2026-01-01T00:00:00Z') / 1_000;
const env = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };

interface Query {
  readonly Id: string;
  readonly MetricStat: {
    readonly Metric: { readonly Namespace: string; readonly MetricName: string; readonly Dimensions: unknown };
    readonly Period: number;
    readonly Stat: string;
  };
}
interface RecordedRequest {
  readonly StartTime: number;
  readonly EndTime: number;
  readonly NextToken?: string;
  readonly MetricDataQueries: readonly Query[];
}

/** Values by `<metric> <stat>`: of the year, and of the last minutes. */
const YEAR_VALUES: Readonly<Record<string, readonly number[]>> = {
  'nervous_system.operation.success_rate SampleCount': [900, 100],
  'nervous_system.operation.success_rate Sum': [80_000, 10_000],
  'nervous_system.operation.error_rate Sum': [400],
  'EventsAccepted Sum': [700, 41],
  'EventsDuplicate Sum': [3],
};
const RECENT_VALUES: Readonly<Record<string, readonly number[]>> = {
  'nervous_system.operation.success_rate SampleCount': [400, 200],
  'nervous_system.operation.error_rate Sum': [3_000],
  'EventsAccepted Sum': [300],
  'nervous_system.performance.response_time_ms p50': [20, 30],
  'nervous_system.performance.response_time_ms p95': [700, 90],
};

function createFixture(answer: (asked: RecordedRequest) => unknown = answering) {
  const asked: RecordedRequest[] = [];
  const requests: Request[] = [];
  const clock = { now: () => checked<EpochMs>(NOW), tick: 0, monotonic: () => clock.tick };
  const read = systemFigures({
    ...{ env, attempts: 1, timeoutMs: 1_000, namespace: 'nervous-system', service: 'nervous', clock },
    fetch: async (url, init) => {
      const request = new Request(url, init);
      requests.push(request);
      const question = (await request.clone().json()) as RecordedRequest;
      asked.push(question);
      return new Response(JSON.stringify(answer(question)));
    },
  });
  return { read, asked, requests, clock };
}

function answering({ StartTime, MetricDataQueries }: RecordedRequest): unknown {
  const known = StartTime === YEAR ? YEAR_VALUES : RECENT_VALUES;
  return {
    MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric, Stat } }) => ({
      ...{ Id, StatusCode: 'Complete', Timestamps: [], Values: known[`${Metric.MetricName} ${Stat}`] ?? [] },
    })),
  };
}

describe('W13: what all functions counted together', () => {
  it('is made of the metrics that each passage wrote, since the beginning of the year', async () => {
    const { read } = createFixture();
    expect(await read()).toEqual({
      ...{ since: YEAR * 1_000, total: 1_000, succeeded: 900, failed: 4, refused: 96, successRate: 0.9, byUseCase: {} },
      published: { accepted: 741, duplicate: 3, rejected: 0 },
      ...{ p50: 30, p95: 700 },
      recent: { operations: 600, failed: 30, seconds: 300 },
      throughput: { operationsPerSecond: 2, eventsPerSecond: 1 },
    });
  });

  it('asks CloudWatch for this system alone, signed, for whole minutes that are over', async () => {
    const { read, asked, requests } = createFixture();
    await read();
    expect(asked.map(({ StartTime, EndTime }) => [StartTime, EndTime])).toEqual([
      [YEAR, Date.parse('2026-11-21T22:59:00Z') / 1_000],
      [Date.parse('2026-11-21T22:52:00Z') / 1_000, Date.parse('2026-11-21T22:57:00Z') / 1_000],
    ]);
    for (const { MetricStat } of asked.flatMap(({ MetricDataQueries }) => MetricDataQueries))
      expect(MetricStat.Metric).toMatchObject({
        Namespace: 'nervous-system',
        Dimensions: [{ Name: 'service', Value: 'nervous' }],
      });
    expect(requests[0]?.url).toBe('https://monitoring.eu-central-1.amazonaws.com/');
    expect(requests[0]?.headers.get('authorization')).toContain('/eu-central-1/monitoring/aws4_request');
  });

  it('asks once a minute, however many ask, and again after a failure', async () => {
    let isDown = true;
    const { read, asked, clock } = createFixture((question) => (isDown ? {} : answering(question)));
    await expect(read()).rejects.toThrow(AwsError);
    isDown = false;
    await Promise.all([read(), read(), read()]);
    expect(asked).toHaveLength(4);
    clock.tick = 59_999;
    await read();
    expect(asked).toHaveLength(4);
    clock.tick = 60_000;
    await read();
    expect(asked).toHaveLength(6);
  });

  it('reads every page', async () => {
    const { read } = createFixture((question) => {
      if (question.NextToken !== undefined) return answering(question);
      const first = { Id: 'q3', StatusCode: 'PartialData', Values: [1_000] };
      return question.StartTime === YEAR ? { MetricDataResults: [first], NextToken: 'more' } : answering(question);
    });
    expect((await read()).published.accepted).toBe(1_741);
  });

  it.each([
    ['nothing', {}],
    ['a metric it could not read', { MetricDataResults: [{ Id: 'q0', StatusCode: 'InternalError', Values: [] }] }],
    ['what was not asked for', { MetricDataResults: [{ Id: 'q77', StatusCode: 'Complete', Values: [] }] }],
    ['no numbers', { MetricDataResults: [{ Id: 'q0', StatusCode: 'Complete', Values: ['9'] }] }],
  ])('does not take %s for an answer', async (_, answer) => {
    await expect(createFixture(() => answer).read()).rejects.toThrow(/GetMetricData/);
  });

  it('says nothing was asked for of a year without a metric', async () => {
    const empty = createFixture(({ MetricDataQueries }) => ({
      MetricDataResults: MetricDataQueries.map(({ Id }) => ({ Id, StatusCode: 'Complete', Values: [] })),
    }));
    expect(await empty.read()).toMatchObject({ total: 0, successRate: 1, p95: 0 });
  });
});
