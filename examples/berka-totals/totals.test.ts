import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestSystem } from 'nervous-system/testing';
import { config } from './nervous.config.ts';
import { publishTable, Totals } from './totals.ts';

test('sums are exact, a table that is sent twice counts once, and all of it verifies', async () => {
  const lab = await startTestSystem({ config });
  const totals = new Totals();
  await totals.start(lab.as('totals'));
  const rows = await publishTable(lab.as('bank-feed'), 'trans.csv');
  await publishTable(lab.as('bank-feed'), 'trans.csv');
  await lab.settled();
  assert.equal(totals.received, rows);
  // 1000.10 - 0.20 - 99.95, and 5.05
  assert.deepEqual(Object.fromEntries(totals.cents), { 'account:10': 89_995n, 'account:11': 505n });
  assert.equal((await lab.as('axel').verifyAll()).verdict, 'OK');
});
