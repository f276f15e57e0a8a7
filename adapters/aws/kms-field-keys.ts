/**
 * Wraps the data keys of confidential fields with a KMS key. The entity is the encryption context, so a wrapped key opens
 * for no other one, and CloudTrail says whose fields were opened. One call per entity and process: data keys are cached.
 */
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { FieldKeys } from '../../core/events/index.ts';
import { AwsError } from './errors.ts';

export function kmsFieldKeys({ client, keyId }: { readonly client: KMSClient; readonly keyId: string }): FieldKeys {
  return {
    wrap: async (key, entity) => {
      const wrapping = new EncryptCommand({ KeyId: keyId, Plaintext: key, EncryptionContext: { entity } });
      return answered((await client.send(wrapping)).CiphertextBlob);
    },
    unwrap: async (wrapped, entity) => {
      const opening = new DecryptCommand({ KeyId: keyId, CiphertextBlob: wrapped, EncryptionContext: { entity } });
      return answered((await client.send(opening)).Plaintext);
    },
  };
}

function answered(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new AwsError({ code: 'ANSWER_INVALID', message: 'KMS answered without the key: try again' });
}
