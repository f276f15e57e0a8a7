/**
 * `nervous-system`: the embedded engine, the client, the command line and the test system as a few ES modules. What several of
 * them need stands in shared chunks in the same folder, so that a thread's script is found beside whoever starts it.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { COMPILED, ROOT } from './paths.ts';
import { rollUpTypes } from './types.ts';

/** What can be imported: `nervous-system`, and the others by `nervous-system/<name>`. */
const MODULES = ['index', 'config', 'engine', 'sdk', 'testing'] as const;
/** What Node is given a file's place of: the command line, and the scripts of threads. */
const SCRIPTS = [
  'clients/cli/main.ts',
  'adapters/embedded/audit/audit-thread.ts',
  'adapters/embedded/audit/entity-thread.ts',
  'adapters/embedded/audit/replay-worker.ts',
  'adapters/embedded/audit/verify-worker.ts',
  'adapters/embedded/export/export-worker.ts',
  'adapters/embedded/keys/sealing-worker.ts',
  'adapters/embedded/store/writing-worker.ts',
] as const;

/** @param out the folder that becomes the package's `dist` */
export async function bundleMainPackage(out: string): Promise<void> {
  const entries = [...MODULES.map((name) => `packages/nervous-system/${name}.ts`), ...SCRIPTS];
  await build({
    entryPoints: Object.fromEntries(entries.map((path) => [basename(path, '.ts'), join(ROOT, path)])),
    outdir: out,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    packages: 'external',
    charset: 'utf8',
    ...{ minifyWhitespace: true, minifySyntax: true }, // names stay: a stack trace has to be read
    legalComments: 'none',
    logLevel: 'error',
    plugins: [allInOneFolder],
  });
  await bundleForBrowsers(join(out, 'browser'));
  await rollUpTypes(
    Object.fromEntries(MODULES.map((name) => [name, join(COMPILED, 'packages/nervous-system', `${name}.d.ts`)])),
    out,
  );
}

/** What of Node the client uses → what does it in a browser. */
const SHIMS: Readonly<Record<string, string>> = {
  'node:crypto': join(ROOT, 'packages/nervous-system/browser/crypto.ts'),
  'node:timers/promises': join(ROOT, 'packages/nervous-system/browser/timers.ts'),
};

async function bundleForBrowsers(out: string): Promise<void> {
  await build({
    ...{ entryPoints: [join(ROOT, 'packages/nervous-system/browser/sdk.ts')], outdir: out, alias: SHIMS },
    ...{ bundle: true, format: 'esm', platform: 'browser', target: 'es2023', treeShaking: true },
    ...{ minifyWhitespace: true, minifySyntax: true, charset: 'utf8', legalComments: 'none', logLevel: 'error' },
  });
}

/** In the sources `new URL('./x.ts', import.meta.url)` is a file beside them; in the package all of them are in one folder. */
const FILE_URL = /new URL\('([^']+)', import\.meta\.url\)/g;
const allInOneFolder: Plugin = {
  name: 'all-in-one-folder',
  setup: (build) => {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replace(FILE_URL, (_, file: string) => `new URL('${placed(file)}', import.meta.url)`);
      return { contents, loader: 'ts' };
    });
  },
};

function placed(file: string): string {
  return file.endsWith('package.json') ? '../package.json' : `./${basename(file, '.ts')}.js`;
}
