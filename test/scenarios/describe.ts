/** Turns the suite into tests of one engine: most at the same time, those that need the ledger for themselves afterwards. */
import { describe, it } from 'vitest';
import type { Scenario, World } from './world.ts';

/** @param world made before any test runs; its powers decide what is skipped */
export function describeScenarios(
  engine: string,
  scenarios: readonly Scenario[],
  world: () => World,
  powers: readonly string[],
): void {
  const missing = ({ needs = [] }: Scenario): readonly string[] => needs.filter((power) => !powers.includes(power));
  const register = (scenario: Scenario): void => {
    const lacks = missing(scenario);
    if (lacks.length === 0) it(scenario.name, () => scenario.run(world()));
    else it.skip(`${scenario.name} (the ${engine} engine cannot ${lacks.join(', ')})`);
  };
  describe.concurrent('side by side', () => scenarios.filter(({ alone }) => alone !== true).forEach(register));
  describe('one after the other', () => scenarios.filter(({ alone }) => alone === true).forEach(register));
}
