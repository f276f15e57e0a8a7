import { defineConfig } from 'vitest/config';
import { QuickFirst } from './test/mutants/quick-first.ts';
import { mutated, type Mutation } from './test/mutants/mutations.ts';

const mutation = JSON.parse(process.env['MUTATION'] ?? 'null') as Mutation | null;

/** The tests of one area with one operator or condition changed (npm run test:random-mutants). */
export default defineConfig({
  plugins: [
    {
      name: 'mutation',
      enforce: 'pre',
      transform: (code, id) =>
        mutation !== null && id.endsWith(`/${mutation.file}`) ? mutated(code, mutation) : undefined,
    },
  ],
  test: {
    fsModuleCache: false, // a mutant must not be remembered
    passWithNoTests: true, // a file that no test reaches is a survivor
    include: [`test/${mutation?.file.split('/').slice(0, 2).join('/') ?? 'core'}/**/*.test.ts`], // of the same area
    testTimeout: 60_000,
    pool: 'forks',
    isolate: false, // core keeps no state in modules, and importing it again for every file takes longer than its tests
    sequence: { sequencer: QuickFirst },
  },
});
