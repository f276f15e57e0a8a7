/**
 * The root key in KMS (ECC_NIST_EDWARDS25519): signs with ED25519_SHA_512 over the raw text, so that anyone verifies with
 * plain Ed25519. The private key never leaves KMS. https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
import { createPublicKey } from 'node:crypto';
import { MAX_ROOT_MESSAGE_BYTES, type RootSigner } from '../../../core/ledger/index.ts';
import { AwsError } from '../request/errors.ts';
import { getPublicKey, sign, type Kms } from './kms.ts';

const RAW_KEY_BYTES = 32;

export interface KmsRootSignerOptions {
  readonly kms: Kms;
  /** key id, ARN or alias */
  readonly keyId: string;
  /** the ledger's origin: the key's name in signatures */
  readonly origin: string;
}

/** Asks KMS for the public key once. @throws AwsError ROOT_KEY_INVALID */
export async function openKmsRootSigner({ kms, keyId, origin }: KmsRootSignerOptions): Promise<RootSigner> {
  const publicKey = await rawPublicKey(kms, keyId);
  return {
    name: origin,
    publicKey,
    sign: async (text) => {
      // KMS hashes nothing for Ed25519: it takes the whole message, and no more than this.
      if (text.length > MAX_ROOT_MESSAGE_BYTES) {
        throw new AwsError({
          code: 'ROOT_TEXT_TOO_LARGE',
          message: `${text.length} bytes are to be signed with the root key, KMS signs at most ${MAX_ROOT_MESSAGE_BYTES}: shorten what the decision carries`,
        });
      }
      return sign(kms, keyId, text);
    },
    probe: async () => {
      const now = await rawPublicKey(kms, keyId); // refused when the key is disabled or to be deleted
      if (Buffer.compare(now, publicKey) !== 0) throw invalid(keyId, 'it is another key than at the start');
    },
  };
}

async function rawPublicKey(kms: Kms, keyId: string): Promise<Uint8Array> {
  const key = createPublicKey({ key: Buffer.from(await getPublicKey(kms, keyId)), format: 'der', type: 'spki' });
  if (key.asymmetricKeyType !== 'ed25519') throw invalid(keyId, `its type is ${key.asymmetricKeyType ?? 'unknown'}`);
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(-RAW_KEY_BYTES));
}

function invalid(keyId: string, why: string): AwsError {
  return new AwsError({
    code: 'ROOT_KEY_INVALID',
    message: `KMS key "${keyId}" cannot be the root key (${why}): name an ECC_NIST_EDWARDS25519 key for SIGN_VERIFY`,
  });
}
