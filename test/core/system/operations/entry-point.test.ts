import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../../../api/problem-table.ts';
import { FakeClock } from '../../../../adapters/memory/index.ts';
import { budgetsSchema } from '../../../../core/guard/index.ts';
import { LedgerError } from '../../../../core/ledger/index.ts';
import { createPolicy, rosterSchema, modulesSchema, type Principal } from '../../../../core/policy/index.ts';
import {
  createEntryPoint,
  FAULTS,
  Metrics,
  SystemError,
  USE_CASES,
  type Execute,
  type Passage,
  type UseCaseName,
} from '../../../../core/system/index.ts';

const policy = createPolicy(
  rosterSchema.parse({
    roles: { reader: { reads: ['account:*'] }, auditor: {} },
    people: [
      { personId: 'ann', name: 'Ann', accounts: ['ann', 'ann-mobile'], roles: ['reader'] },
      { personId: 'aud', name: 'Aud', accounts: ['aud'], roles: ['auditor'] },
    ],
    agents: [],
  }),
  modulesSchema.parse({ mute: {} }),
);
const as = (id: string): Principal => {
  const principal = policy.principal(id);
  if (principal === undefined) throw new Error(id);
  return principal;
};

interface Fixture {
  readonly execute: Execute;
  readonly metrics: Metrics;
  readonly clock: FakeClock;
  readonly passages: Passage[];
}

function openEntryPoint(budgets: object = {}): Fixture {
  const clock = new FakeClock();
  const metrics = new Metrics(clock);
  const passages: Passage[] = [];
  const execute = createEntryPoint({
    ...{ policy, metrics, clock, policyVersion: () => 3, budgets: budgetsSchema.parse(budgets) },
    onPassage: (passage) => passages.push(passage),
  });
  return { execute, metrics, clock, passages };
}

const NOT_FOR_AUDITORS: ReadonlySet<string> = new Set(['reveals', 'claims', 'steals']);
const NAMES = Object.keys(USE_CASES) as UseCaseName[];
const work = async (): Promise<string> => 'done';

describe('the entry point', () => {
  it.each(NAMES)('S1: %s is counted, timed, told of with the policy it was judged by', async (useCase) => {
    const { execute, metrics, clock, passages } = openEntryPoint();
    const run = async (): Promise<string> => (await clock.advance(25), 'done');
    const answer = await execute({ useCase, principal: as('aud'), run }).catch(() => 'refused');
    expect(answer).toBe(NOT_FOR_AUDITORS.has(USE_CASES[useCase].for) ? 'refused' : 'done');
    const [passage, ...others] = passages;
    expect(others).toEqual([]);
    expect(passage).toMatchObject({ useCase, policyVersion: 3, principal: { id: 'aud' } });
    if (passage?.outcome === 'succeeded') expect(passage.durationMs).toBe(25);
    expect(metrics.read()).toMatchObject({ total: 1, byUseCase: { [useCase]: { [passage?.outcome ?? '']: 1 } } });
  });

  it.each(NAMES.filter((name) => USE_CASES[name].for !== 'open'))('S1: %s is refused to nobody', async (useCase) => {
    const { execute, metrics } = openEntryPoint();
    await expect(execute({ useCase, principal: undefined, unknown: 'who are you?', run: work })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'who are you?',
    });
    expect(metrics.read()).toMatchObject({ total: 1, refused: 1, successRate: 0 });
  });

  it.each(NAMES.filter((name) => !['open', 'known'].includes(USE_CASES[name].for)))(
    'S1: %s is refused without the right, before anything is begun',
    async (useCase) => {
      const { execute, passages } = openEntryPoint();
      let begun = false;
      const run = async (): Promise<void> => void (begun = true);
      await expect(execute({ useCase, principal: as('mute'), run })).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect(begun).toBe(false);
      expect(passages).toMatchObject([{ outcome: 'refused', code: 'FORBIDDEN' }]);
    },
  );

  it('tells a refusal, a fault of ours and a success apart, and refused is not success', async () => {
    const { execute, metrics, passages } = openEntryPoint();
    const call = { useCase: 'publishEvents', principal: as('ann') } as const;
    await execute({ ...call, run: work });
    await execute({ ...call, run: work, outcomeOf: () => 'refused' });
    const refused = new SystemError({ code: 'CURSOR_INVALID', message: 'no' });
    const failed = new LedgerError({ code: 'STORE_UNAVAILABLE', message: 'gone' });
    for (const error of [refused, failed, new Error('bug')])
      await expect(execute({ ...call, run: () => Promise.reject(error) })).rejects.toBe(error);
    expect(passages.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['succeeded', undefined],
      ['refused', undefined],
      ['refused', 'CURSOR_INVALID'],
      ['failed', 'STORE_UNAVAILABLE'],
      ['failed', undefined],
    ]);
    expect(metrics.read()).toMatchObject({ total: 5, succeeded: 1, refused: 2, failed: 2, successRate: 0.2 });
  });

  it('takes for faults exactly what HTTP answers with 5xx', () => {
    const ours = Object.entries(PROBLEMS).flatMap(([code, { status }]) => (status >= 500 ? [code] : []));
    expect([...FAULTS].sort()).toEqual(ours.sort());
  });

  it('R5: refuses over the budget before anything is begun, one person under all accounts', async () => {
    const { execute, clock } = openEntryPoint({ propose: { perMinute: 60, burst: 2 } });
    const call = { useCase: 'proposeChangeSet', run: work } as const;
    await execute({ ...call, principal: as('ann') });
    await execute({ ...call, principal: as('ann-mobile') });
    await expect(execute({ ...call, principal: as('ann') })).rejects.toMatchObject({
      code: 'BUDGET_SPENT',
      retryAfterSeconds: 1,
    });
    await execute({ ...call, principal: as('aud') });
    await clock.advance(1_000);
    await execute({ ...call, principal: as('ann') });
  });

  it('R10: heavy work has places, and one that failed or was refused gives its place back', async () => {
    const { execute } = openEntryPoint({ heavyAtOnce: { perPrincipal: 1, all: 1 } });
    const { promise, resolve } = Promise.withResolvers<string>();
    const call = { useCase: 'verifyLedger', principal: as('aud') } as const;
    const first = execute({ ...call, run: () => promise });
    await expect(execute({ ...call, run: work })).rejects.toMatchObject({ code: 'BUDGET_SPENT' });
    await expect(
      execute({ useCase: 'readFeed', principal: as('ann'), run: (pass) => pass.heavily(work) }),
    ).rejects.toMatchObject({ code: 'BUDGET_SPENT' });
    resolve('verified');
    expect(await first).toBe('verified');
    await expect(execute({ ...call, run: () => Promise.reject(new Error('broken')) })).rejects.toThrow('broken');
    expect(await execute({ ...call, run: work })).toBe('done');
  });

  it('leaves what waits for others out of the response time', async () => {
    const { execute, metrics, clock } = openEntryPoint();
    const run = (): Promise<void> => clock.advance(20_000);
    await execute({ useCase: 'receiveMessages', principal: as('ann'), run });
    expect(metrics.read()).toMatchObject({ total: 1, p95: 0 });
  });
});
