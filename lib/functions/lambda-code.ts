/**
 * The bundle of one Lambda, made by esbuild in this process: no Docker, no network, the same bytes from the same sources,
 * so that the asset's hash changes only when the function does.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { bundleOptions, EXTENSION } from './bundling.ts';

const LAMBDAS = fileURLToPath(new URL('../../lambdas', import.meta.url));

export function lambdaCode(name: string, configFile: string): Code {
  const folder = join(LAMBDAS, name);
  return Code.fromAsset(folder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      local: {
        tryBundle: (directory) => {
          buildSync({
            ...bundleOptions(join(folder, `handler${EXTENSION}`), configFile),
            outfile: join(directory, 'index.mjs'),
          });
          return true;
        },
      },
    },
  });
}
