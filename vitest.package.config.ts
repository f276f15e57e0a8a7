import { defineConfig } from 'vitest/config';

/** What is built is installed and used as strangers do it, outside of the repository (npm run test:package). Needs Python 3.10 and the registry of npm. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/setup.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 2,
    pool: 'forks',
  },
});
