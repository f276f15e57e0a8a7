/**
 * The CDK app as the command line runs it: without credentials and network, with any Node first on the PATH, and with one
 * sentence where a setting is wrong.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

async function app(context: Readonly<Record<string, string>>): Promise<{ outdir: string; stderr: string }> {
  const outdir = mkdtempSync(join(tmpdir(), 'nervous-app-'));
  const env = { ...ENVIRONMENT, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) };
  const { stderr } = await run(process.execPath, ['bin/app.ts'], { env }).catch(
    (error: unknown) => error as { stderr: string },
  );
  return { outdir, stderr };
}

describe('bin/app.ts', () => {
  it('synthesizes every stack and bundles every function without credentials, network or Docker', async () => {
    const { outdir } = await app({ stage: 'dev', emulated: 'true', issuer: 'none', lake: 'true' });
    const files = readdirSync(outdir);
    expect(files.filter((file) => file.endsWith('.template.json'))).toHaveLength(6);
    const { length } = readdirSync('lambdas').filter((name) => !name.startsWith('_'));
    expect(files.filter((file) => file.startsWith('asset.')).length).toBeGreaterThanOrEqual(length);
  }, 300_000);

  it('W10: takes a configuration that stands outside of the repository, with no packages beside it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nervous-elsewhere-'));
    const config = join(folder, 'mine.config.ts');
    const sample = readFileSync('nervous.config.ts', 'utf8').replace(
      "'./core/system/index.ts'",
      "'nervous-system/config'",
    );
    expect(sample).toContain("from 'zod'");
    writeFileSync(config, sample.replaceAll("'user.login'", "'mine.login'"));
    const { outdir, stderr } = await app({ stage: 'dev', emulated: 'true', issuer: 'none', config });
    expect(stderr).not.toContain('Cannot find');
    const files = readdirSync(outdir);
    expect(files.filter((file) => file.endsWith('.template.json'))).toHaveLength(5);
    expect(readFileSync(join(outdir, 'nervousBusStackBFFE93AF.template.json'), 'utf8')).toContain('"nervous-mine"');
  }, 300_000);

  it('says in one sentence what is wrong with a setting', async () => {
    const { stderr } = await app({ stage: 'test' });
    expect(stderr).toContain('-c stage=test: ');
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

describe('settings', () => {
  it.each([
    [{ stage: 'test' }, '-c stage=test: '],
    [{ issuer: 'https://issuer.example' }, '-c audience=: issuer and audience belong together'],
    [{ issuer: 'none', audience: 'a' }, '-c audience=a: issuer and audience belong together'],
    [{ domain: 'api.example.com' }, '-c certificateArn=: domain and certificateArn belong together'],
    [{ name: 'Nervous System' }, '-c name=Nervous System: must be 1-16 of a-z 0-9'],
    [{ iamPrincipals: '[]' }, '-c iamPrincipals=[]: must be a JSON object'],
    [{ emulated: 'yes' }, '-c emulated=yes: '],
  ])('%j are refused', (context, said) => {
    expect(() => readContext(new App({ context: { issuer: 'none', ...context } }).node)).toThrow(said);
  });

  it('W10: are refused without a word about the issuer: leaving it out would take the entry point for tokens away', () => {
    expect(() => readContext(new App().node)).toThrow('-c issuer=: name the OIDC issuer whose tokens open the API');
  });

  it('W10: have an issuer that API Gateway can ask; that of an emulator may be on this machine', () => {
    const context = { issuer: 'http://issuer.example', audience: 'a' };
    expect(() => readContext(new App({ context }).node)).toThrow('-c issuer=http://issuer.example: must be https');
    expect(readContext(new App({ context: { ...context, emulated: 'true' } }).node).jwt?.issuer).toBe(context.issuer);
  });

  it.each([
    ['{"arn:aws:iam::1:role/a":"ann"}', 'names no IAM principal'],
    ['{"bank-feed":"bank-feed"}', 'names no IAM principal'],
    [
      '{"arn:aws:iam::111122223333:role/a":"ann","arn:aws:sts::111122223333:assumed-role/a/":"bob"}',
      'name one id for each principal',
    ],
    ['{"arn:aws:iam::111122223333:role/a":""}', 'Too small'],
  ])('W2: iamPrincipals %s are refused', (iamPrincipals, said) => {
    expect(() => readContext(new App({ context: { issuer: 'none', iamPrincipals } }).node)).toThrow(said);
  });

  it('are those of production unless said otherwise', () => {
    expect(readContext(new App({ context: { issuer: 'none' } }).node)).toMatchObject({
      stage: 'prod',
      emulated: false,
      name: 'nervous',
      jwt: undefined,
    });
  });
});
