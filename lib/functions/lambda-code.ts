/**
 * The bundle of one Lambda, ours or an app's, made by esbuild on this machine: no Docker, no network, the same bytes from the same sources,
 * so that the asset's hash changes only when the function does.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { executorBundleOptions, EXTENSION, LAMBDAS_FOLDER } from './bundling.ts';

const PROGRAM = fileURLToPath(new URL(`bundle-functions${EXTENSION}`, import.meta.url));
/** By the configuration inside: its path, and when it was written. */
const bundles = new Map<string, string>();

export function lambdaCode(name: string, configFile: string): Code {
  return bundled(join(LAMBDAS_FOLDER, name), (file) =>
    copyFileSync(join(bundlesWith(configFile), `${name}.mjs`), file),
  );
}

/** @param entry absolute path of a module of the app */
export function executorCode(entry: string): Code {
  return bundled(dirname(entry), (outfile) => buildSync({ ...executorBundleOptions(entry), outfile }));
}

/** @returns the folder of all functions' bundles, which this process makes once and takes with it */
function bundlesWith(configFile: string): string {
  const key = `${configFile} ${statSync(configFile).mtimeMs}`;
  const known = bundles.get(key);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'nervous-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  execFileSync(process.execPath, [PROGRAM, configFile, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  bundles.set(key, folder);
  return folder;
}

/** @param write makes the module in this file */
function bundled(folder: string, write: (file: string) => unknown): Code {
  return Code.fromAsset(folder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      local: {
        tryBundle: (directory) => {
          write(join(directory, 'index.mjs'));
          return true;
        },
      },
    },
  });
}
