import { defineConfig } from 'vitest/config';

/** The store's contract, fault and governance suites, and the outbox's stream, on Amazon's own DynamoDB Local (npm run test:dynamodb-local). */
export default defineConfig({
  test: {
    include: [
      ...['contract', 'store-faults', 'governance'].map((name) => `test/aws/${name}.test.ts`),
      'test/foreign/dynamodb-local/*.test.ts',
    ],
    globalSetup: ['test/foreign/dynamodb-local/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
});
