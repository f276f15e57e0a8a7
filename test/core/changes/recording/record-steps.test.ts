/** How often an act is decided anew while others write: a number of times, and then its caller has to try again. */
import { expect, it } from 'vitest';
import { withdraw } from '../../../../core/changes/proposals/stop.ts';
import { isRefused } from '../../../../core/changes/model/refusal.ts';
import { who } from '../fixture.ts';

/** A withdrawal whose first `losses` attempts meet a writer who was faster. */
async function withdrawn(losses: number): Promise<{ readonly outcome: unknown; readonly attempts: number }> {
  let attempts = 0;
  const current = {
    version: 1,
    record: { id: 'c', entityId: 'account:1', content: { initiator: 'person:ann', excludes: [] } },
  };
  const context = {
    store: { find: async () => current },
    recorder: {
      record: async () => {
        attempts += 1;
        return attempts > losses ? { kind: 'recorded', stored: current } : { kind: 'precondition', failed: {} };
      },
    },
  };
  const outcome = await withdraw(context as never, who('ann'), { id: 'c', input: {} });
  return { outcome, attempts };
}

it('gives up after the number of attempts that it names', async () => {
  const { outcome, attempts } = await withdrawn(Infinity);
  expect(isRefused(outcome)).toBe(true);
  expect(outcome).toMatchObject({ code: 'CHANGE_BUSY' });
  expect(outcome).toMatchObject({ message: expect.stringContaining(`${attempts} writers were faster`) as string });
});

it('ends with the first attempt that is written', async () => {
  const { outcome, attempts } = await withdrawn(2);
  expect(outcome).toMatchObject({ kind: 'done' });
  expect(attempts).toBe(3);
});
