/**
 * What an executor that is a Lambda function trusts: the public half of the ledger's root key, as KMS has it when the function starts.
 * The construct `ExecutorFunction` sets both variables and allows the one call.
 */
import { formatVerifierKey } from '../../../core/ledger/index.ts';
import { AwsError } from '../request/errors.ts';
import { openKmsRootSigner } from '../keys/kms-root-signer.ts';
import { kmsClient } from './clients.ts';

/** For `defineExecutor`: `rootKeys: await rootKeys()`. @throws AwsError ENVIRONMENT_INCOMPLETE, ROOT_KEY_INVALID; ServiceError */
export async function rootKeys(env: NodeJS.ProcessEnv = process.env): Promise<readonly string[]> {
  const [keyId, origin] = [needed(env, 'ROOT_KEY_ID'), needed(env, 'LEDGER_ORIGIN')];
  const { publicKey } = await openKmsRootSigner({ kms: kmsClient({ env }), keyId, origin });
  return [formatVerifierKey(origin, publicKey)];
}

function needed(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new AwsError({
    code: 'ENVIRONMENT_INCOMPLETE',
    message: `the environment has no ${name}: deploy the executor with ExecutorFunction of nervous-system-aws, which sets it`,
  });
}
