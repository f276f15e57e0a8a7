/** The root key in KMS as a part of a function's system. */
import type { RootSigner } from '../../../core/ledger/index.ts';
import { kmsClient } from './clients.ts';
import { kmsRootSigner } from '../keys/kms-root-signer.ts';
import type { AwsBase } from './open-system.ts';

export function rootKey(env: { readonly ROOT_KEY_ID: string }): (base: AwsBase) => Promise<RootSigner> {
  return ({ config }) => kmsRootSigner({ kms: kmsClient(), keyId: env.ROOT_KEY_ID, origin: config.origin });
}
