/**
 * `npm create nervous-system -- --aws`: a CDK app of a stranger, with the stranger's configuration and executor, synthesised, deployed,
 * and used: what people approve, the stranger's own Lambda function carries out.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../aws/emulator.ts';
import { startOidcIssuer, tokenOf, type OidcIssuer } from '../aws/support/oidc-issuer.ts';
import { eventually } from '../support/eventually.ts';
import { emptyFolder, figure, must, run } from './stranger.ts';

const CACHE = join(import.meta.dirname, '../../.cache/aws');
/** Of a Lambda function's code, in the design: 600 KiB. */
const MAX_BUNDLE_BYTES = 614_400;
const REGION = 'us-east-1';
const QUIET = ['--no-notices', '--no-version-reporting', '--no-color'];

let folder = '';
let emulator: Emulator;
let issuer: OidcIssuer;
beforeAll(async () => {
  const outside = emptyFolder('aws');
  await must(['npm', 'create', '-y', 'nervous-system', 'my-aws', '--', '--aws'], { cwd: outside });
  folder = join(outside, 'my-aws');
  const runDir = join(outside, 'emulator');
  mkdirSync(runDir);
  emulator = await startEmulator({ cacheDir: CACHE, runDir });
  issuer = await startOidcIssuer();
});
afterAll(async () => {
  await emulator.stop();
  await issuer.close();
});

const aws = (): Record<string, string> => ({
  AWS_ENDPOINT_URL: emulator.endpoint,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  CDK_DISABLE_CLI_TELEMETRY: 'true',
});

it('passes its own tests and types', async () => {
  await must(['npm', 'run', 'check'], { cwd: folder });
  await must(['npm', 'test'], { cwd: folder });
});

it("synthesises five stacks and the executor's, with the folder's own configuration in every function", async () => {
  await must(['npx', 'cdk', 'synth', '--quiet', ...QUIET], { cwd: folder });
  expect(globSync('cdk.out/*.template.json', { cwd: folder })).toHaveLength(6);
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

it("has an executor that keeps what the ledger counts on, in DynamoDB's transactions too", async () => {
  writeFileSync(join(folder, 'subject.ts'), SUBJECT);
  const said = await must(['npx', 'nervous', 'executor', 'test', 'subject.ts'], { cwd: folder, env: aws() });
  expect(said).toContain('one grant, one effect');
});

it('deploys all stacks to the emulator, where what people approve is done by the executor, once, and verifies', async () => {
  const { issuer: url, audience } = issuer.key;
  const app = join(folder, 'bin/app.ts');
  // What the emulator does not know is left out, as in test/aws; and people come with tokens.
  const changed = readFileSync(app, 'utf8')
    .replace("stage: 'dev',", "stage: 'dev',\n  emulated: true,")
    .replace('jwt: undefined', `jwt: ${JSON.stringify({ issuer: url, audience: [audience] })}`);
  writeFileSync(app, changed);
  const options = { cwd: folder, env: aws() };
  await must(['npx', 'cdk', 'bootstrap', ...QUIET], options);
  const began = performance.now();
  await must(
    ['npx', 'cdk', 'deploy', '--all', '--require-approval', 'never', '--outputs-file', 'outputs.json', ...QUIET],
    options,
  );
  figure('a foreign app deploys to the emulator', `${((performance.now() - began) / 1000).toFixed(1)} s`);
  const outputs = JSON.parse(readFileSync(join(folder, 'outputs.json'), 'utf8')) as Record<string, { ApiId?: string }>;
  await tellStory(`${emulator.endpoint}/_aws/execute-api/${String(outputs['nervous-ApiStack']?.ApiId)}/$default`);
});

/** publish → propose → approve by two → carried out by the stranger's function → verified, with the command line that the folder has. */
async function tellStory(api: string): Promise<void> {
  const nervous = async (principal: string, ...args: string[]): Promise<string> => {
    const env = { NERVOUS_URL: api, NERVOUS_TOKEN: await tokenOf(issuer.key, principal) };
    return must(['npx', 'nervous', ...args], { cwd: folder, env });
  };
  await nervous('shop', 'publish', 'orders.placed', '--entity', 'customer:1', '--payload', '{"cents":2599}');
  const proposed = await nervous('helpdesk-bot', 'propose', 'changes/refund.json');
  const id = proposed.split(/\s/)[0] ?? '';
  await nervous('paul', 'approve', id, '--yes');
  expect(await paid()).toEqual([]);
  await nervous('rita', 'approve', id, '--yes');
  await eventually(async () => expect(await nervous('axel', 'show', id)).toContain('executed'), 300_000);
  expect(await paid()).toEqual([{ id: { S: 'order#order-1' }, held: { N: '500' } }]);
  expect(await nervous('axel', 'verify', 'full')).toContain('OK');
}

/** What the executor's table holds of orders. */
async function paid(): Promise<unknown[]> {
  const client = new DynamoDBClient({
    ...{ endpoint: emulator.endpoint, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
  });
  const { TableNames = [] } = await client.send(new ListTablesCommand());
  const table = TableNames.find((name) => name.startsWith('Refunds-'));
  const { Items = [] } = await client.send(new ScanCommand({ TableName: String(table) }));
  return Items.filter(({ id }) => id?.S?.startsWith('order#') === true);
}

const SUBJECT = `
import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { ExecutorSubject } from 'nervous-system/sdk';
import { REFUNDS } from './refund-input.ts';
import { RefundsTable } from './refunds-table.ts';

const client = new DynamoDBClient();

export const subject: ExecutorSubject = {
  ...REFUNDS,
  inputs: [{ order: 'order-1', cents: 500 }, { order: 'order-1', cents: 70 }],
  invalidInputs: [{ order: 'order-1', cents: -1 }, { order: 'order-1' }, null],
  open: async ({ rootKeys, now }) => {
    const TableName = 'kit-' + randomUUID();
    await client.send(new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }));
    const open = () => new RefundsTable(TableName, rootKeys, now).executor;
    const observe = async () => {
      const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
      return Object.fromEntries(
        Items.filter(({ id, held }) => id?.S?.startsWith('order#') && held?.N !== '0').map(({ id, held }) => [id.S, held.N]).sort(),
      );
    };
    return { executor: open(), observe, restart: open };
  },
};
`;
