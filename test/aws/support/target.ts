/**
 * Decides what the AWS tests run against, from the environment: an endpoint somebody names, a real account somebody asks
 * for by name, else our own emulator. Refuses to guess: credentials alone never reach an account.
 */
import { startEmulator } from '../emulator.ts';
import { HarnessError } from './harness-error.ts';

const REGION = 'us-east-1';
const NOBODY = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const LOCAL = '127.0.0.1,localhost';

export interface AwsTarget {
  readonly kind: 'emulator' | 'endpoint' | 'account';
  /** undefined: AWS itself */
  readonly endpoint: string | undefined;
  /** What a process needs in its environment to reach this target and nothing else. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export async function openTarget(dirs: { cacheDir: string; runDir: string }, env: Environment): Promise<AwsTarget> {
  const endpoint = env.AWS_ENDPOINT_URL;
  if (endpoint !== undefined && endpoint !== '') return namedEndpoint(endpoint, env);
  if (env.NERVOUS_TEST_AWS === 'account') return account(env);
  if (env.NERVOUS_TEST_AWS !== undefined && env.NERVOUS_TEST_AWS !== 'emulator')
    throw new HarnessError(`NERVOUS_TEST_AWS must be "emulator" or "account", not "${env.NERVOUS_TEST_AWS}".`);
  const emulator = await startEmulator(dirs);
  const environment = { ...reaching(emulator.endpoint, env), ...NOBODY };
  return { kind: 'emulator', endpoint: emulator.endpoint, environment, stop: () => emulator.stop() };
}

async function namedEndpoint(endpoint: string, env: Environment): Promise<AwsTarget> {
  await fetch(endpoint).catch(() => {
    throw new HarnessError(`Nothing answers at AWS_ENDPOINT_URL=${endpoint}: start it, or unset the variable.`);
  });
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  const own = { AWS_ACCESS_KEY_ID: id ?? '', AWS_SECRET_ACCESS_KEY: secret ?? '' };
  const credentials =
    id === undefined ? NOBODY : { ...own, ...(token === undefined ? {} : { AWS_SESSION_TOKEN: token }) };
  const environment = { ...reaching(endpoint, env), ...credentials };
  return { kind: 'endpoint', endpoint, environment, stop: () => Promise.resolve() };
}

function account(env: Environment): AwsTarget {
  const named = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[0].startsWith('AWS_') && entry[1] !== undefined,
  );
  if (env.AWS_ACCESS_KEY_ID === undefined && env.AWS_PROFILE === undefined)
    throw new HarnessError(
      'NERVOUS_TEST_AWS=account needs credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret.',
    );
  const environment = { AWS_REGION: REGION, ...Object.fromEntries(named) };
  return { kind: 'account', endpoint: undefined, environment, stop: () => Promise.resolve() };
}

/** No profile, no instance metadata, no proxy: a mistake must end at the endpoint and not in somebody's account. */
function reaching(endpoint: string, env: Environment): Record<string, string> {
  const noProxy = [env.NO_PROXY ?? env.no_proxy, LOCAL].filter(Boolean).join(',');
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    NO_PROXY: noProxy,
    no_proxy: noProxy,
  };
}
