import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

// Tests decide, benchmarks measure: no test asserts a time; these limits only end a hang. Some tests start engine
// after engine: what takes seconds on four free cores takes minutes where many share them, which is no fault of what is tested.
export default defineConfig({
  test: {
    // V8 aborts when two threads replace a wrapper of WebAssembly at once, and each thread that loads a .ts file strips it by
    // WebAssembly: one run in thirty. So no wrapper is ever replaced (Node 24.21).
    execArgv: ['--wasm-wrapper-tiering-budget=1000000000'],
    include: ['test/**/*.test.ts'],
    // They need Python and more: npm run test:aws (a deployment), npm run test:verifier, npm run test:foreign (other people's tools), npm run test:package, npm run test:site, npm run test:console (Chromium).
    exclude: [
      ...configDefaults.exclude,
      'test/aws/**',
      'test/verifier/**',
      'test/foreign/**',
      'test/package/**',
      'test/site/**',
      'test/console/**',
    ],
    // A developer's own profile of the command line must not reach a test: there is none here.
    env: { XDG_CONFIG_HOME: join(tmpdir(), 'nervous-tests-no-profile') },
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    maxWorkers: '100%', // the default leaves one core idle
  },
});
