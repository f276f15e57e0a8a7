/**
 * Wraps the data keys of confidential fields with a KMS key. The entity is the encryption context, so a wrapped key opens
 * for no other one, and CloudTrail says whose fields were opened. One call per entity and process: data keys are cached.
 */
import type { FieldKeys } from '../../../core/events/index.ts';
import { decrypt, encrypt, type Kms } from './kms.ts';

export function createKmsFieldKeys({ kms, keyId }: { readonly kms: Kms; readonly keyId: string }): FieldKeys {
  return {
    wrap: (key, entity) => encrypt(kms, keyId, key, { entity }),
    unwrap: (wrapped, entity) => decrypt(kms, keyId, wrapped, { entity }),
  };
}
