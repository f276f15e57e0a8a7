/**
 * `nervous-system-aws`: the constructs, and the functions as the compiler left them, but for comments. They are bundled when the user's app is
 * synthesised, with the user's configuration inside; so each module stays a file of its own, of which a bundle takes what it needs.
 */
import { globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { COMPILED } from './paths.ts';
import { rollUpTypes } from './types.ts';

const ENTRIES = ['index', 'executor'];
const compiled = (name: string): string => `packages/nervous-system-aws/${name}`;
/** What is looked up by its path when the user's app is synthesised: the functions, and what goes into their bundles. */
const LOOKED_UP = [
  'lambdas/*/handler.js',
  'adapters/aws/bundling/*.js',
  'lib/functions/bundle-functions.js',
  'core/system/index.js',
];

/** @param out the folder that becomes the package's `dist` */
export async function copyAwsPackage(out: string): Promise<void> {
  const entries = [...ENTRIES.map((name) => `${compiled(name)}.js`), ...globSync(LOOKED_UP, { cwd: COMPILED })];
  for (const file of await modulesOf(entries)) await copyWithoutComments(join(COMPILED, file), join(out, file));
  const types = ENTRIES.map((name) => [name, join(COMPILED, `${compiled(name)}.d.ts`)]);
  await rollUpTypes(Object.fromEntries(types) as Record<string, string>, out, fromMainPackage);
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

/** A fifth of the tarball is comments, which no bundle has. Lines stay lines and names stay names, for stack traces. */
async function copyWithoutComments(from: string, to: string): Promise<void> {
  const { outputText } = ts.transpileModule(await readFile(from, 'utf8'), { compilerOptions: WITHOUT_COMMENTS });
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, outputText);
}

const WITHOUT_COMMENTS: ts.CompilerOptions = {
  ...{ removeComments: true, newLine: ts.NewLineKind.LineFeed },
  ...{ target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
};

/** A configuration is one of the package that made it: its type must not exist twice. */
function fromMainPackage(path: string): string | undefined {
  return relative(COMPILED, path).split(sep).join('/') === 'core/system/index.d.ts'
    ? 'nervous-system/config'
    : undefined;
}
