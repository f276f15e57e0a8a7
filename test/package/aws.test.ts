/** `npm create nervous-system -- --aws`: a CDK app of a stranger, with the stranger's configuration, synthesised and deployed. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../aws/emulator.ts';
import { emptyFolder, figure, must, run } from './stranger.ts';

const CACHE = join(import.meta.dirname, '../../.cache/aws');
/** Of a Lambda function's code, in the design: 600 KiB. */
const MAX_BUNDLE_BYTES = 614_400;
const QUIET = ['--no-notices', '--no-version-reporting', '--no-color'];

let folder = '';
let emulator: Emulator;
beforeAll(async () => {
  const outside = emptyFolder('aws');
  await must(['npm', 'create', '-y', 'nervous-system', 'my-aws', '--', '--aws'], { cwd: outside });
  folder = join(outside, 'my-aws');
  const runDir = join(outside, 'emulator');
  mkdirSync(runDir);
  emulator = await startEmulator({ cacheDir: CACHE, runDir });
});
afterAll(() => emulator.stop());

const aws = (): Record<string, string> => ({
  AWS_ENDPOINT_URL: emulator.endpoint,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  CDK_DISABLE_CLI_TELEMETRY: 'true',
});

it('passes its own tests and types', async () => {
  await must(['npm', 'run', 'check'], { cwd: folder });
  await must(['npm', 'test'], { cwd: folder });
});

it("synthesises five stacks, with the folder's own configuration in every function", async () => {
  await must(['npx', 'cdk', 'synth', '--quiet', ...QUIET], { cwd: folder });
  expect(globSync('cdk.out/*.template.json', { cwd: folder })).toHaveLength(5);
  const bundles = globSync('cdk.out/asset.*/index.mjs', { cwd: folder }).map((path) =>
    readFileSync(join(folder, path), 'utf8'),
  );
  const ours = bundles.filter((code) => code.includes('nervous'));
  expect(ours.length).toBeGreaterThan(10);
  expect(ours.filter((code) => code.includes('my-company.example/main')).length).toBeGreaterThan(10);
  const largest = Math.max(...bundles.map((code) => Buffer.byteLength(code)));
  figure('largest function of a foreign app', `${largest} bytes`);
  expect(largest).toBeLessThanOrEqual(MAX_BUNDLE_BYTES);
});

it('says it in a sentence when there is no configuration where the app runs', async () => {
  const cwd = emptyFolder('elsewhere');
  const ended = await run([process.execPath, join(folder, 'bin/app.ts')], { cwd });
  expect(ended.code).not.toBe(0);
  expect(ended.err).toContain(`there is no configuration at "${join(cwd, 'nervous.config.ts')}"`);
});

it('deploys all stacks to the emulator', async () => {
  const app = join(folder, 'bin/app.ts');
  // What the emulator does not know is left out, as in test/aws.
  writeFileSync(app, readFileSync(app, 'utf8').replace("stage: 'dev',", "stage: 'dev',\n  emulated: true,"));
  const options = { cwd: folder, env: aws() };
  await must(['npx', 'cdk', 'bootstrap', ...QUIET], options);
  const began = performance.now();
  await must(
    ['npx', 'cdk', 'deploy', '--all', '--require-approval', 'never', '--outputs-file', 'outputs.json', ...QUIET],
    options,
  );
  figure('a foreign app deploys to the emulator', `${((performance.now() - began) / 1000).toFixed(1)} s`);
  const outputs = JSON.parse(readFileSync(join(folder, 'outputs.json'), 'utf8')) as Record<string, object>;
  expect(Object.keys(outputs).sort()).toContain('nervous-ApiStack');
});
