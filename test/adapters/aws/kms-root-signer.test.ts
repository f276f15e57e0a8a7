import { generateKeyPairSync, sign } from 'node:crypto';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { kmsRootSigner } from '../../../adapters/aws/kms-root-signer.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const der = (key = publicKey): Uint8Array => key.export({ format: 'der', type: 'spki' });
const options = { client: new KMSClient({ region: 'us-east-1' }), keyId: 'alias/root', origin: 'ledger.test/main' };

it('signs the raw text with KMS, asking for the public key once', async () => {
  const kms = mockClient(options.client);
  kms.on(GetPublicKeyCommand).resolves({ PublicKey: der() });
  kms
    .on(SignCommand)
    .callsFake(({ Message }: { Message: Uint8Array }) => ({ Signature: sign(null, Message, privateKey) }));
  const signer = await kmsRootSigner(options);
  const text = Buffer.from('what was decided\n');
  expect(await signer.sign(text)).toEqual(sign(null, text, privateKey));
  expect([signer.name, Buffer.from(signer.publicKey)]).toEqual(['ledger.test/main', Buffer.from(der().subarray(-32))]);
  await signer.sign(text);
  expect(kms.commandCalls(GetPublicKeyCommand)).toHaveLength(1);
  expect(kms.commandCalls(SignCommand)[0]?.args[0].input).toMatchObject({
    ...{ KeyId: 'alias/root', MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' },
  });
  kms.restore();
});

it('refuses another kind of key, and a text that KMS would not sign', async () => {
  const kms = mockClient(options.client);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  kms
    .on(GetPublicKeyCommand)
    .resolvesOnce({ PublicKey: der(other) })
    .resolves({ PublicKey: der() });
  await expect(kmsRootSigner(options)).rejects.toMatchObject({ code: 'ROOT_KEY_INVALID' });
  const signer = await kmsRootSigner(options);
  await expect(signer.sign(Buffer.alloc(4_097))).rejects.toMatchObject({ code: 'ROOT_TEXT_TOO_LARGE' });
  expect(kms.commandCalls(SignCommand)).toEqual([]);
  kms.restore();
});
