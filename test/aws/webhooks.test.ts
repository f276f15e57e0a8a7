/**
 * Webhooks of a deployed system: wanted by their receiver, signed, tried again, dead, redriven, disabled, and sent again. The receiver
 * is on this machine, where no function may send: the app of this test opens that on the emulator, and nothing else can.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyWebhook } from '../../clients/sdk/index.ts';
import { config } from '../../nervous.config.ts';
import { startReceiver, type Received, type Receiver } from '../e2e/webhooks/receiver.ts';
import { freshAccount, until } from '../scenarios/fixture.ts';
import { credit } from '../scenarios/publishing.ts';
import { deploy } from './cdk.ts';
import { again, clientOf, deployed } from './support/deployed.ts';

const PATIENCE_MS = 600_000;
const NAME = `hook${randomUUID().slice(0, 6)}`;
const OWNER = 'budget-engine';
const runDir = mkdtempSync(join(tmpdir(), 'nervous-hook-'));

describe.runIf(deployed().kind === 'emulator')('webhooks', () => {
  let outputs: Readonly<Record<string, string>> = {};
  let receiver: Receiver;

  beforeAll(async () => {
    receiver = await startReceiver();
    const { issuer, audience } = deployed().issuer;
    const app = `node ${join(import.meta.dirname, 'webhooks-app.ts')}`;
    const stacks = await deploy({ ...again(), runDir, app, context: { name: NAME, stage: 'dev', issuer, audience } });
    outputs = Object.fromEntries(Object.values(stacks).flatMap((stack) => Object.entries(stack)));
  }, PATIENCE_MS);
  afterAll(async () => {
    await receiver.close();
    rmSync(runDir, { recursive: true, force: true });
  });

  const as = (principal: string) => clientOf(outputs['ApiId'] ?? 'none', principal);
  const publish = (account: string) => as('bank-feed').publish(credit(account, '1.00'));
  const of = (account: string): Received[] => receiver.events.filter(({ body }) => body.includes(`"${account}"`));
  const status = (account: string, code: number, headers: Record<string, string> = {}): void => {
    receiver.answer = (received, response) =>
      void response.writeHead(received.body.includes(`"${account}"`) ? code : 200, headers).end('as told');
  };
  /** @returns its secret */
  const make = async (id: string, account: string, target: object = {}): Promise<string> => {
    const client = as(OWNER);
    await client.createSubscription({
      ...{ id, topics: ['transactions.*'], filter: { detail: { entityId: [account] } }, breaker: { failures: 100 } },
      target: { kind: 'webhook', url: receiver.url, scheduleSeconds: [0, 1], ...target },
    });
    const { secret } = await client.webhooks.rotateSecret(id);
    const { subscription, attempt } = await client.webhooks.verify(id);
    expect(attempt).toMatchObject({ of: 'verify', outcome: 'delivered' });
    expect(subscription.verifiedAt).toBeDefined();
    return secret;
  };
  const headersOf = ({ headers }: Received): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

  it('are sent to nobody who did not say that he wants them', async () => {
    const account = freshAccount();
    const client = as(OWNER);
    const topics = ['transactions.*'] as const;
    receiver.prove = (_, response) => void response.writeHead(200).end('what is this?');
    await client.createSubscription({ id: 'unwanted', topics, target: { kind: 'webhook', url: receiver.url } });
    const { subscription, attempt } = await client.webhooks.verify('unwanted');
    expect(attempt).toMatchObject({ outcome: 'failed', reason: 'the receiver did not answer with the nonce alone' });
    expect(subscription.verifiedAt).toBeUndefined();
    await publish(account);
    await client.unsubscribe('unwanted');
    receiver.prove = (received, response) =>
      void response.writeHead(200).end((JSON.parse(received.body) as { nonce: string }).nonce);
    expect(of(account)).toEqual([]);
  });

  it('are signed: standardwebhooks believes them by the secret, the SDK by the key that the root certified', async () => {
    const account = freshAccount();
    const secret = await make('signed', account);
    await publish(account);
    const [one] = await until('it comes', () => (of(account).length > 0 ? of(account) : undefined));
    if (one === undefined) throw new Error('nothing came');
    expect(new Webhook(secret).verify(one.body, headersOf(one))).toMatchObject({
      ...{ type: 'transactions.new', entityId: account },
      ledger: { entity: account, position: expect.any(Number) as number },
    });
    const [key] = await as(OWNER).webhooks.keys();
    if (key === undefined) throw new Error('no key');
    const { body } = one;
    expect(() => verifyWebhook({ headers: headersOf(one), body }, { publicKeys: [key.publicKey] })).not.toThrow();
    expect(() => new Webhook(secret).verify(`${body} `, headersOf(one))).toThrow();
    expect(key.certificate).toMatchObject({
      entity: 'system/guards',
      note: expect.stringContaining(key.publicKey) as string,
    });
    expect(of(account)).toHaveLength(1);
  });

  it('keep no secret and no private key in clear', async () => {
    const account = freshAccount();
    const secret = await make('wrapped', account);
    const raw = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const kept = [
      ...(await itemsAt(`${config.ledger}#webhook-secret`)),
      ...(await itemsAt(`${config.ledger}#webhook-key`)),
    ];
    expect(kept.length).toBeGreaterThanOrEqual(2);
    for (const text of kept) {
      expect(text).toContain('wrapped');
      expect(text).not.toContain(raw.toString('base64'));
      expect(text).not.toContain(raw.toString('hex'));
    }
  });

  it('that fail are tried again under one id, become dead letters, and come again when they are redriven', async () => {
    const account = freshAccount();
    const client = as(OWNER);
    const secret = await make('failing', account);
    status(account, 500);
    await publish(account);
    const letters = async () => (await client.deadLetters('failing')).deadLetters;
    await until('it is a dead letter', async () => ((await letters()).length > 0 ? true : undefined));
    expect(await letters()).toMatchObject([{ attempts: 2, reason: 'the receiver answered 500' }]);
    const tried = of(account);
    expect(new Set(tried.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const one of tried) new Webhook(secret).verify(one.body, headersOf(one));
    expect(await client.webhooks.attempts('failing', { limit: 2 })).toMatchObject([
      { attempt: 2, status: 500, answer: 'as told', outcome: 'failed' },
      { attempt: 1, status: 500 },
    ]);
    status(account, 200);
    expect(await client.redrive('failing')).toBe(1);
    await until('it comes again', () => (of(account).length > tried.length ? true : undefined));
    expect(await letters()).toEqual([]);
  });

  it('wait as long as Retry-After says', async () => {
    const account = freshAccount();
    await make('busy', account);
    status(account, 429, { 'retry-after': '6' });
    await publish(account);
    await until('it is tried', () => (of(account).length > 0 ? true : undefined));
    status(account, 200);
    await until('it comes again', () => (of(account).length > 1 ? true : undefined));
    const [first, second] = of(account);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(6_000);
  });

  it('that are gone are disabled, which the ledger tells; resume goes on where they stopped', async () => {
    const account = freshAccount();
    const client = as(OWNER);
    await make('gone', account);
    status(account, 410);
    await publish(account);
    const disabled = () => client.subscription('gone').then(({ disabled: why }) => why);
    expect(await until('it is disabled', disabled)).toBe('the receiver answered 410');
    const { entries } = await as('eva').entries('system/guards', { limit: 100 });
    const topics = entries.map(({ body }) => body.data['topic']);
    expect(topics.filter((topic) => topic === 'webhooks.disabled')).toHaveLength(1);
    expect(topics).toEqual(expect.arrayContaining(['webhooks.key_certified', 'webhooks.secret_rotated']));
    status(account, 200);
    const before = of(account).length;
    await client.resume('gone');
    await until('it comes', () => (of(account).length > before ? true : undefined));
  });

  it('are sent again, one or all since', async () => {
    const account = freshAccount();
    const client = as(OWNER);
    await make('again', account);
    await publish(account);
    const [one] = await until('it comes', () => (of(account).length > 0 ? of(account) : undefined));
    const { position } = (JSON.parse(one?.body ?? '{}') as { ledger: { position: number } }).ledger;
    await client.webhooks.resend('again', position);
    await until('it comes again', () => (of(account).length > 1 ? true : undefined));
    expect(await client.webhooks.recover('again', position)).toBe(position);
    await until('it comes once more', () => (of(account).length > 2 ? true : undefined));
    expect(new Set(of(account).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await expect(client.webhooks.resend('again', 0)).rejects.toMatchObject({ code: 'SUBSCRIPTION_INVALID' });
  });

  it('may go to no other place of this machine or its networks', async () => {
    for (const url of [
      'https://10.0.0.1/in',
      'https://169.254.169.254/latest',
      'https://[fd00:ec2::254]/',
      'ftp://x.example/',
    ])
      await expect(
        as(OWNER).createSubscription({ id: 'inside', topics: ['transactions.*'], target: { kind: 'webhook', url } }),
      ).rejects.toMatchObject({ code: 'SUBSCRIPTION_INVALID' });
  });

  async function itemsAt(pk: string): Promise<readonly string[]> {
    const { Items = [] } = await new DynamoDBClient().send(
      new QueryCommand({
        ...{ TableName: outputs['StateTableName'], KeyConditionExpression: 'pk = :pk' },
        ExpressionAttributeValues: { ':pk': { S: pk } },
      }),
    );
    return Items.map((item) => JSON.stringify(item));
  }
});
