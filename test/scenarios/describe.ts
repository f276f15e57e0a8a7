/** Turns the suite into tests of one engine: most at the same time, those that need the ledger for themselves afterwards. */
import { describe, expect, it } from 'vitest';
import type { Scenario, Fixture } from './fixture.ts';

export interface Abilities {
  /** what can be done on this engine */
  readonly powers: readonly string[];
  /** names of the scenarios that need a power which this engine has not: exactly these are not run */
  readonly leftOut: readonly string[];
}

/** @param fixture made before any test runs */
export function describeScenarios(
  engine: string,
  scenarios: readonly Scenario[],
  fixture: () => Fixture,
  { powers, leftOut }: Abilities,
): void {
  const isPossible = ({ needs = [] }: Scenario): boolean => needs.every((power) => powers.includes(power));
  const possible = scenarios.filter(isPossible);
  const register = (scenario: Scenario): void => it(scenario.name, () => scenario.run(fixture()));
  const alone = possible.filter((scenario) => scenario.alone === true);
  const together = possible.filter((scenario) => scenario.alone !== true);
  if (together.length > 0) describe.concurrent('side by side', () => together.forEach(register));
  if (alone.length > 0) describe('one after the other', () => alone.forEach(register));
  it(`are all run on the ${engine} engine, but for ${leftOut.length}`, () => {
    const impossible = scenarios.filter((scenario) => !isPossible(scenario)).map(({ name }) => name);
    expect(impossible.sort()).toEqual([...leftOut].sort());
  });
}
