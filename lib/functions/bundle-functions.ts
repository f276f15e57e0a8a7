/**
 * Bundles every function at once: a program, because the constructs are made synchronously and the bundler takes plugins only
 * when it need not answer at once. One run parses what the functions share once.
 *
 * `node bundle-functions.ts <configuration> <folder>` writes `<folder>/<function>.mjs`.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions, EXTENSION, LAMBDAS_FOLDER } from './bundling.ts';

const [configFile, folder] = process.argv.slice(2);
if (configFile === undefined || folder === undefined) throw new Error('say <configuration> <folder>');

const handlers = readdirSync(LAMBDAS_FOLDER)
  .filter((name) => !name.startsWith('_'))
  .map((name) => ({ in: join(LAMBDAS_FOLDER, name, `handler${EXTENSION}`), out: name }));

await build({
  ...bundleOptions('', configFile),
  ...{ entryPoints: handlers, outdir: folder, outExtension: { '.js': '.mjs' } },
});
