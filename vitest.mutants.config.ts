import { defineConfig } from 'vitest/config';
import { MUTANTS } from './test/attacks/mutants.ts';

const mutant = MUTANTS[Number(process.env['MUTANT'])];

/** The attacks, with one control switched off (npm run test:mutants). */
export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (code, id) => {
        const edits = mutant?.edits.filter(({ file }) => id.endsWith(`/${file}`)) ?? [];
        return edits.length === 0
          ? undefined
          : edits.reduce((text, edit) => text.replace(edit.find, edit.replace), code);
      },
    },
  ],
  test: {
    fsModuleCache: false, // a mutant must not be remembered
    include: ['test/attacks/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
