/**
 * The CDK app as the command line runs it: without credentials and network, with any Node first on the PATH, and with one
 * sentence where a setting is wrong.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { readContext } from '../../lib/context.ts';

const run = promisify(execFile);
/** Nobody listens there: whatever asks the network or for credentials fails. */
const NOWHERE = 'http://127.0.0.1:9';
const ENVIRONMENT = {
  PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
  HOME: tmpdir(),
  HTTPS_PROXY: NOWHERE,
  HTTP_PROXY: NOWHERE,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ENDPOINT_URL: NOWHERE,
};

const { context: flags } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: object };

async function app(context: Readonly<Record<string, string>>): Promise<{ outdir: string; stderr: string }> {
  const outdir = mkdtempSync(join(tmpdir(), 'nervous-app-'));
  const env = { ...ENVIRONMENT, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ ...flags, ...context }) };
  const { stderr } = await run(process.execPath, ['bin/app.ts'], { env }).catch(
    (error: unknown) => error as { stderr: string },
  );
  return { outdir, stderr };
}

describe('bin/app.ts', () => {
  it('synthesizes every stack and bundles every function without credentials, network or Docker', async () => {
    const { outdir } = await app({ stage: 'dev', emulated: 'true' });
    const files = readdirSync(outdir);
    expect(files.filter((file) => file.endsWith('.template.json'))).toHaveLength(5);
    const { length } = readdirSync('lambdas').filter((name) => !name.startsWith('_'));
    expect(files.filter((file) => file.startsWith('asset.')).length).toBeGreaterThanOrEqual(length);
  }, 300_000);

  it('says in one sentence what is wrong with a setting', async () => {
    const { stderr } = await app({ stage: 'test' });
    expect(stderr).toContain('-c stage=test: ');
    expect(stderr).not.toMatch(/^ {4}at /m);
  }, 120_000);
});

describe('settings', () => {
  it.each([
    [{ stage: 'test' }, '-c stage=test: '],
    [{ issuer: 'https://issuer.example' }, '-c audience=: issuer and audience belong together'],
    [{ domain: 'api.example.com' }, '-c certificateArn=: domain and certificateArn belong together'],
    [{ name: 'Nervous System' }, '-c name=Nervous System: must be 1-16 of a-z 0-9 -'],
    [{ iamPrincipals: '[]' }, '-c iamPrincipals=[]: must be a JSON object'],
    [{ emulated: 'yes' }, '-c emulated=yes: '],
  ])('%j are refused', (context, said) => {
    expect(() => readContext(new App({ context }).node)).toThrow(said);
  });

  it('are those of production unless said otherwise', () => {
    expect(readContext(new App().node)).toMatchObject({
      stage: 'prod',
      emulated: false,
      name: 'nervous',
      jwt: undefined,
    });
  });
});
