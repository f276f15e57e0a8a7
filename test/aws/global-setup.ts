/**
 * Once per `npm run test:aws`: opens the target, bootstraps, deploys every stack with the real CDK command line, hands the
 * outputs to the tests, and takes down what it put up, whatever happened in between.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { TestProject } from 'vitest/node';
import { bootstrap, deploy, destroy, destroyInBackground, type CdkOptions, type StackOutputs } from './cdk.ts';
import { HarnessError } from './support/harness-error.ts';
import { iamPrincipalsOf } from './support/iam-principals-of.ts';
import { startOidcIssuer, type IssuerKey } from './support/oidc-issuer.ts';
import { openTarget, type AwsTarget } from './support/target.ts';

const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'aws');
const CONFIG = join(import.meta.dirname, '..', 'support', 'executor-config.ts');
const RUN = /^run-(\d+)$/;

export interface Deployed {
  readonly kind: AwsTarget['kind'];
  /** undefined: AWS itself */
  readonly endpoint: string | undefined;
  readonly outputs: StackOutputs;
  /** for running the CDK again, e.g. a second deploy with another config */
  readonly runDir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** signs tokens that the API accepts; where AWS itself would have to reach it, it accepts none */
  readonly issuer: IssuerKey;
}

declare module 'vitest' {
  interface ProvidedContext {
    deployed: Deployed;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return putUp(project).catch((error: unknown) => {
    if (!(error instanceof HarnessError)) throw error;
    console.error(`Cannot run the AWS tests: ${error.message}`);
    process.exit(1); // thrown, it would drown in stack traces
  });
}

async function putUp(project: TestProject): Promise<() => Promise<void>> {
  const runDir = await newRunDir();
  const target = await openTarget({ cacheDir: CACHE, runDir }, process.env);
  const issuer = await startOidcIssuer();
  Object.assign(process.env, target.environment); // the test processes inherit it: an SDK client needs no options
  const { Account: account = '' } = await new STSClient().send(new GetCallerIdentityCommand({}));
  const iamPrincipals = iamPrincipalsOf(account);
  const context = { stage: 'dev', config: CONFIG, iamPrincipals, lake: 'true', ...tokensOf(issuer.key, target) };
  const options: CdkOptions = { target, runDir, context };
  const takeDown = takesDown(options);
  try {
    await bootstrap(options);
    const outputs = await deploy(options);
    const { kind, endpoint, environment } = target;
    project.provide('deployed', { kind, endpoint, outputs, runDir, environment, issuer: issuer.key });
  } catch (error) {
    await takeDown().catch((second: unknown) => console.error(second instanceof Error ? second.message : second));
    throw error; // the logs stay: it names them
  }
  return async () => {
    await takeDown();
    await issuer.close();
    if (process.env.NERVOUS_TEST_KEEP === undefined) await rm(runDir, { recursive: true, force: true });
  };
}

/** Our issuer is on this machine, where only an emulator can ask it for its keys. */
function tokensOf({ issuer, audience }: IssuerKey, { kind }: AwsTarget): Record<string, string> {
  return kind === 'account' ? { issuer: 'none' } : { issuer, audience };
}

/** An emulator takes everything with it; elsewhere the stacks are destroyed, in the background if we are interrupted. */
function takesDown(options: CdkOptions): () => Promise<void> {
  if (options.target.kind === 'emulator') return () => options.target.stop();
  const interrupted = (): void => {
    console.error(`Interrupted: cdk destroy goes on in the background (log: ${join(options.runDir, 'cdk.log')}).`);
    destroyInBackground(options);
  };
  process.once('exit', interrupted);
  return async () => {
    await destroy(options);
    process.off('exit', interrupted);
  };
}

/** Named after this process; what earlier ones left behind is removed when they are gone. */
async function newRunDir(): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  for (const name of await readdir(CACHE)) {
    const pid = RUN.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(CACHE, name), { recursive: true, force: true });
  }
  const runDir = join(CACHE, `run-${process.pid}`);
  await mkdir(runDir, { recursive: true });
  return runDir;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
