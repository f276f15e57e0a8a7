/** How often a decision is made anew while others write: a number of times, and then somebody else has to decide. */
import { expect, it } from 'vitest';
import { decideUntilWritten } from '../../../../core/changes/recording/record-steps.ts';

it('gives up after the number of attempts that it names', async () => {
  let attempts = 0;
  const busy = decideUntilWritten(async () => {
    attempts += 1;
    return { kind: 'again' };
  });
  await expect(busy).rejects.toMatchObject({ code: 'CHANGE_BUSY' });
  const told = await busy.catch((error: unknown) => String(error));
  expect(told).toContain(`${attempts} writers were faster`);
});

it('ends with the first attempt that is written', async () => {
  let attempts = 0;
  const result = await decideUntilWritten(async () => {
    attempts += 1;
    return attempts < 3 ? { kind: 'again' } : { kind: 'done', result: 'written' };
  });
  expect([result, attempts]).toEqual(['written', 3]);
});
