import { expect, it } from 'vitest';
import { guardMetrics } from '../../lambdas/_middleware/guard-metrics.ts';

it('counts what protection did, each under a name of its own', () => {
  const counted: string[] = [];
  const metrics = { addMetric: (name: string, _unit: string, value: number) => counted.push(`${name} ${value}`) };
  const count = guardMetrics({ metrics } as never);
  for (const what of ['rateLimited', 'refused', 'stormsDetected', 'loopsDetected', 'resets'] as const) count(what);
  expect(counted).toEqual([
    ...['EventsRateLimited 1', 'EventsRefused 1', 'StormsDetected 1', 'LoopsDetected 1', 'TopicsReset 1'],
  ]);
});
