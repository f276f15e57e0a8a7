/** What the reconciler reports: its numbers always, and a failure when something stayed broken. */
import { expect, it } from 'vitest';
import type { Reconciled } from '../../adapters/aws/workflow/reconciler.ts';
import { heal } from '../../lambdas/workflow-reconciler/heal.ts';
import { scopeOf } from '../../lambdas/workflow-reconciler/scope.ts';

const found: Reconciled = {
  open: 5,
  approvalQueue: {
    ...{ length: 3, oldestAgeMs: 42_000, escalated: 1, reminders: 4 },
    byLevel: { L2: { length: 2, oldestAgeMs: 42_000 }, L3: { length: 1, oldestAgeMs: 7_000 } },
  },
  reviewQueue: { length: 9, overdue: 2 },
  ...{ restarted: ['a', 'b'], woken: [], stopped: ['c-1'], failed: [] },
};

async function run(reconciled: Reconciled) {
  const metrics: Record<string, number> = {};
  const healed: Record<string, readonly string[]> = {};
  const errors: string[] = [];
  const result = await heal({
    reconcile: async () => reconciled,
    onMetric: (name, value, level) => void (metrics[level === undefined ? name : `${name} ${level}`] = value),
    onHealed: (what, subjects) => void (healed[what] = subjects),
    onError: (subject) => void errors.push(subject),
  }).catch((error: unknown) => error);
  return { metrics, healed, errors, result };
}

const metrics = {
  ...{ OpenChangeSets: 5, ApprovalQueueLength: 3, ApprovalQueueAgeSeconds: 42, RestartedExecutions: 2 },
  ...{ 'ApprovalQueueLength L2': 2, 'ApprovalQueueAgeSeconds L2': 42 },
  ...{ 'ApprovalQueueLength L3': 1, 'ApprovalQueueAgeSeconds L3': 7 },
  ...{ ApprovalReminders: 4, EscalatedApprovals: 1, OverdueReviews: 2 },
};

it('says in numbers what it found, and names what it healed', async () => {
  expect(await run(found)).toEqual({
    metrics,
    healed: { restarted: ['a', 'b'], stopped: ['c-1'] },
    errors: [],
    result: { open: 5, restarted: 2, woken: 0, stopped: 1 },
  });
});

it('fails after reporting all the same when something could not be healed', async () => {
  const failed = [{ subject: 'd', error: new Error('throttled') }];
  const { result, ...reported } = await run({ ...found, failed });
  expect(result).toBeInstanceOf(Error);
  expect(reported).toEqual({ metrics, healed: { restarted: ['a', 'b'], stopped: ['c-1'] }, errors: ['d'] });
});

it('W11: counts nothing when only what is due was looked at', async () => {
  const { metrics, result } = await run({ ...found, open: undefined });
  expect(metrics).not.toHaveProperty('OpenChangeSets');
  expect(result).toMatchObject({ restarted: 2 });
});

it.each([
  [{ scope: 'due' }, 'due'],
  [{ scope: 'all' }, 'all'],
  [{}, 'all'],
  [undefined, 'all'],
])('looks at what its schedule says: %j', (event, scope) => {
  expect(scopeOf(event)).toBe(scope);
});
