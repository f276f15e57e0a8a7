/** W2, W12: the IAM door, end to end: requests signed by sessions of real roles, known by the ARN of the role as people write it. */
import { describe, expect, it } from 'vitest';
import { createClient } from '../../clients/sdk/index.ts';
import { describeScenarios, SCENARIOS, type World } from '../scenarios/index.ts';
import { deployed, httpApiUrl, output } from './deployed.ts';
import { assume, iamClientOf } from './iam-callers.ts';
import { awsPowers } from './powers.ts';

/** Of each kind of request one; all of them go through this door where AWS has no other (scenarios.test.ts). */
const THROUGH_THE_DOOR = [
  'an event is recorded, the same again is a duplicate, the id with other content a conflict',
  'who has no right, no token or a wrong payload is refused with the reason',
  'a subscription made at runtime gets what is published from then on, once',
  'a change-set is refused to those who may not decide, approved by two people, and executed',
];
const chosen = SCENARIOS.filter(({ name }) => THROUGH_THE_DOOR.includes(name));
const world: World = { engine: 'AWS', as: iamClientOf, ...awsPowers() };

describeScenarios('AWS, through the IAM door', chosen, () => world, { powers: Object.keys(world), leftOut: [] });

describe('W2: the IAM door', () => {
  const url = (): string => `${httpApiUrl(output('IamApiId'))}/v1/feed`;
  const region = deployed().environment['AWS_REGION'] ?? 'us-east-1';

  it('W12: all chosen scenarios exist', () => {
    expect(chosen).toHaveLength(THROUGH_THE_DOOR.length);
  });

  it('W2: is closed to who does not sign', async () => {
    expect((await fetch(url())).status).toBe(403);
    // AWS does not let it pass either; the emulator does, as nobody's.
    const { status } = await fetch(url(), { headers: { authorization: 'Bearer reporting' } });
    expect([401, 403]).toContain(status);
  });

  it('W2: is closed to a signature by another secret', async () => {
    const session = await assume('reporting');
    const credentials = () => ({ ...session, secretAccessKey: 'x'.repeat(40) });
    const client = createClient({ url: httpApiUrl(output('IamApiId')), sigv4: { region, credentials } });
    await expect(client.feed()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ status: 403 });
  });

  it('W2: is closed to a role that may not invoke the API', async () => {
    const session = await assume('uninvited', { mayInvoke: false });
    const client = createClient({ url: httpApiUrl(output('IamApiId')), sigv4: { region, credentials: () => session } });
    await expect(client.feed()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ status: 403 });
  });
});
