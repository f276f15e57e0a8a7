/**
 * `npm run build:console`: the console as the files that engines serve, into `dist/console`. Names hold the hash of the bytes, so the same
 * sources make the same files, and browsers may keep them. Nothing is loaded from elsewhere, now or when the page runs.
 */
import { hash } from 'node:crypto';
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
/** Hex, of a file's name. */
const DIGITS = 16;
/** Their licences ask to be carried along with their code. */
const BUNDLED = ['preact', '@noble/hashes'];

export async function buildConsole(out = OUT): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const { outputFiles } = await build({
    ...{ entryPoints: [join(import.meta.dirname, 'src/main.tsx'), join(import.meta.dirname, 'src/style.css')] },
    ...{ outdir: out, entryNames: '[name]', absWorkingDir: ROOT, alias: SHIMS, write: false },
    ...{ bundle: true, format: 'esm', platform: 'browser', target: 'es2024', minify: true, charset: 'utf8' },
    ...{ jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none', logLevel: 'error' },
  });
  const named = (ending: string): string => {
    const made = outputFiles.find(({ path }) => path.endsWith(ending));
    if (made === undefined) throw new Error(`the build made no *${ending}`);
    // The bundler's own hash holds the paths of what it read, too, so that the same bytes had other names elsewhere.
    const digest = hash('sha256', made.contents, 'hex').slice(0, DIGITS);
    const name = `${basename(made.path, ending)}-${digest}${ending}`;
    writeFileSync(join(out, name), made.contents);
    return name;
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
