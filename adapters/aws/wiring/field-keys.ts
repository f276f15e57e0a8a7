/** Data keys of confidential fields, wrapped by a KMS key, as a port of a function's system. */
import type { FieldKeys } from '../../../core/events/index.ts';
import { kmsClient } from './clients.ts';
import { createKmsFieldKeys } from '../keys/kms-field-keys.ts';

export function createFieldKeys(env: { readonly DATA_KEY_ID: string }): FieldKeys {
  return createKmsFieldKeys({ kms: kmsClient(), keyId: env.DATA_KEY_ID });
}
