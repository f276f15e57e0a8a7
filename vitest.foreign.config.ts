import { defineConfig } from 'vitest/config';

/** Other people's tools hold us to their standards (npm run test:foreign). Needs Python 3.11, promtool (Debian: prometheus), systemd-analyze (systemd) and PostgreSQL (postgresql). */
export default defineConfig({
  test: {
    include: ['test/foreign/**/*.test.ts'],
    exclude: ['test/foreign/dynamodb-local/**'], // npm run test:dynamodb-local
    globalSetup: ['test/foreign/setup.ts'],
    testTimeout: 900_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    pool: 'forks',
  },
});
