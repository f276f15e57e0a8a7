import { defineConfig } from 'vitest/config';
import { AREAS } from './test/mutants/areas.ts';
import { QuickFirst } from './test/mutants/quick-first.ts';

const area = process.env['MUTATED']?.split('/').slice(0, 2).join('/');
const isMirror = process.env['SUITE'] !== 'engine';
const { mirror, engine } = AREAS[area ?? ''] ?? {
  mirror: Object.values(AREAS).flatMap((one) => one.mirror),
  engine: [],
};
const mirrors = [area === undefined ? 'test/core/**/*.test.ts' : `test/${area}/**/*.test.ts`, ...mirror];

/** The tests of one area of core, in a copy where one operator or condition is changed (npm run test:random-mutants). */
export default defineConfig({
  test: {
    fsModuleCache: false, // a mutant must not be remembered
    passWithNoTests: true, // a file that no test reaches is a survivor
    include: isMirror ? mirrors : [...engine],
    testTimeout: isMirror ? 60_000 : 240_000,
    hookTimeout: isMirror ? 60_000 : 240_000,
    pool: 'forks',
    isolate: !isMirror, // core keeps no state in modules, and importing it again for every file takes longer than its tests
    sequence: { sequencer: QuickFirst },
  },
});
