/** The scenario suite on the deployed stacks, over their HTTP API, with tokens; through the IAM entry point: iam-entry-point.test.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import type { VerificationReport } from '../../core/ledger/index.ts';
import { LAMBDAS, type LambdaName } from '../../lib/functions/lambdas.ts';
import { freshAccount } from '../scenarios/fixture.ts';
import { credit } from '../scenarios/publishing.ts';
import { deployed, httpApiUrl, output } from './support/deployed.ts';
import { describeThrough, IAM, IS_ACCOUNT, TOKENS } from './entry-points.ts';
import { USED_ACTIONS } from './emulator.ts';
import { tokenOf } from './support/oidc-issuer.ts';
import { awsPowers } from './support/powers.ts';

const WRITES: readonly string[] = ['Put', 'Update', 'Delete', 'ConditionCheck'].map((name) => `dynamodb:${name}Item`);
const WRITERS = ['publish', 'ingest', 'change-sets', 'decisions', 'subscriptions', 'workflow-step'] as const;
/** What no scenario can be sure to bring about, and why it may be made all the same. */
const SELDOM: Readonly<Partial<Record<LambdaName, readonly string[]>>> = {
  'outbox-sweeper': ['dynamodb:ConditionCheckItem'], // indexes what a ledger from before lacks, on condition that it still stands
  ingest: [
    'dynamodb:UpdateItem', // tells the others its counts when two events of a topic come to one process in one second
    'dynamodb:ConditionCheckItem', // stops a topic, as long as no person has opened it meanwhile
    'dynamodb:DeleteItem', // lifts a stop that has had its time, when it is the first to see that
  ],
};
const { as } = IS_ACCOUNT ? IAM : TOKENS;
const powers = awsPowers();

if (!IS_ACCOUNT) describeThrough('AWS', TOKENS); // in an account, iam-entry-point.test.ts runs them all

describe('AWS, beside the scenarios', () => {
  describe.runIf(!IS_ACCOUNT)('the API', () => {
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
    expect(seldom.filter((action) => !granted.includes(action))).toEqual([]);
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
