/** What an act may cost, counted on the real adapters: a change that adds a call or a unit must say so here. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ACTIONS, measureCosts, type Action, type Cost, type Costs } from '../../bench/costs/costs.ts';
import { openCostSystem } from '../../bench/costs/cost-system.ts';

let costs: Costs;
beforeAll(async () => {
  costs = await measureCosts(await openCostSystem());
});

/** At most this. What is left out is not limited. */
const BUDGETS: Readonly<Partial<Record<Action, Partial<Cost>>>> = {
  // The design's own: docs/costs.md.
  'append one entry alone, warm': { roundTrips: 1, calls: 1, readUnits: 0, writeUnits: 1, kmsSigns: 0 },
  'publish 1, warm': { roundTrips: 3, readUnits: 0, writeUnits: 6, kmsSigns: 0, putEvents: 1, sqsSends: 0 },
  // As counted when they were written; the session key costs the signature.
  'publish 1, cold process': { roundTrips: 11, readUnits: 5, writeUnits: 6, kmsSigns: 1 },
  'publish 100 on 100 entities, warm': { roundTrips: 3, readUnits: 0, writeUnits: 404, kmsSigns: 0, putEvents: 10 },
  'publish 100 on one entity, warm': { roundTrips: 4, readUnits: 0, writeUnits: 404, kmsSigns: 0, putEvents: 10 },
  'sequence 1 entry of a known chain': { roundTrips: 2, readUnits: 0, writeUnits: 2, kmsSigns: 0 },
  'sequence 99 entries of known chains': { roundTrips: 2, readUnits: 0, writeUnits: 106, kmsSigns: 0 },
  // Each step keeps the counts and the indices of who is awaited and what is due (R6): reading them costs the same however many are open.
  propose: { roundTrips: 7, readUnits: 8, writeUnits: 41, kmsSigns: 0, putEvents: 1, sqsSends: 1 },
  vote: { roundTrips: 4, readUnits: 3, writeUnits: 16, kmsSigns: 0, putEvents: 0, sqsSends: 1 },
  'vote that approves': { roundTrips: 7, readUnits: 5, writeUnits: 29, kmsSigns: 1, putEvents: 1, sqsSends: 1 },
  'execute one operation': { roundTrips: 23, readUnits: 20, writeUnits: 55, kmsSigns: 2, putEvents: 1 },
  // One write, of one unit, is the journal's (docs/access.md).
  'read an entity, journaled, warm': { roundTrips: 3, calls: 3, writeUnits: 1, kmsSigns: 0, putEvents: 0, sqsSends: 0 },
};

describe.each(Object.entries(BUDGETS) as [Action, Partial<Cost>][])('%s', (act, budget) => {
  it.each(Object.entries(budget) as [keyof Cost, number][])('takes at most %s %d', (what, most) => {
    expect(costs.actions[act][what]).toBeLessThanOrEqual(most);
  });
});

it('is what docs/costs.md says', () => {
  const rows = readFileSync('docs/costs.md', 'utf8').matchAll(/^\| ([a-z][^|]*) \|((?: \d+ \|){7})$/gm);
  const documented = [...rows].map(([, act = '', figures = '']) => [act, figures.match(/\d+/g)?.map(Number)]);
  expect(documented).toHaveLength(ACTIONS.length - 1); // chains not met before: said in words
  for (const [act, figures] of documented) expect({ act, figures }).toEqual({ act, figures: figuresOf(act as Action) });
});

function figuresOf(act: Action): readonly number[] {
  const { roundTrips, calls, readUnits, writeUnits, kmsSigns, putEvents, sqsSends } = costs.actions[act];
  return [roundTrips, calls, readUnits, writeUnits, kmsSigns, putEvents, sqsSends];
}

it('counts what is there: no act is free', () => {
  for (const cost of Object.values(costs.actions)) expect(cost.writeUnits).toBeGreaterThan(0);
  expect(costs.executionSteps).toBeGreaterThan(5);
});
