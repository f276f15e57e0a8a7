/**
 * The bundle of one Lambda, ours or an app's, made by esbuild in this process: no Docker, no network, the same bytes from the same sources,
 * so that the asset's hash changes only when the function does.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync, type BuildOptions } from 'esbuild';
import { bundleOptions, executorBundleOptions, EXTENSION } from './bundling.ts';

const LAMBDAS = fileURLToPath(new URL('../../lambdas', import.meta.url));

export function lambdaCode(name: string, configFile: string): Code {
  const folder = join(LAMBDAS, name);
  return bundled(folder, bundleOptions(join(folder, `handler${EXTENSION}`), configFile));
}

/** @param entry absolute path of a module of the app */
export function executorCode(entry: string): Code {
  return bundled(dirname(entry), executorBundleOptions(entry));
}

function bundled(folder: string, options: BuildOptions): Code {
  return Code.fromAsset(folder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      local: {
        tryBundle: (directory) => {
          buildSync({ ...options, outfile: join(directory, 'index.mjs') });
          return true;
        },
      },
    },
  });
}
