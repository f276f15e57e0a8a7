/** The suites that take too long for every change, with the counts that they have at night. docs/testing.md says what came of them last. */

/** The limit of a test that has a fixed count by day: it only ends a hang. */
const NO_HASTE = '--testTimeout=7200000';

export interface LongSuite {
  readonly name: string;
  /** of npm, or a vitest file */
  readonly args: readonly string[];
  /** how much of it: a variable that the suite reads */
  readonly env: Readonly<Record<string, string>>;
}

export const LONG_SUITES: readonly LongSuite[] = [
  {
    name: 'honest',
    args: ['run', 'test:verifier', '--', 'test/verifier/honest.test.ts'],
    env: { VERIFIER_HONEST: '2000' },
  },
  {
    name: 'tamperings',
    args: ['run', 'test:verifier', '--', 'test/verifier/tamperings.test.ts', NO_HASTE],
    env: { VERIFIER_TAMPERINGS: '2000' },
  },
  { name: 'random-mutants', args: ['run', 'test:random-mutants'], env: {} }, // 300 of them
  {
    name: 'schemathesis',
    args: ['run', 'test:foreign', '--', 'test/foreign/schemathesis.test.ts'],
    env: { NERVOUS_FUZZ_EXAMPLES: '20', NERVOUS_FUZZ_PHASES: 'examples,coverage,fuzzing' },
  },
  {
    name: 'outbox',
    args: ['run', 'test:foreign', '--', 'test/foreign/outbox/killed.test.ts'],
    env: { OUTBOX_ROUNDS: '10000' },
  },
  {
    name: 'package-managers',
    args: ['run', 'test:package', '--', 'test/package/story.test.ts'],
    env: { PACKAGE_MANAGERS: 'npm,npm-node-26,pnpm,yarn,yarn-4-node-modules,yarn-4-pnp,bun' },
  },
  { name: 'model', args: ['test', '--', 'test/model/approval.test.ts'], env: { APPROVAL_RUNS: '1000' } },
  { name: 'claims', args: ['test', '--', 'test/model/claims.test.ts'], env: { CLAIM_ROUNDS: '10000' } },
  { name: 'lake', args: ['test', '--', 'test/core/lake/lake.test.ts'], env: { LAKE_ENTRIES: '1000000' } },
];
