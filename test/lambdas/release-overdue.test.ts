/** A round of the schedule says how many claims ended, and hands on their events also when something kept one from ending. */
import { expect, it, vi } from 'vitest';
import { releaseOverdue } from '../../lambdas/publish/release-overdue.ts';

it('counts what ended, and hands on its events', async () => {
  const [addMetric, flush] = [vi.fn(), vi.fn().mockResolvedValue(undefined)];
  const system = { work: { releaseOverdue: vi.fn().mockResolvedValue(3) } };
  expect(await releaseOverdue({ system, flush }, { metrics: { addMetric } as never })).toEqual({ released: 3 });
  expect(addMetric.mock.calls).toEqual([['ClaimsExpired', 'Count', 3]]);
  expect(flush).toHaveBeenCalledOnce();
});

it('fails when a claim could not end, after the events of the others were handed on', async () => {
  const [addMetric, flush] = [vi.fn(), vi.fn().mockResolvedValue(undefined)];
  const system = { work: { releaseOverdue: vi.fn().mockRejectedValue(new Error('tampered')) } };
  const round = releaseOverdue({ system, flush }, { metrics: { addMetric } as never });
  await expect(round).rejects.toThrow('tampered');
  expect(flush).toHaveBeenCalledOnce();
});
