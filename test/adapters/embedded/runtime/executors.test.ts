/** Executors in the engine's own process: what is declared and what is there must fit, and the rest says so. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEngine } from '../../../../adapters/embedded/index.ts';
import { createExecutors } from '../../../../adapters/embedded/runtime/executors.ts';
import type { Executor } from '../../../../clients/sdk/index.ts';
import { defineConfig } from '../../../../core/system/index.ts';
import { config } from '../../../../nervous.config.ts';
import { config as configWithExecutor } from '../../../support/executor-config.ts';
import { openSampleExecutor } from '../../../support/sample-executor.ts';

let dataDir: string;
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'nervous-executors-'))));
afterEach(() => rmSync(dataDir, { recursive: true }));

const PROPOSAL = {
  ...{ entityId: 'account:1', title: 'Set a limit', rationale: 'Asked for' },
  operations: [{ type: 'executor.invoke', payload: { executor: 'limits', input: { account: 'a', limit: 5 } } }],
};
const base = { http: false, auditMinutes: 0 } as const;

it('an implementation that nobody declared is refused at the start', async () => {
  const { limits, executor } = openSampleExecutor(dataDir, () => []);
  const options = { ...base, config, dataDir, executors: { limits: executor } };
  await expect(startEngine(options)).rejects.toMatchObject({ code: 'EXECUTOR_UNKNOWN' });
  limits.close();
});

it('a declared one that is not there is told by the engine when it looks at itself, and refuses proposals', async () => {
  const engine = await startEngine({ ...base, config: configWithExecutor, dataDir });
  try {
    const { ok, checks } = await engine.system.validate();
    expect(ok).toBe(false);
    expect(checks).toContainEqual(expect.objectContaining({ name: 'executor limits', ok: false }));
    const budgetBot = engine.system.policy.principal('budget-bot');
    if (budgetBot === undefined) throw new Error('the sample has no budget-bot');
    const propose = engine.system.changes.propose(budgetBot, PROPOSAL);
    await expect(propose).rejects.toMatchObject({ code: 'EXECUTOR_FAILED' });
  } finally {
    await engine.close();
  }
});

it('one that is there checks out, and plans', async () => {
  const { limits, executor } = openSampleExecutor(dataDir, () => [readFileSync(join(dataDir, 'root.vkey'), 'utf8')]);
  const engine = await startEngine({ ...base, config: configWithExecutor, dataDir, executors: { limits: executor } });
  try {
    const { checks } = await engine.system.validate();
    expect(checks).toContainEqual({ name: 'executor limits', ok: true, detail: 'is implemented here' });
    const budgetBot = engine.system.policy.principal('budget-bot');
    if (budgetBot === undefined) throw new Error('the sample has no budget-bot');
    const { change } = await engine.system.changes.propose(budgetBot, PROPOSAL);
    expect(change.risk?.facts['executors']).toEqual({ names: ['limits@1'], plans: [{ account: 'a', raises: false }] });
  } finally {
    await engine.close();
    limits.close();
  }
});

it('is given a copy of what the ledger holds', async () => {
  const input = { account: 'a' };
  const meddler = { plan: async (given: typeof input) => void (given.account = 'b') } as unknown as Executor;
  const { executors } = createExecutors({ limits: meddler }, { limits: {} });
  await executors.call({ name: 'limits' }, { kind: 'plan', input }, new AbortController().signal);
  expect(input).toEqual({ account: 'a' });
});

it('the configuration refuses what could never run', () => {
  const limits = configWithExecutor.executors['limits'];
  const problemsOf = (more: object): unknown => {
    try {
      return defineConfig({ ...config, ...more });
    } catch (error) {
      return (error as { problems: { pointer: string }[] }).problems.map(({ pointer }) => pointer);
    }
  };
  expect(problemsOf({ executors: { limits: { ...limits, schema: {} } } })).toEqual(['/executors/limits/schema']);
  expect(problemsOf({ executors: { limits: { ...limits, maxSeconds: 0 } } })).toEqual(['/executors/limits/maxSeconds']);
  expect(problemsOf({ executors: { limits: { ...limits, function: 'a b' } } })).toEqual(['/executors/limits/function']);
  expect(problemsOf({ executors: { 'Li mits': limits } })).toEqual(['/executors/Li mits']);
  const without = { executors: { limits }, operations: { enabled: ['state.put'] } };
  expect(problemsOf(without)).toEqual(['/operations/enabled']);
});
