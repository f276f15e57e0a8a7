/** The scenario suite on the deployed stacks, over their HTTP API. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, describe, expect, it } from 'vitest';
import type { VerificationReport } from '../../core/ledger/index.ts';
import { LAMBDAS, type LambdaName } from '../../lib/lambdas.ts';
import { describeScenarios, SCENARIOS, type World } from '../scenarios/index.ts';
import { freshAccount } from '../scenarios/world.ts';
import { credit } from '../scenarios/publishing.ts';
import { clientOf, deployed, httpApiUrl, output } from './deployed.ts';
import { USED_ACTIONS } from './emulator.ts';
import { iamClientOf } from './iam-callers.ts';
import { tokenOf } from './oidc-issuer.ts';
import { awsPowers } from './powers.ts';
import { serveLimits } from './sample-executor.ts';

const WRITES: readonly string[] = ['Put', 'Update', 'Delete', 'ConditionCheck'].map((name) => `dynamodb:${name}Item`);
const WRITERS = ['publish', 'ingest', 'change-sets', 'decisions', 'subscriptions', 'workflow-step'] as const;
/** What no scenario brings about, and what does. */
const SELDOM: Readonly<Partial<Record<LambdaName, readonly string[]>>> = {
  publish: ['dynamodb:UpdateItem', 'dynamodb:DeleteItem'], // counts shared between functions; a stop that is lifted
  ingest: ['dynamodb:UpdateItem', 'dynamodb:DeleteItem'], // the same
};
const IS_ACCOUNT = deployed().kind === 'account';
/** AWS cannot ask an issuer on this machine for its keys: there everybody comes with IAM credentials. By wish, elsewhere too. */
const THROUGH_IAM = IS_ACCOUNT || process.env['NERVOUS_TEST_DOOR'] === 'iam';
const as: World['as'] = (principal) => (THROUGH_IAM ? iamClientOf(principal) : clientOf(output('ApiId'), principal));
const powers = awsPowers();

describe(THROUGH_IAM ? 'AWS, through the IAM door' : 'AWS', () => {
  // A function of an account cannot reach the executor in this process.
  const executor = IS_ACCOUNT ? undefined : serveLimits();
  afterAll(async () => (await executor)?.close());
  const limits = executor === undefined ? {} : { limits: async () => (await executor).limits() };
  const world: World = { engine: 'AWS', as, ...powers, ...limits };
  const leftOut = [
    // Both are refused there when such a subscription is created.
    'a buffered subscription waits until a batch is full',
    'a function is given the events of its subscription; what it throws at becomes a dead letter',
    ...SCENARIOS.filter(({ needs }) => IS_ACCOUNT && needs?.includes('limits') === true).map(({ name }) => name),
  ];
  describeScenarios('AWS', SCENARIOS, () => world, { powers: Object.keys(world), leftOut });

  describe.runIf(deployed().kind !== 'account')('the API', () => {
    it('is closed to tokens that are not for it, have expired, or are signed by somebody else', async () => {
      const { issuer } = deployed();
      const status = async (token?: string): Promise<number> => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        return (await fetch(`${httpApiUrl(output('ApiId'))}/v1/feed`, { headers })).status;
      };
      expect(await status(await tokenOf(issuer, 'reporting'))).toBe(200);
      expect(await status()).toBe(401);
      expect(await status(await tokenOf(issuer, 'reporting', { aud: 'another' }))).toBe(401);
      expect(await status(await tokenOf(issuer, 'reporting', { iss: 'http://127.0.0.1:1' }))).toBe(401);
      expect(await status(await tokenOf(issuer, 'reporting', { exp: 1 }))).toBe(401);
      const token = await tokenOf(issuer, 'reporting');
      expect(await status(`${token.slice(0, -8)}AAAAAAAA`)).toBe(401);
      expect(await status(await tokenOf(issuer, 'nobody'))).toBe(401);
    });
  });

  describe('the verify function, invoked directly', () => {
    it('says OK, and after a byte of an item has changed it names the entry', async () => {
      const account = freshAccount();
      for (let i = 0; i < 3; i++) await as('bank-feed').publish(credit(account, `${i}.00`));
      expect(await verify({ mode: 'entity', entity: account })).toMatchObject({ verdict: 'OK', entries: 3 });
      expect(await verify({ mode: 'full' })).toMatchObject({ verdict: 'OK' });
      const restore = await powers.tamper(account, 2);
      try {
        const firstBad = { verdict: 'CONTENT_MISMATCH', entity: account, seq: 2 };
        expect(await verify({ mode: 'entity', entity: account })).toMatchObject({
          verdict: firstBad.verdict,
          firstBad,
        });
        expect(await verify({ mode: 'full' })).toMatchObject({ verdict: firstBad.verdict, firstBad });
        expect(await verify({ mode: 'full', signatures: false })).toMatchObject({ firstBad });
      } finally {
        await restore();
      }
      expect(await verify({ mode: 'full' })).toMatchObject({ verdict: 'OK' });
    });
  });
});

// What an account's policies allowed is not written down.
describe.runIf(deployed().kind === 'emulator')('W12: writes to the state table, within transactions and alone', () => {
  it.each(WRITERS)('W12: %s may make those that it makes, each of them', (name) => {
    const made = usedActions()
      .filter(
        ([role, , resource]) => role.startsWith(`nervous-${name}-`) && resource.endsWith(output('StateTableName')),
      )
      .map(([, action]) => action);
    const granted = LAMBDAS[name].permissions
      .filter(({ action, resource }) => resource === 'state' && WRITES.includes(action))
      .map(({ action }) => action as string);
    const seldom = SELDOM[name] ?? [];
    expect(granted.filter((action) => !made.includes(action) && !seldom.includes(action))).toEqual([]);
  });
});

function usedActions(): (readonly [role: string, action: string, resource: string])[] {
  const lines = readFileSync(join(deployed().runDir, USED_ACTIONS), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as readonly [string, string, string]);
}

async function verify(input: object): Promise<VerificationReport> {
  const { FunctionError, Payload } = await new LambdaClient().send(
    new InvokeCommand({ FunctionName: output('VerifyFunctionName'), Payload: JSON.stringify(input) }),
  );
  const answer = Buffer.from(Payload ?? []).toString();
  if (FunctionError !== undefined) throw new Error(`${FunctionError}: ${answer}`);
  return JSON.parse(answer) as VerificationReport;
}
