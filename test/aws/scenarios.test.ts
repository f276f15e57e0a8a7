/** The scenario suite on the deployed stacks, over their HTTP API. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, describe, expect, it } from 'vitest';
import type { VerificationReport } from '../../core/ledger/index.ts';
import { describeScenarios, SCENARIOS, type World } from '../scenarios/index.ts';
import { freshAccount } from '../scenarios/world.ts';
import { credit } from '../scenarios/publishing.ts';
import { clientOf, deployed, httpApiUrl, output } from './deployed.ts';
import { tokenOf } from './oidc-issuer.ts';
import { awsPowers } from './powers.ts';
import { serveLimits } from './sample-executor.ts';

const as: World['as'] = (principal) => clientOf(output('ApiId'), principal);
const powers = awsPowers();

// AWS cannot ask an issuer on this machine for its keys.
describe.skipIf(deployed().kind === 'account')('AWS', () => {
  const executor = serveLimits();
  afterAll(async () => (await executor).close());
  const world: World = { engine: 'AWS', as, ...powers, limits: async () => (await executor).limits() };
  // Both are refused there when such a subscription is created.
  const leftOut = [
    'a buffered subscription waits until a batch is full',
    'a function is given the events of its subscription; what it throws at becomes a dead letter',
  ];
  describeScenarios('AWS', SCENARIOS, () => world, { powers: Object.keys(world), leftOut });

  describe('the API', () => {
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

async function verify(input: object): Promise<VerificationReport> {
  const { FunctionError, Payload } = await new LambdaClient().send(
    new InvokeCommand({ FunctionName: output('VerifyFunctionName'), Payload: JSON.stringify(input) }),
  );
  const answer = Buffer.from(Payload ?? []).toString();
  if (FunctionError !== undefined) throw new Error(`${FunctionError}: ${answer}`);
  return JSON.parse(answer) as VerificationReport;
}
