/**
 * Events sent to a Lambda function by a deployed system that was given one: received, tried again, dead, redriven, and delivered
 * once more when the run that delivered it could not write that down.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionCall } from '../../adapters/aws/pushed/call-function.ts';
import { config } from '../../nervous.config.ts';
import { freshAccount, until } from '../scenarios/fixture.ts';
import { credit } from '../scenarios/publishing.ts';
import { deploy } from './cdk.ts';
import { again, clientOf, deployed, requestWithToken } from './support/deployed.ts';
import { serveFunction, type ServedFunction } from './support/served-function.ts';

const PATIENCE_MS = 600_000;
const NAME = `push${randomUUID().slice(0, 6)}`;
const OWNER = 'budget-engine';
const QUICK = { retry: { maxAttempts: 2, baseMs: 100, maxMs: 100 }, breaker: { failures: 100 } };
const runDir = mkdtempSync(join(tmpdir(), 'nervous-push-'));

describe.runIf(deployed().kind === 'emulator')('a function of the app', () => {
  const calls: FunctionCall[] = [];
  let answer: (call: FunctionCall) => unknown = () => null;
  let served: ServedFunction | undefined;
  let outputs: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    served = await serveFunction(`${NAME}-total`, async (event) => {
      const call = event as FunctionCall;
      calls.push(call);
      return (await answer(call)) ?? null;
    });
    const { issuer, audience } = deployed().issuer;
    const app = `node ${join(import.meta.dirname, 'pushing-app.ts')}`;
    const context = { name: NAME, stage: 'dev', issuer, audience };
    const environment = { FUNCTION_ARN: served.arn };
    const stacks = await deploy({ ...again(), runDir, app, context, environment });
    outputs = Object.fromEntries(Object.values(stacks).flatMap((stack) => Object.entries(stack)));
  }, PATIENCE_MS);
  afterAll(async () => {
    await served?.close();
    rmSync(runDir, { recursive: true, force: true });
  });

  const api = (): string => outputs['ApiId'] ?? 'none';
  const subscriptions = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) };
    const answered = await requestWithToken(api(), OWNER, `/v1/subscriptions${path}`, sent);
    return { ...((await answered.json()) as object), answered: answered.status };
  };
  const subscribe = async (id: string, account: string, more: object = {}): Promise<void> => {
    const filter = { detail: { entityId: [account] } };
    const target = { kind: 'function', name: 'total' };
    const made = await subscriptions('', { id, topics: ['transactions.*'], target, filter, ...QUICK, ...more });
    expect(made).toMatchObject({ answered: 201 });
  };
  const publish = (account: string): Promise<{ readonly eventId?: string }> =>
    clientOf(api(), 'bank-feed').publish(credit(account, '1.00'));
  const attempts = (account: string): number[] =>
    calls.filter(({ event }) => event.entityId === account).map(({ attempt }) => attempt);

  it('is refused by another name, and the answer lists the names', async () => {
    const target = { kind: 'function', name: 'nope' };
    const refused = await subscriptions('', { id: 'nope', topics: ['transactions.*'], target });
    expect(refused).toMatchObject({ answered: 400, detail: expect.stringMatching(/there are: total/) as string });
  });

  it('is called once with an event, and its place in the ledger', async () => {
    const account = freshAccount();
    await subscribe('received', account);
    await publish(account);
    await until('it is called', () => attempts(account).length > 0 || undefined);
    expect(calls.find(({ event }) => event.entityId === account)).toMatchObject({
      ...{ subscription: 'received', attempt: 1 },
      event: { topic: 'transactions.new', ledger: { entity: account, position: expect.any(Number) as number } },
    });
    expect(attempts(account)).toEqual([1]);
  });

  it('that throws is called again; then the event is a dead letter, and comes again when it is redriven', async () => {
    const account = freshAccount();
    answer = ({ event }) => {
      if (event.entityId === account) throw new Error('no such account');
    };
    await subscribe('failing', account);
    await publish(account);
    const letters = async (): Promise<readonly object[]> =>
      (await subscriptions('/failing/dead-letters'))['deadLetters'] as readonly object[];
    await until('it is a dead letter', async () => (await letters()).length > 0 || undefined);
    expect(await letters()).toMatchObject([
      { attempts: 2, reason: expect.stringMatching(/no such account/) as string, event: { entityId: account } },
    ]);
    expect(attempts(account)).toEqual([1, 2]);
    answer = () => null;
    expect(await subscriptions('/failing/redrive', {})).toMatchObject({ redriven: 1 });
    await until('it comes again', () => attempts(account).length > 2 || undefined);
    expect(await letters()).toEqual([]);
  });

  it('is called again when the run that called it could not write that down: nothing is lost', async () => {
    const account = freshAccount();
    answer = async ({ event, subscription }) => {
      if (event.entityId === account && attempts(account).length === 1) await takeAway(subscription);
    };
    await subscribe('killed', account);
    await publish(account);
    await until('it is called', () => attempts(account).length > 0 || undefined);
    await publish(account);
    await until('both come', () => attempts(account).length > 2 || undefined);
    expect(
      new Set(calls.filter(({ event }) => event.entityId === account).map(({ event }) => event.eventId)).size,
    ).toBe(2);
  });

  /** As another run does that believes this one dead, and dies itself. */
  async function takeAway(subscription: string): Promise<void> {
    const dynamo = new DynamoDBClient();
    const TableName = outputs['StateTableName'];
    const { Items = [] } = await dynamo.send(
      new QueryCommand({
        ...{ TableName, KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)' },
        ExpressionAttributeValues: { ':pk': { S: `${config.ledger}#dispatch` }, ':sk': { S: `${subscription}#` } },
      }),
    );
    const [{ pk, sk, v, n } = {}] = Items;
    if (pk === undefined || sk === undefined) throw new Error(`"${subscription}" has no state`);
    const state = JSON.parse(v?.S ?? '{}') as object;
    const taken = JSON.stringify({ ...state, run: { id: 'other', until: Date.now() + 1_000 } });
    await dynamo.send(
      new UpdateItemCommand({
        ...{ TableName, Key: { pk, sk }, UpdateExpression: 'SET v = :v, n = :n' },
        ExpressionAttributeValues: { ':v': { S: taken }, ':n': { N: String(Number(n?.N) + 1) } },
      }),
    );
  }
});
