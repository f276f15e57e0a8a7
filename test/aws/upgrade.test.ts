/**
 * The stacks of the last release with its own functions, written through, then updated in place to those of today: what was recorded is there
 * and verifies, what was waiting for people goes on, and the sweeper brings the store up to date.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, expect, it } from 'vitest';
import type { ChangeView } from '../../core/changes/index.ts';
import { STORE_VERSION } from '../../core/system/index.ts';
import { config } from '../support/executor-config.ts';
import { freshAccount, inState, type Fixture, type SampleClient } from '../scenarios/fixture.ts';
import { credit } from '../scenarios/publishing.ts';
import { deploy, type CdkOptions, type StackOutputs } from './cdk.ts';
import { again, clientOf, deployed, requestWithToken } from './support/deployed.ts';
import { GOLDEN_NAME, unpackGolden } from './support/golden-assembly.ts';

/** Two deployments of everything. */
const PATIENCE_MS = 600_000;
const CONFIG = join(import.meta.dirname, '../support/executor-config.ts');
const scratch = mkdtempSync(join(tmpdir(), 'nervous-upgrade-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const { issuer, audience } = deployed().issuer;
const context = { name: GOLDEN_NAME, stage: 'dev', config: CONFIG, issuer, audience };

// A system of somebody's account may have that name.
it.runIf(deployed().kind === 'emulator')(
  'the last release is updated in place: nothing is lost, what waited is approved, the store is brought up to date, and all of it verifies',
  async () => {
    const options: CdkOptions = { ...again(), runDir: scratch };
    const before = await deploy({ ...options, app: unpackGolden(join(scratch, 'golden'), deployed().issuer) });
    const old = through(before);
    const account = freshAccount();
    const event = credit(account, '1.00');
    const first = await old.as('bank-feed').publish(event);
    const [waiting, done] = [await propose(old), await propose(old)];
    await old.as('boris').decide(done, 'approve');
    await inState(old, done.id, 'executed');
    await inState(old, waiting.id, 'pending');
    expect(await storeVersion(before)).toBeUndefined();

    const after = await deploy({ ...options, context });
    expect(stated(after)).toMatchObject(stated(before));
    const now = through(after);
    expect(await now.as('bank-feed').publish(event)).toEqual({ ...first, status: 'duplicate' });
    expect(await now.as('bank-feed').publish(credit(account, '2.00'))).toMatchObject({ status: 'accepted', seq: 1 });
    expect(await now.as('eva').changeSet(done.id)).toMatchObject({ state: 'executed' });
    await now.as('boris').decide(await now.as('eva').changeSet(waiting.id), 'approve');
    await inState(now, waiting.id, 'executed');

    await sweep();
    expect(await storeVersion(after)).toBe(STORE_VERSION);
    const { entries, ...report } = await now.as('eva').verifyAll();
    expect(report).toMatchObject({ verdict: 'OK' });
    expect(entries).toBeGreaterThan(10);
  },
  PATIENCE_MS,
);

/** One owner decides on it. */
async function propose(fixture: Fixture): Promise<ChangeView> {
  const { change } = await fixture.as('budget-bot').propose({
    ...{ entityId: freshAccount(), title: 'Set a limit', rationale: 'Regular income' },
    operations: [{ type: 'state.put', payload: { limit: '500.00' } }],
  });
  return change;
}

function through(outputs: StackOutputs): Fixture {
  const api = outputOf(outputs, 'ApiId');
  const as = (principal: string): SampleClient => clientOf(api, principal);
  return { engine: 'AWS', as, request: (...asked) => requestWithToken(api, ...asked) };
}

/** What people and tests read of it, but not what stacks ask of one another. */
function stated(outputs: StackOutputs): StackOutputs {
  const isStated = ([name]: [string, string]): boolean => !name.startsWith('ExportsOutput');
  const stacks = Object.entries(outputs).map(([stack, all]) => [
    stack,
    Object.fromEntries(Object.entries(all).filter(isStated)),
  ]);
  return Object.fromEntries(stacks) as StackOutputs;
}

function outputOf(outputs: StackOutputs, name: string): string {
  return Object.values(outputs).find((stack) => stack[name] !== undefined)?.[name] ?? 'none';
}

/** As the schedule does each minute. */
async function sweep(): Promise<void> {
  const FunctionName = `${GOLDEN_NAME}-outbox-sweeper`;
  const { FunctionError, Payload } = await new LambdaClient().send(new InvokeCommand({ FunctionName, Payload: '{}' }));
  expect({ FunctionError, said: Payload?.transformToString() }).toMatchObject({ FunctionError: undefined });
}

async function storeVersion(outputs: StackOutputs): Promise<number | undefined> {
  const { Item } = await new DynamoDBClient().send(
    new GetItemCommand({
      TableName: outputOf(outputs, 'StateTableName'),
      Key: { pk: { S: `${config.ledger}#store` }, sk: { S: 'version' } },
    }),
  );
  return Item === undefined ? undefined : (JSON.parse(Item['v']?.S ?? '{}') as { version?: number }).version;
}
