/**
 * W3, W8, W12: a system with the settings of prod: deployed after two attempts that failed, with a topic domain taken away,
 * destroyed once its protection was taken off, and deployed again beside what is kept.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListEventBusesCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { credit } from '../scenarios/publishing.ts';
import { freshAccount, type SampleClient } from '../scenarios/fixture.ts';
import { deploy, destroy, type CdkOptions, type StackOutputs } from './cdk.ts';
import { again, clientOf, deployed, output } from './support/deployed.ts';

const PATIENCE_MS = 600_000;
const NAME = `prod${randomUUID().slice(0, 6)}`;
const STACKS = ['LedgerStack', 'BusStack', 'WorkflowStack', 'ApiStack', 'MonitoringStack'];
/** Queues that go with their stack: what they hold is made again, or was told already. */
const WITHOUT_WORTH = new RegExp(`^${NAME}-(wake|delivery)(-dlq)?$|^${NAME}-undelivered$`);
const runDir = mkdtempSync(join(tmpdir(), 'nervous-prod-'));
afterAll(() => rmSync(runDir, { recursive: true, force: true }));

const cloudFormation = new CloudFormationClient();
/** Of the sample: nothing but `module.activated` is on this bus. */
const REMOVED = 'module';

// What prod keeps it keeps for a year: not in somebody's account.
describe.runIf(deployed().kind === 'emulator')('a system of stage prod', () => {
  const { issuer, audience } = deployed().issuer;
  const context = { name: NAME, stage: 'prod', issuer, audience };
  const options = (more: Partial<CdkOptions> = {}): CdkOptions => ({ ...again(), runDir, context, ...more });
  const as = (outputs: StackOutputs, principal: string): SampleClient =>
    clientOf(Object.values(outputs).find(({ ApiId }) => ApiId !== undefined)?.['ApiId'] ?? 'none', principal);
  let first: StackOutputs;

  it.each(['LedgerStack', 'WorkflowStack'])(
    'W3: whose %s cannot be made leaves nothing in the way of the next attempt',
    async (stack) => {
      const app = `node ${join(import.meta.dirname, 'failing-app.ts')}`;
      const environment = { FAIL_IN: stack, TAKEN_BUS: output('IngressBusName') };
      await expect(deploy(options({ app, environment }))).rejects.toThrow(/^cdk deploy failed/);
      await unprotect([stack]); // the CDK protects a stack before it makes it
    },
    PATIENCE_MS,
  );

  it(
    'W3: is then deployed, and works',
    async () => {
      first = await deploy(options());
      const account = freshAccount();
      expect(await as(first, 'bank-feed').publish(credit(account, '1.00'))).toMatchObject({
        status: 'accepted',
        seq: 0,
      });
      expect(await as(first, 'eva').verifyAll()).toMatchObject({ verdict: 'OK' });
    },
    PATIENCE_MS,
  );

  it(
    'W10: loses the bus of a domain that is taken away, with the rules of subscriptions on it',
    async () => {
      const module = as(first, 'reporting');
      await (await module.subscribe({ id: 'on-every-bus', topics: ['*'] }, () => {})).stop();
      expect(await rulesOf(REMOVED)).toHaveLength(1);
      expect(await deploy(options({ context: { ...context, config: configWithout(REMOVED) } }))).toEqual(first);
      expect(await busesOf()).not.toContain(`${NAME}-${REMOVED}`);
      expect(await rulesOf('transactions')).toHaveLength(1);
    },
    PATIENCE_MS,
  );

  it(
    'W8: refuses to be destroyed',
    async () => {
      await expect(destroy(options())).rejects.toThrow(/^cdk destroy failed/);
      expect(await as(first, 'eva').verifyAll()).toMatchObject({ verdict: 'OK' });
    },
    PATIENCE_MS,
  );

  it(
    'W3: destroyed all the same, keeps tables and queues, lets its machine go, and is deployed again beside them',
    async () => {
      await unprotect(STACKS);
      const before = await kept();
      await destroy(options());
      expect(await kept()).toEqual({
        ...before,
        queues: before.queues.filter((name) => !WITHOUT_WORTH.test(name)),
        machines: [],
      });
      const second = await deploy(options());
      expect(await as(second, 'bank-feed').publish(credit(freshAccount(), '1.00'))).toMatchObject({ seq: 0 });
    },
    PATIENCE_MS,
  );
});

async function unprotect(stacks: readonly string[]): Promise<void> {
  for (const stack of stacks)
    await cloudFormation.send(
      new UpdateTerminationProtectionCommand({ StackName: `${NAME}-${stack}`, EnableTerminationProtection: false }),
    );
}

async function rulesOf(domain: string): Promise<string[]> {
  const { Rules } = await new EventBridgeClient().send(new ListRulesCommand({ EventBusName: `${NAME}-${domain}` }));
  return (Rules ?? []).flatMap(({ Name }) => (Name?.startsWith(`${NAME}-sub-`) === true ? [Name] : []));
}

async function busesOf(): Promise<string[]> {
  const { EventBuses } = await new EventBridgeClient().send(new ListEventBusesCommand({ NamePrefix: NAME }));
  return (EventBuses ?? []).flatMap(({ Name }) => Name ?? []);
}

async function kept(): Promise<{ tables: string[]; queues: string[]; machines: string[] }> {
  const [{ TableNames }, { QueueUrls }, { stateMachines }] = await Promise.all([
    new DynamoDBClient().send(new ListTablesCommand({})),
    new SQSClient({ useQueueUrlAsEndpoint: false }).send(new ListQueuesCommand({ QueueNamePrefix: NAME })),
    new SFNClient().send(new ListStateMachinesCommand({})),
  ]);
  const ours = (names: readonly (string | undefined)[]): string[] =>
    names.filter((name): name is string => name?.startsWith(NAME) === true).sort();
  return {
    tables: ours(TableNames ?? []),
    queues: ours((QueueUrls ?? []).map((url) => url.split('/').at(-1))),
    machines: ours((stateMachines ?? []).map(({ name }) => name)),
  };
}

/** The sample without the topics of a domain, and without a word of them in anybody's rights. */
function configWithout(domain: string): string {
  const root = JSON.stringify(join(import.meta.dirname, '..', '..')).slice(1, -1);
  const file = join(runDir, 'without.config.ts');
  writeFileSync(
    file,
    `import { defineConfig } from '${root}/core/system/index.ts';
     import { config as sample } from '${root}/nervous.config.ts';
     const without = (names) => names.filter((name) => !name.startsWith('${domain}.'));
     const topics = Object.fromEntries(Object.entries(sample.topics).filter(([name]) => !name.startsWith('${domain}.')));
     const modules = Object.fromEntries(
       Object.entries(sample.modules).map(([id, rights]) => [
         id, { ...rights, publishes: without(rights.publishes), subscribes: without(rights.subscribes) },
       ]),
     );
     export const config = defineConfig({ ...sample, topics, modules });`,
  );
  return file;
}
