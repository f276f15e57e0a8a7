import { configDefaults, defineConfig } from 'vitest/config';

// Tests decide, benchmarks measure: no test asserts a time; these limits only end a hang.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need Python and more: npm run test:aws (a deployment), npm run test:verifier, npm run test:foreign (other people's tools).
    exclude: [...configDefaults.exclude, 'test/aws/**', 'test/verifier/**', 'test/foreign/**'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    maxWorkers: '100%', // the default leaves one core idle
  },
});
