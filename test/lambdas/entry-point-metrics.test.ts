import { afterEach, expect, it, vi } from 'vitest';
import type { EpochMs } from '../../core/brands/index.ts';
import type { Passage } from '../../core/system/index.ts';
import { entryPointMetrics } from '../../lambdas/_middleware/entry-point-metrics.ts';
import { overrideMetrics } from '../../lambdas/decisions/override-metrics.ts';
import { checked } from '../support/checked.ts';

const passage = { principal: undefined, policyVersion: 0, startedAt: checked<EpochMs>(0), durationMs: 12 };

function listen() {
  const told: string[] = [];
  const { onPassage, onPublished } = entryPointMetrics({
    addMetric: (name: string, unit: string, value: number) => void told.push(`${name} ${value} ${unit}`),
    publishStoredMetrics: () => void told.push('published'),
  } as never);
  const pass = (more: Pick<Passage, 'useCase' | 'outcome'>): readonly string[] => {
    onPassage({ ...passage, ...more });
    return told.splice(0);
  };
  return { pass, onPublished };
}

const rates = (success: number, error: number): string[] => [
  `nervous_system.operation.success_rate ${success} Percent`,
  `nervous_system.operation.error_rate ${error} Percent`,
];
const time = 'nervous_system.performance.response_time_ms 12 Milliseconds';

afterEach(() => vi.unstubAllEnvs());

it('S2: tells success rate, error rate and response time of each passage, by the names of the papers', () => {
  const { pass } = listen();
  expect(pass({ useCase: 'publishEvents', outcome: 'succeeded' })).toEqual([...rates(100, 0), time, 'published']);
  expect(pass({ useCase: 'publishEvents', outcome: 'refused' })).toEqual([...rates(0, 0), time, 'published']);
  expect(pass({ useCase: 'publishEvents', outcome: 'failed' })).toEqual([...rates(0, 100), time, 'published']);
  expect(pass({ useCase: 'readFeed', outcome: 'succeeded' })).toEqual([...rates(100, 0), 'published']);
});

it('W13: tells what became of published events, in the line of the passage that published them', () => {
  const { pass, onPublished } = listen();
  onPublished([{ status: 'accepted' }, { status: 'rejected' }, { status: 'accepted' }]);
  expect(pass({ useCase: 'publishEvents', outcome: 'succeeded' })).toEqual([
    ...['EventsAccepted 2 Count', 'EventsRejected 1 Count', ...rates(100, 0), time, 'published'],
  ]);
});

it.each([
  ['mine-publish', 'mine'],
  ['mine-change-sets', 'mine'],
  ['', 'nervous'],
])(
  'W13: the system of the function %j is counted as %s, so two of one account are not counted together',
  async (name, of) => {
    vi.resetModules();
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', name === '' ? undefined : name);
    const { SYSTEM_SERVICE } = await import('../../lambdas/_middleware/telemetry.ts');
    expect(SYSTEM_SERVICE).toBe(of);
  },
);

it('W13: an override that was recorded is a metric of its own; one that was refused is not', () => {
  const told: string[] = [];
  const tell = overrideMetrics({ metrics: { addMetric: (name: string) => void told.push(name) } as never });
  tell({ useCase: 'overrideChangeSet', outcome: 'refused' });
  tell({ useCase: 'decideChangeSet', outcome: 'succeeded' });
  expect(told).toEqual([]);
  tell({ useCase: 'overrideChangeSet', outcome: 'succeeded' });
  expect(told).toEqual(['OverridesUsed']);
});
