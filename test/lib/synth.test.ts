/**
 * The CDK app as the command line runs it: without credentials and network, with any Node first on the PATH, and with one
 * sentence where a setting is wrong.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

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
    const { outdir } = await app({ stage: 'dev', emulated: 'true' });
    const files = readdirSync(outdir);
    expect(files.filter((file) => file.endsWith('.template.json'))).toHaveLength(5);
    const { length } = readdirSync('lambdas').filter((name) => !name.startsWith('_'));
    expect(files.filter((file) => file.startsWith('asset.')).length).toBeGreaterThanOrEqual(length);
  }, 300_000);

  it.each([
    [{ stage: 'test' }, '-c stage=test: '],
    [{ issuer: 'https://issuer.example' }, '-c audience=: issuer and audience belong together'],
    [{ name: 'Nervous System' }, '-c name=Nervous System: must be 1-16 of a-z 0-9 -'],
    [{ iamPrincipals: '[]' }, '-c iamPrincipals=[]: must be a JSON object'],
    [{ config: 'missing.config.ts' }, 'missing.config.ts'],
  ])('says what is wrong with %j', async (context, said) => {
    const { stderr } = await app(context);
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});
