/**
 * The root key in KMS (ECC_NIST_EDWARDS25519): signs with ED25519_SHA_512 over the raw text, so that anyone verifies with
 * plain Ed25519. The private key never leaves KMS. https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { RootSigner } from '../../core/ledger/index.ts';
import { AwsError } from './errors.ts';

const ALGORITHM = 'ED25519_SHA_512';
/** KMS hashes nothing for Ed25519: it takes the whole message, and no more than this. */
const MAX_TEXT_BYTES = 4_096;
const RAW_KEY_BYTES = 32;

export interface KmsRootSignerOptions {
  readonly client: KMSClient;
  /** key id, ARN or alias */
  readonly keyId: string;
  /** the ledger's origin: the key's name in signatures */
  readonly origin: string;
}

/** Asks KMS for the public key once. @throws AwsError ROOT_KEY_INVALID */
export async function kmsRootSigner({ client, keyId, origin }: KmsRootSignerOptions): Promise<RootSigner> {
  const publicKey = await rawPublicKey(client, keyId);
  return {
    name: origin,
    publicKey,
    sign: async (text) => {
      if (text.length > MAX_TEXT_BYTES) {
        throw new AwsError({
          code: 'ROOT_TEXT_TOO_LARGE',
          message: `${text.length} bytes are to be signed with the root key, KMS signs at most ${MAX_TEXT_BYTES}: shorten what the decision carries`,
        });
      }
      const { Signature } = await client.send(
        new SignCommand({ KeyId: keyId, Message: text, MessageType: 'RAW', SigningAlgorithm: ALGORITHM }),
      );
      if (Signature === undefined) throw invalid(keyId, 'KMS answered without a signature');
      return Signature;
    },
  };
}

async function rawPublicKey(client: KMSClient, keyId: string): Promise<Uint8Array> {
  const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: keyId }));
  if (PublicKey === undefined) throw invalid(keyId, 'KMS answered without a public key');
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  if (key.asymmetricKeyType !== 'ed25519') throw invalid(keyId, `its type is ${key.asymmetricKeyType ?? 'unknown'}`);
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(-RAW_KEY_BYTES));
}

function invalid(keyId: string, why: string): AwsError {
  return new AwsError({
    code: 'ROOT_KEY_INVALID',
    message: `KMS key "${keyId}" cannot be the root key (${why}): name an ECC_NIST_EDWARDS25519 key for SIGN_VERIFY`,
  });
}
