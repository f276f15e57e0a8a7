import { configDefaults, defineConfig } from 'vitest/config';

// Tests decide, benchmarks measure: no test asserts a time; these limits only end a hang.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/aws/**'], // they need Python and a deployment: npm run test:aws
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: '100%', // the default leaves one core idle
  },
});
