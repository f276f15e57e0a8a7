/** A second system in the same account: deployed, deployed again with another configuration, destroyed. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListEventBusesCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { credit } from '../scenarios/publishing.ts';
import { freshAccount, type SampleClient } from '../scenarios/fixture.ts';
import { deploy, destroy, type CdkOptions, type StackOutputs } from './cdk.ts';
import { again, clientOf, deployed } from './support/deployed.ts';

/** Two deployments and a destruction of everything. */
const PATIENCE_MS = 600_000;
const NAME = `again${randomUUID().slice(0, 6)}`;
const runDir = mkdtempSync(join(tmpdir(), 'nervous-lifecycle-'));
afterAll(() => rmSync(runDir, { recursive: true, force: true }));

describe.skipIf(deployed().kind === 'account')('a system', () => {
  const { issuer, audience } = deployed().issuer;
  const context = { name: NAME, stage: 'dev', issuer, audience };
  const options = (more: Record<string, string> = {}): CdkOptions => ({
    ...again(),
    runDir,
    context: { ...context, ...more },
  });
  const as = (outputs: StackOutputs, principal: string): SampleClient => {
    const api = Object.values(outputs).find(({ ApiId }) => ApiId !== undefined)?.['ApiId'];
    return clientOf(api ?? 'none', principal);
  };

  it(
    'keeps all data when it is deployed again with another configuration',
    async () => {
      const before = await deploy(options());
      const account = freshAccount();
      const event = credit(account, '1.00');
      const first = await as(before, 'bank-feed').publish(event);
      const logout = { topic: 'user.logout', entityId: account, payload: { method: 'sso' } } as never;
      await expect(as(before, 'agent-layer').publish(logout)).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });

      const after = await deploy(options({ config: configWithLogout() }));
      expect(after).toEqual(before);
      expect(await as(after, 'bank-feed').publish(event)).toEqual({ ...first, status: 'duplicate' });
      expect(await as(after, 'agent-layer').publish(logout)).toMatchObject({ status: 'accepted', seq: 1 });
      expect(await as(after, 'eva').verifyAll()).toMatchObject({ verdict: 'OK' });
      const module = as(after, 'budget-engine'); // queues and rules that no stack knows
      await (await module.subscribe({ id: 'left-behind', topics: ['transactions.*'] }, () => {})).stop();
      expect(await whatIsThere()).toContainEqual(expect.stringMatching(/-sub-/));
    },
    PATIENCE_MS,
  );

  it(
    'leaves nothing behind when a disposable stage is destroyed',
    async () => {
      expect(await whatIsThere()).not.toEqual([]);
      await destroy(options());
      expect(await whatIsThere()).toEqual([]);
    },
    PATIENCE_MS,
  );
});

/** The sample with one more topic. */
function configWithLogout(): string {
  const root = JSON.stringify(join(import.meta.dirname, '..', '..')).slice(1, -1);
  const file = join(runDir, 'other.config.ts');
  writeFileSync(
    file,
    `import { defineConfig } from '${root}/core/system/index.ts';
     import { config as sample } from '${root}/nervous.config.ts';
     const layer = sample.modules['agent-layer'];
     export const config = defineConfig({
       ...sample,
       topics: { ...sample.topics, 'user.logout': sample.topics['user.login'] },
       modules: { ...sample.modules, 'agent-layer': { ...layer, publishes: [...layer.publishes, 'user.logout'] } },
     });`,
  );
  return file;
}

/** Everything of that name that holds data, runs or costs. Keys wait for their deletion, as KMS demands. */
async function whatIsThere(): Promise<string[]> {
  const [tables, queues, functions, buses, machines, buckets, stacks] = await Promise.all([
    new DynamoDBClient().send(new ListTablesCommand({})),
    new SQSClient({ useQueueUrlAsEndpoint: false }).send(new ListQueuesCommand({ QueueNamePrefix: NAME })),
    new LambdaClient().send(new ListFunctionsCommand({})),
    new EventBridgeClient().send(new ListEventBusesCommand({ NamePrefix: NAME })),
    new SFNClient().send(new ListStateMachinesCommand({})),
    new S3Client({ forcePathStyle: true }).send(new ListBucketsCommand({})),
    new CloudFormationClient().send(new ListStacksCommand({})),
  ]);
  const alive = stacks.StackSummaries?.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
  const names = [
    ...(tables.TableNames ?? []),
    ...(queues.QueueUrls ?? []).map((url) => url.split('/').at(-1)),
    ...(functions.Functions ?? []).map(({ FunctionName }) => FunctionName),
    ...(buses.EventBuses ?? []).map(({ Name }) => Name),
    ...(machines.stateMachines ?? []).map(({ name }) => name),
    ...(buckets.Buckets ?? []).map(({ Name }) => Name),
    ...(alive ?? []).map(({ StackName }) => StackName),
  ];
  return names.filter((name) => name?.startsWith(NAME) === true) as string[];
}
