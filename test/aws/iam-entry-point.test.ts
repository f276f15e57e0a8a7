/** W2, W12: the IAM entry point, end to end: the whole scenario suite by requests signed by sessions of real roles, known by the ARN of the role as people write it. */
import { describe, expect, it } from 'vitest';
import { createClient } from '../../clients/sdk/index.ts';
import { deployed, httpApiUrl, output } from './support/deployed.ts';
import { describeThrough, IAM } from './entry-points.ts';
import { assume } from './support/iam-callers.ts';

describeThrough('AWS, through the IAM entry point', IAM);

describe('W2: the IAM entry point', () => {
  const url = (): string => `${httpApiUrl(output('IamApiId'))}/v1/feed`;
  const region = deployed().environment['AWS_REGION'] ?? 'us-east-1';

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
