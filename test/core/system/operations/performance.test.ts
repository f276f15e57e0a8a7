import { describe, expect, it } from 'vitest';
import type { ChainHash } from '../../../../core/brands/index.ts';
import { FakeClock } from '../../../../adapters/memory/index.ts';
import { Metrics } from '../../../../core/system/index.ts';
import { alarmsOf, messageLatencyOf } from '../../../../core/system/operations/performance.ts';
import { checked } from '../../../support/checked.ts';

const useCase = 'publishEvents';

describe('the alarms of the papers', () => {
  it('S2: error_rate_high is raised by faults of ours in the last minute, not by refusals, and goes out again', async () => {
    const clock = new FakeClock();
    const metrics = new Metrics(clock);
    const rate = () => alarmsOf(metrics.read()).error_rate_high;
    for (let i = 0; i < 400; i++) metrics.count({ useCase, outcome: 'refused', durationMs: 1 });
    for (let i = 0; i < 4; i++) metrics.count({ useCase, outcome: 'failed', durationMs: 1 });
    expect(rate().raised).toBe(false);
    metrics.count({ useCase, outcome: 'failed', durationMs: 1 });
    expect(rate()).toMatchObject({ raised: true, detail: expect.stringContaining('5 of 405') as string });
    for (let i = 0; i < 200; i++) metrics.count({ useCase, outcome: 'succeeded', durationMs: 1 });
    expect(rate().raised).toBe(false);
    for (let i = 0; i < 5; i++) metrics.count({ useCase, outcome: 'failed', durationMs: 1 });
    expect(rate().raised).toBe(true);
    await clock.advance(61_000);
    expect(rate().raised).toBe(false);
  });

  it('S2: performance_degraded is raised by the 95th percentile of what does not wait for others', () => {
    const metrics = new Metrics(new FakeClock());
    const speed = () => alarmsOf(metrics.read()).performance_degraded.raised;
    for (let i = 0; i < 100; i++) metrics.count({ useCase: 'readFeed', outcome: 'succeeded', durationMs: 20_000 });
    for (let i = 0; i < 94; i++) metrics.count({ useCase, outcome: 'succeeded', durationMs: 1 });
    for (let i = 0; i < 4; i++) metrics.count({ useCase, outcome: 'succeeded', durationMs: 500 });
    expect(speed()).toBe(false);
    metrics.count({ useCase, outcome: 'succeeded', durationMs: 500 });
    metrics.count({ useCase, outcome: 'succeeded', durationMs: 500 });
    expect(speed()).toBe(true);
  });
});

it('S2: throughput is of the last minute, or since it began', async () => {
  const clock = new FakeClock();
  const metrics = new Metrics(clock);
  await clock.advance(10_000);
  for (let i = 0; i < 20; i++) metrics.count({ useCase, outcome: 'succeeded', durationMs: 1 });
  metrics.countPublished(
    Array.from({ length: 50 }, () => ({
      status: 'accepted',
      eventId: '',
      entity: '',
      seq: 0,
      hash: checked<ChainHash>(''),
    })),
  );
  expect(metrics.read().throughput).toEqual({ operationsPerSecond: 2, eventsPerSecond: 5 });
  await clock.advance(61_000);
  expect(metrics.read().throughput).toEqual({ operationsPerSecond: 0, eventsPerSecond: 0 });
});

it('S2: message latency is the slowest subscription’s', () => {
  const one = { subscription: 's', module: 'm', delivered: 0, failed: 0, backlog: 0, inFlight: 0, retrying: 0 };
  const of = (p95?: number) => ({
    ...one,
    deadLetters: 0,
    ...(p95 === undefined ? {} : { latencyMs: { p50: 1, p95 } }),
  });
  expect(messageLatencyOf([of(), of(5), of(90), of(7)])).toEqual({ p50: 1, p95: 90 });
  expect(messageLatencyOf([of()])).toBeUndefined();
});
