import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { testExecutor, type ExecutorSubject } from 'nervous-system/sdk';
import { REFUNDS } from './refund-input.ts';
import { Refunds } from './refunds.ts';

const subject: ExecutorSubject = {
  ...REFUNDS,
  inputs: [
    { order: 'order-1', cents: 500 },
    { order: 'order-1', cents: 70 },
  ],
  invalidInputs: [{ order: 'order-1', cents: -1 }, { order: 'order-1' }, null],
  open: ({ rootKeys, now }) => {
    const folder = mkdtempSync(join(tmpdir(), 'refunds-'));
    const file = join(folder, 'refunds.db');
    let refunds = new Refunds(file, rootKeys, now);
    return {
      executor: refunds.executor,
      observe: () => refunds.all(),
      restart: () => {
        refunds.close();
        refunds = new Refunds(file, rootKeys, now);
        return refunds.executor;
      },
      close: () => {
        refunds.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

test('the executor keeps what the ledger counts on, whatever dies in between', async () => {
  const { checks } = await testExecutor(subject);
  assert.deepEqual(
    checks.filter(({ ok }) => !ok),
    [],
  );
});
