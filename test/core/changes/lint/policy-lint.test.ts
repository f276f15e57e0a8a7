/** R3: the sample's rules by the examples of the fault, and a lint that finds what is weak in others. */
import { describe, expect, it } from 'vitest';
import { lintPolicy, RISK_LEVELS, riskSchema, type LintKind, type RiskConfig } from '../../../../core/changes/index.ts';
import { levelOfPlan } from '../../../../core/changes/lint/policy-lint-plan.ts';
import { createRiskTable } from '../../../../core/changes/risk/risk.ts';
import { createPolicy, rosterSchema } from '../../../../core/policy/index.ts';
import { config as sample } from '../../../../nervous.config.ts';
import { plainRisk } from '../../../support/plain-rules.ts';
import { createFixture, modules, proposal, roster, type Fixture } from '../fixture.ts';

const STRICT = RISK_LEVELS.indexOf('L3');
const people = rosterSchema.parse({
  ...roster,
  roles: { ...roster.roles, peer: {}, security: {} },
  agents: [{ ...roster.agents[0], proven: true }],
});
const policy = createPolicy(people, modules);

/** Level of each change-set of a day by one person on the sample's rules. */
async function levelsOf(steps: readonly (readonly [entityId: string, operation: object])[]): Promise<string[]> {
  const fixture = createFixture();
  const changes = fixture.other({ risk: { ...sample.risk, freezes: [] }, policy });
  const levels: string[] = [];
  for (const [entityId, operation] of steps) {
    const person = policy.principal('pete');
    if (person === undefined) throw new Error('nobody');
    const { change } = await changes.propose(person, proposal([operation], { entityId }));
    levels.push(change.risk?.level ?? '');
  }
  return levels;
}

const put = (payload: object): object => ({ type: 'state.put', payload });
const patch = (path: string, value: unknown): object => ({
  type: 'state.patch',
  payload: [{ op: 'add', path, value }],
});
const highest = (levels: readonly string[]): number =>
  Math.max(...levels.map((level) => RISK_LEVELS.indexOf(level as (typeof RISK_LEVELS)[number])));

/** An account that is there, as the ledger made it. */
async function onAccount(document: object, operation: object): Promise<string> {
  const fixture: Fixture = createFixture();
  await fixture.store.write([
    {
      kind: 'put',
      key: { pk: 'main#document', sk: 'account:1' },
      value: { document, change: 'x' } as never,
      expect: 'absent',
    },
  ]);
  const changes = fixture.other({ risk: { ...sample.risk, freezes: [] }, policy });
  const person = policy.principal('pete');
  if (person === undefined) throw new Error('nobody');
  const { change } = await changes.propose(person, proposal([operation], { entityId: 'account:1' }));
  return change.risk?.level ?? '';
}

describe('R3: the sample', () => {
  it('R3: 1,000 at a time on one account is not L1 for long, and L3 in the end', async () => {
    const steps = Array.from(
      { length: 252 },
      (_, i) => ['account:1', put({ limit: String(i % 2 === 0 ? 1_000 : 999) })] as const,
    );
    const levels = await levelsOf(steps);
    expect(levels.slice(0, 2)).toEqual(['L1', 'L2']);
    expect(levels.at(-1)).toBe('L3');
  });

  it('R3: 30 × 100,000 over 30 accounts is L3', async () => {
    const levels = await levelsOf(
      Array.from({ length: 30 }, (_, i) => [`account:${i}`, put({ limit: '100000.00' })] as const),
    );
    expect(levels.slice(0, 4)).toEqual(['L2', 'L2', 'L3', 'L3']);
    expect(new Set(levels.slice(2))).toEqual(new Set(['L3']));
  });

  it.each<[string, object, object]>([
    ['a currency that changes', { currency: 'CZK', limit: '500' }, patch('/currency', 'BTC')],
    ['a new key', { limit: '500' }, patch('/overdraft', '99999999')],
    [
      'an amount deeper than declared',
      { loans: { a: { amount: '5' } } },
      patch('/loans/a/terms', { amount: '99999999' }),
    ],
    ['an amount in a list', { limit: '500' }, patch('/limits', ['99999999'])],
    ['a document replaced by one with other keys', { limit: '500' }, put({ limit: '500', overdraft: true })],
    ['a document that is deleted', { limit: '500' }, { type: 'state.delete', payload: {} }],
  ])('R3: %s is strict', async (_, document, operation) => {
    expect(RISK_LEVELS.indexOf((await onAccount(document, operation)) as 'L0')).toBeGreaterThanOrEqual(STRICT);
  });

  it('R3: what the rules know stays as light as it is', async () => {
    expect(await onAccount({ limit: '500.00', note: 'x' }, patch('/note', 'y'))).toBe('L1');
    expect(await onAccount({ limit: '500.00' }, patch('/limit', '900.00'))).toBe('L1');
    expect(await onAccount({ limit: '500.00' }, patch('/limit', '20000.00'))).toBe('L2');
    expect(highest(await levelsOf([['account:1', put({ currency: 'CZK', limit: '20000.00' })]]))).toBe(2);
  });

  it('R3: passes the lint, whatever the seed', () => {
    for (const [seed, runs] of [
      [1, 20],
      [2, 4],
      [3, 4],
    ] as const)
      expect(lintPolicy(sample, { seed, runs }).findings).toEqual([]);
    expect(lintPolicy(sample).compared).toBeGreaterThan(1_000);
  });
});

