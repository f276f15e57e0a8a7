/**
 * How a Lambda is bundled: one ES module with the SDK inside, so that what runs is what was tested. The same options serve
 * deployment, the test of the sizes and the measurement of cold starts.
 */
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { contractConstants } from './contract.ts';
import { withoutJsonSchema } from './without-json-schema.ts';

/** 600 KiB minified; a function loads faster the less it holds. */
export const MAX_BUNDLE_BYTES = 614_400;

/** Bundled CommonJS asks for `require`, which an ES module does not have. */
const REQUIRE =
  "import{createRequire as nervousCreateRequire}from'node:module';const require=nervousCreateRequire(import.meta.url);";

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** `.ts` in the sources, `.js` in the package that is made of them. */
export const EXTENSION = extname(import.meta.url);
export const LAMBDAS_FOLDER = join(ROOT, 'lambdas');
/** A part of the SDK that a function does not need, and what stands in for it. */
const ours = (name: string): string => join(ROOT, 'adapters/aws/bundling', `${name}${EXTENSION}`);

const ONE_MODULE = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  charset: 'utf8',
  mainFields: ['module', 'main'],
  banner: { js: REQUIRE },
  logLevel: 'error',
} satisfies BuildOptions;

/** @param configFile absolute path of the nervous.config.ts that goes into the bundle */
export function bundleOptions(entry: string, configFile: string): BuildOptions {
  return {
    entryPoints: [entry],
    define: contractConstants(),
    alias: {
      '#config': configFile,
      'nervous-system/config': join(ROOT, `core/system/index${EXTENSION}`),
      // A function has its credentials in the environment; the other ways to get some are 100 KB of SDK.
      '@aws-sdk/credential-provider-node': ours('function-credentials'),
      '@smithy/core/event-streams': ours('no-event-streams'),
      '@aws-sdk/endpoint-cache': ours('no-endpoint-cache'),
      '@smithy/core/checksum': ours('native-checksums'),
    },
    nodePaths: createRequire(import.meta.url).resolve.paths('zod') ?? [], // for a configuration that has none beside it
    plugins: [withoutJsonSchema],
    ...ONE_MODULE,
  };
}

/** Code of somebody else: with whatever it imports as it is. */
export function executorBundleOptions(entry: string): BuildOptions {
  return { entryPoints: [entry], ...ONE_MODULE };
}
