/**
 * Shortens the names inside bundled modules, which is a tenth of the tarball. Functions and classes keep theirs, because a stack
 * trace has to be read, and so does whatever is imported or exported. esbuild knows only all names or none.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minifySync } from 'rolldown/utils';

const KEPT = { function: true, class: true } as const;

/** @param folder whose modules, with those of folders below, are written anew */
export function shortenNames(folder: string): void {
  for (const file of globSync('**/*.js', { cwd: folder })) {
    const path = join(folder, file);
    const { code, errors } = minifySync(file, readFileSync(path, 'utf8'), {
      module: true,
      compress: { target: 'es2024', keepNames: KEPT },
      mangle: { toplevel: true, keepNames: KEPT },
      codegen: { removeWhitespace: true },
    });
    const [error] = errors;
    if (error !== undefined) throw new Error(`${file}: ${error.message}`);
    writeFileSync(path, code);
  }
}