const level = { roles: ['owner'], approvals: 1 };
const table = (rules: readonly object[], more: object = {}): RiskConfig =>
  riskSchema.parse({ version: '1', moneyPaths: ['/limit'], ...more, rules });
const moved = (...numeric: readonly (string | number)[]): object => ({ money: { moved: [{ numeric }] } });
const all = { entity: [{ prefix: 'account:' }] };

/** One weakness each; what else it has, the lint may find too. */
const PLANTED: Readonly<Record<LintKind, RiskConfig>> = {
  splitting: table([
    { name: 'small', when: moved('<=', 1_000), level: 'L1', ...level },
    { name: 'large', when: moved('>', 1_000), level: 'L3', ...level },
  ]),
  spreading: table([
    { name: 'small', when: { onEntity: { recentMoved: [{ numeric: ['<=', 1_000] }] } }, level: 'L1', ...level },
    { name: 'large', when: { onEntity: { recentMoved: [{ numeric: ['>', 1_000] }] } }, level: 'L3', ...level },
  ]),
  renaming: table([
    { name: 'any', when: all, level: 'L1', ...level },
    { name: 'large', when: moved('>', 1_000), level: 'L3', ...level },
  ]),
  unit: table([
    { name: 'any', when: all, level: 'L1', ...level },
    { name: 'large', when: moved('>', 1_000), level: 'L3', ...level },
  ]),
  nesting: table(
    [
      { name: 'any', when: all, level: 'L1', ...level },
      { name: 'large', when: moved('>', 1_000), level: 'L3', ...level },
    ],
    { moneyPaths: ['/loans/*/amount'] },
  ),
  sign: table([
    { name: 'short', when: { bytesChanged: [{ numeric: ['<=', 49] }] }, level: 'L1', ...level },
    { name: 'long', when: { bytesChanged: [{ numeric: ['>', 49] }] }, level: 'L3', ...level },
  ]),
  order: table([
    { name: 'new', when: { creates: [true] }, level: 'L1', ...level },
    { name: 'large', when: { creates: [false], ...moved('>', 1_000) }, level: 'L3', ...level },
  ]),
  elsewhere: table([
    { name: 'reversible', when: { reversible: [true] }, level: 'L1', ...level },
    { name: 'large', when: moved('>', 1_000), level: 'L3', ...level },
  ]),
};

describe('R3: the lint', () => {
  it.each(Object.entries(PLANTED) as [LintKind, RiskConfig][])(
    'R3: finds a way around by %s, with a witness',
    (kind, risk) => {
      const { findings } = lintPolicy({ risk });
      const found = findings.find((one) => one.kind === kind);
      expect(found).toMatchObject({ kind, stricter: { level: 'L3' }, weaker: { level: 'L1' } });
      expect(found?.stricter.steps.length).toBeGreaterThan(0);
      expect(found?.weaker.steps.length).toBeGreaterThan(0);
      expect(found?.add).toMatch(/when:|creates|money/);
    },
  );

  it('R3: finds what was weak in the sample as it was', () => {
    const kinds = lintPolicy({ risk: plainRisk }).findings.map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['elsewhere', 'nesting', 'renaming', 'spreading', 'splitting', 'unit'].sort());
  });

  it('R3: is the same with the same seed, and bounded', () => {
    expect(lintPolicy(sample, { seed: 7, runs: 3 })).toEqual(lintPolicy(sample, { seed: 7, runs: 3 }));
    expect(lintPolicy(sample, { runs: 0 }).compared).toBeLessThan(lintPolicy(sample, { runs: 5 }).compared);
  });
});

describe('R3: what the lint says', () => {
  it('R3: finds by the amounts that the table names, without trying any at random', () => {
    for (const kind of ['splitting', 'spreading', 'order', 'elsewhere'] as const)
      expect(lintPolicy({ risk: PLANTED[kind] }, { runs: 0 }).findings.map((one) => one.kind)).toContain(kind);
  });

  it('R3: asks for a rule from just that amount on', () => {
    for (const kind of ['splitting', 'spreading', 'sign'] as const) {
      const found = lintPolicy({ risk: PLANTED[kind] }).findings.find((one) => one.kind === kind);
      const amounts =
        found?.stricter.steps.join().match(/\d+$/)?.[0] ?? found?.stricter.steps.join().match(/-?\d+/g)?.at(-1);
      const [, bound] = found?.add.match(/numeric: \['>', (\d+)\]/) ?? [];
      expect([kind, Number(bound)]).toEqual([kind, Math.abs(Number(amounts)) - 1]);
    }
  });

  it('R3: assesses executors by their names, and only what executors carry out', () => {
    const byName = (name: string): RiskConfig =>
      table([
        { name: 'any', when: all, level: 'L1', ...level },
        { name: 'named', when: { executors: { names: [name] } }, level: 'L3', ...level },
      ]);
    const planned = (name: string, type: string): string => {
      const operation = { type, payload: {}, executor: 'refunds@1', inverse: 'executor-undo' } as const;
      const step = { entityId: 'account:1', before: null, after: [null], operations: [operation], says: '' };
      return levelOfPlan(createRiskTable(byName(name)), [step]);
    };
    expect(planned('refunds@1', 'executor.invoke')).toBe('L3');
    expect(planned('others@1', 'executor.invoke')).toBe('L1');
    expect(planned('refunds@1', 'state.put')).toBe('L1');
  });
});
