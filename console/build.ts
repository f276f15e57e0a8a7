/**
 * `npm run build:console`: the console as the files that engines serve, into `dist/console`. Names hold the hash of the bytes, so the same
 * sources make the same files, and browsers may keep them. Nothing is loaded from elsewhere, now or when the page runs.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { scriptOptions } from '../test/support/script-options.ts';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist/console');
/** What of Node the client uses → what does it in a browser. */
const SHIMS = {
  'node:crypto': join(ROOT, 'packages/nervous-system/browser/crypto.ts'),
  'node:timers/promises': join(ROOT, 'packages/nervous-system/browser/timers.ts'),
};
/** Their licences ask to be carried along with their code. */
const BUNDLED = ['preact', '@noble/hashes'];

export async function buildConsole(out = OUT): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const { metafile } = await build({
    ...{ entryPoints: [join(import.meta.dirname, 'src/main.tsx'), join(import.meta.dirname, 'src/style.css')] },
    ...{ outdir: out, entryNames: '[name]-[hash]', absWorkingDir: ROOT, alias: SHIMS, metafile: true },
    ...{ bundle: true, format: 'esm', platform: 'browser', target: 'es2024', minify: true, charset: 'utf8' },
    ...{ jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none', logLevel: 'error' },
  });
  const named = (ending: string): string => {
    const path = Object.keys(metafile.outputs).find((one) => one.endsWith(ending));
    if (path === undefined) throw new Error(`the build made no *${ending}`);
    return basename(path);
  };
  const index = readFileSync(join(import.meta.dirname, 'index.html'), 'utf8');
  writeFileSync(join(out, 'index.html'), index.replace('STYLE', named('.css')).replace('SCRIPT', named('.js')));
  writeFileSync(join(out, 'THIRD-PARTY-LICENSES.txt'), BUNDLED.map(licenceOf).join('\n\n'));
}

function licenceOf(name: string): string {
  const folder = join(ROOT, 'node_modules', name);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string };
  return `${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8')}`;
}

if (import.meta.main) {
  scriptOptions('npm run build:console: builds the console into dist/console; takes no options', {});
  await buildConsole();
}
