import { defineConfig } from 'vitest/config';

// One deployment for all files, so one file at a time; these limits only end a hang.
export default defineConfig({
  test: {
    include: ['test/aws/**/*.test.ts'],
    globalSetup: ['test/aws/global-setup.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    teardownTimeout: 600_000,
    fileParallelism: false,
    pool: 'forks',
  },
});
