import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testExecutor } from 'nervous-system/sdk';
import { fakeBank } from './fake-bank.ts';
import { PAYOUTS } from './payout-input.ts';
import { createPayouts } from './payouts.ts';

test('a payout is made once, whatever dies in between and whoever forges a grant', async () => {
  const { checks } = await testExecutor({
    ...PAYOUTS,
    reversible: false,
    inputs: [
      { to: 'anna', cents: 500 },
      { to: 'anna', cents: 70 },
    ],
    invalidInputs: [{ to: 'anna', cents: -1 }, { to: 'anna' }, null],
    open: ({ rootKeys, now }) => {
      const bank = fakeBank();
      const open = () => createPayouts({ bank, rootKeys, now });
      return { executor: open(), observe: () => bank.paid(), restart: open };
    },
  });
  assert.deepEqual(
    checks.filter(({ ok }) => !ok),
    [],
  );
});
