/** The harness itself: what it starts it ends, and what goes wrong is said in one sentence. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { deploy } from './cdk.ts';
import { again, deployed } from './support/deployed.ts';
import { startEmulator } from './emulator.ts';
import { prepareVenv } from './python-venv.ts';
import { openTarget } from './support/target.ts';

const cacheDir = join(import.meta.dirname, '..', '..', '.cache', 'aws');
const runDir = mkdtempSync(join(tmpdir(), 'nervous-harness-'));
afterAll(() => rmSync(runDir, { recursive: true, force: true }));

const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

const untilSilent = async (endpoint: string): Promise<void> => {
  while (await answers(endpoint)) await sleep(50);
};

it('stops an emulator, twice if asked', async () => {
  const emulator = await startEmulator({ cacheDir, runDir });
  expect(await answers(emulator.endpoint)).toBe(true);
  await emulator.stop();
  expect(await answers(emulator.endpoint)).toBe(false);
  await emulator.stop();
});

it('leaves no emulator behind when its starter is killed', async () => {
  const script = join(runDir, 'starter.ts');
  const module = JSON.stringify(join(import.meta.dirname, 'emulator.ts'));
  const options = JSON.stringify({ cacheDir, runDir });
  writeFileSync(
    script,
    `import { startEmulator } from ${module};
     console.log((await startEmulator(${options})).endpoint);
     setInterval(() => {}, 1000);`,
  );
  const starter = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [endpoint] = (await once(createInterface(starter.stdout), 'line')) as [string];
  expect(await answers(endpoint)).toBe(true);
  starter.kill('SIGKILL');
  await untilSilent(endpoint);
});

it('says which Python it needs', async () => {
  const requirements = join(runDir, 'other-requirements.txt');
  writeFileSync(requirements, '# nothing\n');
  const before = process.env.NERVOUS_PYTHON;
  process.env.NERVOUS_PYTHON = '/nowhere/python3';
  try {
    await expect(prepareVenv(requirements, runDir)).rejects.toThrow(
      /^Python 3\.10 or newer with venv and pip is needed; none of \/nowhere\/python3 is one: .*\.$/,
    );
  } finally {
    if (before === undefined) delete process.env.NERVOUS_PYTHON;
    else process.env.NERVOUS_PYTHON = before;
  }
});

it('refuses a package that is not the one it was pinned to', async () => {
  const requirements = join(runDir, 'wrong-hash.txt');
  writeFileSync(requirements, `six==1.17.0 --hash=sha256:${'0'.repeat(64)}\n`);
  await expect(prepareVenv(requirements, runDir)).rejects.toThrow(/^Cannot install the packages of .*wrong-hash\.txt/);
});

it('does not touch an account because credentials happen to be there', async () => {
  const credentials = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_PROFILE: 'production' };
  const target = await openTarget({ cacheDir, runDir }, credentials);
  try {
    expect(target.kind).toBe('emulator');
    expect(target.environment).toMatchObject({ AWS_ACCESS_KEY_ID: 'test', AWS_CONFIG_FILE: '/dev/null' });
    expect(target.environment).not.toHaveProperty('AWS_PROFILE');
  } finally {
    await target.stop();
  }
});

it.each([
  [{ NERVOUS_TEST_AWS: 'account' }, 'NERVOUS_TEST_AWS=account needs credentials: set AWS_PROFILE'],
  [{ NERVOUS_TEST_AWS: 'prod' }, 'NERVOUS_TEST_AWS must be "emulator" or "account", not "prod".'],
  [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 'Nothing answers at AWS_ENDPOINT_URL=http://127.0.0.1:1: start it'],
])('explains %j', async (env, sentence) => {
  await expect(openTarget({ cacheDir, runDir }, env)).rejects.toThrow(sentence);
});

it.runIf(deployed().kind === 'emulator')('says why a deployment failed, in one line', async () => {
  const app = join(runDir, 'app.ts');
  const library = JSON.stringify(join(import.meta.dirname, '../../node_modules/aws-cdk-lib/index.js'));
  writeFileSync(
    app,
    `import cdk from ${library};
     const stack = new cdk.Stack(new cdk.App(), 'Broken');
     new cdk.CfnResource(stack, 'Unknown', { type: 'AWS::Nobody::Knows' });`,
  );
  const failing = deploy({ ...again(), runDir, app: `node ${app}` });
  await expect(failing).rejects.toThrow(/^cdk deploy failed \(log: .*\): .*AWS::Nobody::Knows.*$/);
  await expect(deploy({ ...again(), runDir, app: 'node /nowhere/app.ts' })).rejects.toThrow(/Cannot find module/);
});
