import { expect, it } from 'vitest';
import type { Passage } from '../../core/system/index.ts';
import { doorMetrics } from '../../lambdas/_middleware/door-metrics.ts';

it('S2: tells success rate, error rate and response time of each passage, by the names of the papers', () => {
  const told: string[] = [];
  const tell = doorMetrics({
    addMetric: (name: string, unit: string, value: number) => void told.push(`${name} ${value} ${unit}`),
    publishStoredMetrics: () => void told.push('published'),
  } as never);
  const passage = { principal: undefined, policyVersion: 0, startedAt: 0, durationMs: 12 };
  const pass = (more: Pick<Passage, 'useCase' | 'outcome'>): readonly string[] => {
    tell({ ...passage, ...more });
    return told.splice(0);
  };
  const rates = (success: number, error: number): string[] => [
    `nervous_system.operation.success_rate ${success} Percent`,
    `nervous_system.operation.error_rate ${error} Percent`,
  ];
  const time = 'nervous_system.performance.response_time_ms 12 Milliseconds';
  expect(pass({ useCase: 'publishEvents', outcome: 'succeeded' })).toEqual([...rates(100, 0), time, 'published']);
  expect(pass({ useCase: 'publishEvents', outcome: 'refused' })).toEqual([...rates(0, 0), time, 'published']);
  expect(pass({ useCase: 'publishEvents', outcome: 'failed' })).toEqual([...rates(0, 100), time, 'published']);
  expect(pass({ useCase: 'readFeed', outcome: 'succeeded' })).toEqual([...rates(100, 0), 'published']);
});
