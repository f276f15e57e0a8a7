import { defineConfig } from 'vitest/config';

/** The documentation, built as a site and read as a browser would (npm run test:site). Needs the registry of npm. */
export default defineConfig({
  test: {
    include: ['test/site/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    pool: 'forks',
  },
});
