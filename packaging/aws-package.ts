/**
 * `nervous-system-aws`: the constructs, and the functions as the compiler left them. They are bundled when the user's app is
 * synthesised, with the user's configuration inside; so each module stays a file of its own, of which a bundle takes what it needs.
 */
import { cpSync, globSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { COMPILED } from './paths.ts';
import { rollUpTypes } from './types.ts';

const ENTRY = 'packages/nervous-system-aws/index.js';
/** What is looked up by its path when the user's app is synthesised: the functions, and what goes into their bundles. */
const LOOKED_UP = ['lambdas/*/handler.js', 'adapters/aws/bundling/*.js', 'core/system/index.js'];

/** @param out the folder that becomes the package's `dist` */
export async function copyAwsPackage(out: string): Promise<void> {
  for (const file of await modulesOf([ENTRY, ...globSync(LOOKED_UP, { cwd: COMPILED })]))
    cpSync(join(COMPILED, file), join(out, file));
  const types = join(COMPILED, 'packages/nervous-system-aws/index.d.ts');
  await rollUpTypes({ index: types }, out, fromMainPackage);
}

/** The entries and whatever they import, so that nothing is missing and nothing idle. */
async function modulesOf(entryPoints: readonly string[]): Promise<string[]> {
  const { metafile } = await build({
    ...{ entryPoints: [...entryPoints], absWorkingDir: COMPILED, outdir: COMPILED, write: false, metafile: true },
    ...{
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      external: ['#config'],
      logLevel: 'error',
    },
  });
  return Object.keys(metafile.inputs).sort();
}

/** A configuration is one of the package that made it: its type must not exist twice. */
function fromMainPackage(path: string): string | undefined {
  return relative(COMPILED, path).split(sep).join('/') === 'core/system/index.d.ts'
    ? 'nervous-system/config'
    : undefined;
}
