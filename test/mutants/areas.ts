/**
 * The areas of core, and the suites beside test/<area> that are about them: those that need a whole engine, because what they show is
 * what verification finds in its files, or who was entitled to what it recorded. core/system is left out: it wires, and the tests of the
 * engines and of the API are its own.
 */
export const AREAS: Readonly<Record<string, readonly string[]>> = {
  'core/canonical': [],
  'core/changes': [
    'test/authority/*.test.ts',
    'test/model/*.test.ts',
    'test/attacks/*.test.ts',
    'test/e2e/erasure.test.ts',
  ],
  'core/events': [
    'test/adapters/bus*.test.ts',
    'test/faults/*.test.ts',
    'test/attacks/*.test.ts',
    'test/e2e/poison.test.ts',
  ],
  'core/guard': ['test/attacks/*.test.ts', 'test/e2e/protection.test.ts'],
  'core/ledger': [
    ...['test/e2e/tamper*.test.ts', 'test/e2e/export.test.ts', 'test/e2e/witness.test.ts', 'test/e2e/poison.test.ts'],
    ...['test/contract/*.test.ts', 'test/adapters/rotate-root-key.test.ts', 'test/clients/verify-cli.test.ts'],
  ],
  'core/policy': ['test/attacks/*.test.ts', 'test/e2e/config.test.ts', 'test/e2e/governance.test.ts'],
};
