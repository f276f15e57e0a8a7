import { defineConfig } from 'vitest/config';

/** The console in a real browser (npm run test:console). Needs Chromium (Debian: chromium). */
export default defineConfig({
  test: {
    include: ['test/console/**/*.test.ts'],
    globalSetup: ['test/console/setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    pool: 'forks',
  },
});
