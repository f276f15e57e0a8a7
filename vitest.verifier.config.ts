import { defineConfig } from 'vitest/config';

// The tamper suites once more, with docs/verifier.py beside our own verifier, and what test/verifier generates. Needs Python.
export default defineConfig({
  test: {
    include: [
      'test/verifier/**/*.test.ts',
      'test/e2e/tamper*.test.ts',
      'test/e2e/export.test.ts',
      'test/e2e/golden.test.ts',
      'test/adapters/embedded/keys/rotate-root-key.test.ts',
    ],
    setupFiles: ['test/verifier/both-verifiers.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    pool: 'forks',
  },
});
