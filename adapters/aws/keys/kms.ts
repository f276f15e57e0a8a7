/**
 * The calls to KMS there are, each a function of its own, so that a bundle holds those its function may make. Bytes go and
 * come as KMS has them in JSON, in base64. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
 */
import { AwsError } from '../request/errors.ts';
import { objectOf, refusalIn } from '../request/json-answer.ts';
import { ask, hostOf, ownEndpoint, type Connection } from '../request/signed-request.ts';

/** What the protocol calls KMS. */
const TARGET = 'TrentService';

export interface Kms {
  /** For the functions of this file. @throws ServiceError when KMS refuses or does not answer */
  readonly send: (operation: string, input: KmsInput) => Promise<KmsAnswer>;
}

type KmsInput = Readonly<Record<string, string | Readonly<Record<string, string>>>>;
type KmsAnswer = Readonly<Record<string, unknown>>;

/** For which a wrapped key opens, and no other. */
export type EncryptionContext = Readonly<Record<string, string>>;

export function createKms(options: Connection): Kms {
  const connection = { ...options, env: { ...options.env } };
  const { env } = connection;
  return {
    send: async (operation, input) => {
      const { bytes } = await ask(connection, {
        ...{ service: 'KMS', what: operation, refusal: refusalIn, method: 'POST' },
        url: `${ownEndpoint(env, 'KMS') ?? `https://${hostOf(env, 'KMS')}`}/`,
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${TARGET}.${operation}` },
        body: Buffer.from(JSON.stringify(input)),
      });
      return objectOf(bytes) ?? invalid(operation, 'without a JSON object');
    },
  };
}

/** The public key, DER-encoded (SubjectPublicKeyInfo). @param keyId id, ARN or alias, as in all calls */
export function getPublicKey(kms: Kms, keyId: string): Promise<Uint8Array> {
  return askedFor(kms, 'GetPublicKey', { KeyId: keyId }, 'PublicKey');
}

/** Ed25519 over the text itself: KMS hashes nothing before. */
export function sign(kms: Kms, keyId: string, text: Uint8Array): Promise<Uint8Array> {
  const input = { KeyId: keyId, Message: base64(text), MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' };
  return askedFor(kms, 'Sign', input, 'Signature');
}

export function encrypt(kms: Kms, keyId: string, plain: Uint8Array, context: EncryptionContext): Promise<Uint8Array> {
  const input = { KeyId: keyId, Plaintext: base64(plain), EncryptionContext: context };
  return askedFor(kms, 'Encrypt', input, 'CiphertextBlob');
}

export function decrypt(kms: Kms, keyId: string, wrapped: Uint8Array, context: EncryptionContext): Promise<Uint8Array> {
  const input = { KeyId: keyId, CiphertextBlob: base64(wrapped), EncryptionContext: context };
  return askedFor(kms, 'Decrypt', input, 'Plaintext');
}

/** @throws ServiceError, AwsError ANSWER_INVALID */
async function askedFor(kms: Kms, operation: string, input: KmsInput, field: string): Promise<Uint8Array> {
  const value = (await kms.send(operation, input))[field];
  if (typeof value !== 'string' || value === '') return invalid(operation, `without "${field}"`);
  return new Uint8Array(Buffer.from(value, 'base64'));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function invalid(operation: string, how: string): never {
  throw new AwsError({ code: 'ANSWER_INVALID', message: `KMS answered ${operation} ${how}: try again` });
}
