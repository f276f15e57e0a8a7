/**
 * The areas of core, and the tests beside test/<area> that are about them. `mirror`: in memory, in the same process. `engine`: with a whole
 * engine, because what they show is what verification finds in its files; they are asked last. core/system is left out: it wires, and the
 * tests of the engines and of the API are its own.
 */
interface Area {
  readonly mirror: readonly string[];
  readonly engine: readonly string[];
}

export const AREAS: Readonly<Record<string, Area>> = {
  'core/canonical': { mirror: [], engine: [] },
  'core/changes': {
    mirror: ['test/authority/*.test.ts'],
    engine: ['test/model/*.test.ts', 'test/e2e/erasure.test.ts'],
  },
  'core/events': {
    mirror: [],
    engine: ['test/adapters/bus*.test.ts', 'test/faults/*.test.ts', 'test/e2e/poison.test.ts'],
  },
  'core/guard': { mirror: [], engine: ['test/e2e/protection.test.ts'] },
  'core/ledger': {
    mirror: [],
    engine: [
      'test/e2e/tamper*.test.ts',
      'test/e2e/export.test.ts',
      'test/e2e/witness.test.ts',
      'test/contract/*.test.ts',
    ],
  },
  'core/policy': { mirror: [], engine: ['test/e2e/config.test.ts', 'test/e2e/governance.test.ts'] },
};
