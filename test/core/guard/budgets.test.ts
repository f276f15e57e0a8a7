import { describe, expect, it } from 'vitest';
import { BUDGET_NAMES, Budgets, budgetsSchema } from '../../../core/guard/index.ts';

const limits = budgetsSchema.parse({
  propose: { perMinute: 60, burst: 2 },
  decide: 'unlimited',
  heavyAtOnce: { perPrincipal: 1, all: 2 },
});
const NOW = 1_000_000;

describe('what a principal may ask for', () => {
  it('R5: has a sane limit for every kind of work without being asked', () => {
    const defaults = budgetsSchema.parse(undefined);
    expect(BUDGET_NAMES.filter((name) => defaults[name] === 'unlimited')).toEqual([]);
  });

  it('R5: is refused when the budget is spent, says when to come back, and is granted again then', () => {
    const budgets = new Budgets(limits);
    expect(budgets.spend('propose', 'a', NOW).kind).toBe('granted');
    expect(budgets.spend('propose', 'a', NOW).kind).toBe('granted');
    expect(budgets.spend('propose', 'a', NOW)).toMatchObject({ kind: 'refused', retryAfterSeconds: 1 });
    expect(budgets.spend('propose', 'a', NOW + 1_000).kind).toBe('granted');
    expect(budgets.spend('propose', 'a', NOW + 1_000).kind).toBe('refused');
  });

  it('counts each principal and each kind of work for itself', () => {
    const budgets = new Budgets(limits);
    for (let i = 0; i < 3; i++) budgets.spend('propose', 'a', NOW);
    expect(budgets.spend('propose', 'b', NOW).kind).toBe('granted');
    expect(budgets.spend('revise', 'a', NOW).kind).toBe('granted');
    for (let i = 0; i < 1_000; i++) expect(budgets.spend('decide', 'a', NOW).kind).toBe('granted');
  });

  it('R10: lets only so many heavy reads run at once, of one principal and of all, and gives their places back', () => {
    const budgets = new Budgets(limits);
    expect(budgets.enter('a').kind).toBe('granted');
    expect(budgets.enter('a')).toMatchObject({ kind: 'refused', retryAfterSeconds: 1 });
    expect(budgets.enter('b').kind).toBe('granted');
    expect(budgets.enter('c').kind).toBe('refused');
    budgets.leave('a');
    expect(budgets.enter('c').kind).toBe('granted');
    expect(budgets.enter('a').kind).toBe('refused');
    budgets.leave('b');
    expect(budgets.enter('a').kind).toBe('granted');
  });

  it.each([
    [60, 1],
    [24, 3],
    [1, 60],
    [1_000, 1],
  ])('R5: of %i a minute is told to come back after %i whole seconds', (perMinute, seconds) => {
    const budgets = new Budgets(budgetsSchema.parse({ propose: { perMinute, burst: 1 } }));
    budgets.spend('propose', 'a', NOW);
    expect(budgets.spend('propose', 'a', NOW)).toMatchObject({ retryAfterSeconds: seconds });
  });

  it('R10: says whose heavy reads are in the way', () => {
    const budgets = new Budgets(budgetsSchema.parse({ heavyAtOnce: { perPrincipal: 2, all: 3 } }));
    for (const spender of ['a', 'a']) expect(budgets.enter(spender).kind).toBe('granted');
    expect(budgets.enter('a')).toMatchObject({ message: expect.stringContaining('2 of yours are') as string });
    expect(budgets.enter('b').kind).toBe('granted');
    expect(budgets.enter('b')).toMatchObject({ message: expect.stringContaining(': 3 are') as string });
    budgets.leave('a');
    expect(budgets.enter('a').kind).toBe('granted');
    expect(budgets.enter('a')).toMatchObject({ message: expect.stringContaining('2 of yours are') as string });
    for (const spender of ['a', 'a', 'b']) budgets.leave(spender);
    for (const spender of ['b', 'b', 'a']) expect(budgets.enter(spender).kind).toBe('granted');
  });

  it.each([{ propose: { perMinute: 0 } }, { propose: 'none' }, { publish: 'unlimited' }, { heavyAtOnce: { all: 0 } }])(
    'is not configured by nonsense: %j',
    (input) => {
      expect(budgetsSchema.safeParse(input).success).toBe(false);
    },
  );
});

describe('heavy reads at the same time', () => {
  it('are between one and ten thousand', () => {
    const taken = (heavyAtOnce: object): boolean => budgetsSchema.safeParse({ heavyAtOnce }).success;
    for (const what of ['perPrincipal', 'all'])
      expect([0, 1, 10_000, 10_001].map((count) => taken({ [what]: count }))).toEqual([false, true, true, false]);
  });
});
