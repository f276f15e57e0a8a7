/** The root key in KMS as a port of a function's system. */
import type { RootSigner } from '../../../core/ledger/index.ts';
import { kmsClient } from './clients.ts';
import { openKmsRootSigner } from '../keys/kms-root-signer.ts';
import type { AwsTables } from './open-system.ts';

/** Asks KMS for its public key. @throws AwsError ROOT_KEY_INVALID, what the SDK throws */
export function openRootKey(env: { readonly ROOT_KEY_ID: string }): (tables: AwsTables) => Promise<RootSigner> {
  return ({ config }) => openKmsRootSigner({ kms: kmsClient(), keyId: env.ROOT_KEY_ID, origin: config.origin });
}
