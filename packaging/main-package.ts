/**
 * `nervous-system`: the embedded engine, the client, the command line and the test system as a few ES modules. What several of
 * them need stands in shared chunks in the same folder, so that a thread's script is found beside whoever starts it.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { COMPILED, ROOT } from './paths.ts';
import { shortenNames } from './short-names.ts';
import { rollUpTypes } from './types.ts';

/** What can be imported: `nervous-system`, and the others by `nervous-system/<name>`, where a hyphen stands for a slash. */
const MODULES = ['index', 'config', 'engine', 'sdk', 'outbox-postgres', 'outbox-dynamodb', 'testing'] as const;
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

/** @param out the folder that becomes the package's `dist` @returns packages of others whose code is in it */
export async function bundleMainPackage(out: string): Promise<readonly string[]> {
  await bundleModules(out);
  const bundled = await bundleForBrowsers(join(out, 'browser'));
  await rollUpTypes(
    Object.fromEntries(MODULES.map((name) => [name, join(COMPILED, 'packages/nervous-system', `${name}.d.ts`)])),
    out,
  );
  return bundled;
}

/** What runs of it on Node, which takes seconds where the types take a minute. */
export async function bundleModules(out: string): Promise<void> {
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
    ...{ minifyWhitespace: true, minifySyntax: true },
    legalComments: 'none',
    logLevel: 'error',
    plugins: [allInOneFolder],
  });
  shortenNames(out);
}

/** What of Node the client uses → what does it in a browser. */
const SHIMS: Readonly<Record<string, string>> = {
  'node:crypto': join(ROOT, 'packages/nervous-system/browser/crypto.ts'),
  'node:timers/promises': join(ROOT, 'packages/nervous-system/browser/timers.ts'),
};

async function bundleForBrowsers(out: string): Promise<readonly string[]> {
  const { metafile } = await build({
    ...{ entryPoints: [join(ROOT, 'packages/nervous-system/browser/sdk.ts')], outdir: out, alias: SHIMS },
    ...{ bundle: true, format: 'esm', platform: 'browser', target: 'es2023', treeShaking: true, metafile: true },
    ...{ minify: true, charset: 'utf8', legalComments: 'none', logLevel: 'error' }, // as bundlers of sites do it
  });
  const names = othersIn(metafile);
  await writeFile(join(out, 'THIRD-PARTY-LICENSES.txt'), await licencesOf(names));
  return names;
}

/** Packages that others wrote and that are in the bundle. */
function othersIn({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const used = inputs.flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : []));
  return [...new Set(used.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []))].sort();
}

interface Bundled {
  readonly version: string;
  readonly license: string;
  readonly author: string | { readonly name: string };
}

/** What others wrote, each with its licence, which asks to be carried along. */
async function licencesOf(names: readonly string[]): Promise<string> {
  const texts = names.map(async (name) => {
    const folder = join(ROOT, 'node_modules', name);
    const { version, license, author } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Bundled;
    const said = `${license}, © ${typeof author === 'string' ? author.split(' <')[0] : author.name}\n`;
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${version}\n\n${file === undefined ? said : await readFile(join(folder, file), 'utf8')}`;
  });
  return (await Promise.all(texts)).join('\n\n');
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
  if (file.endsWith('/')) return `./${basename(file)}/`;
  return file.endsWith('package.json') ? '../package.json' : `./${basename(file, '.ts')}.js`;
}
