import { defineConfig } from 'vitest/config';

// The tamper suites once more, with docs/verifier.py beside our own verifier, and what test/verifier generates. Needs Python.
export default defineConfig({
  test: {
    include: [
      'test/verifier/**/*.test.ts',
      // Not tamper-fields: docs/verifier.py does not open the values of confidential fields, and says so.
      ...['', '-entries', '-files', '-log', '-rows'].map((of) => `test/e2e/tamper${of}.test.ts`),
      'test/e2e/export.test.ts',
      'test/adapters/rotate-root-key.test.ts',
    ],
    setupFiles: ['test/verifier/both-verifiers.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    pool: 'forks',
  },
});
