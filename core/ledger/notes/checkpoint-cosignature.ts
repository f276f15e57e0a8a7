/**
 * Timestamped cosignatures, version 1: a witness says that at this time the checkpoint was the largest it had seen of that
 * log, and consistent with all before. https://c2sp.org/tlog-cosignature (Ed25519, type 0x04)
 */
import { verify } from 'node:crypto';
import { LogError } from '../merkle/log-errors.ts';
import type { NoteKey, NoteSignatory } from './open-note.ts';
import { formatVerifierKey, noteKeyId, noteVerifier, signatureLine, SIGNATURE_BYTES } from './signed-note.ts';

/** Signature type of cosigners: part of their key ids and verifier keys. */
export const COSIGNATURE_TYPE = 0x04;
const TIME_BYTES = 8;

/** The key of a witness. Its lines are cosignatures, so `cosignatureTime` reads when each was made. */
export function cosignerKey(name: string, publicKey: Uint8Array): NoteKey {
  const { key } = noteVerifier(name, publicKey);
  const isRight = (text: Uint8Array, signature: Uint8Array): boolean => {
    const time = cosignatureTime(signature);
    return time !== undefined && verify(null, cosignedText(text, time), key, signature.subarray(TIME_BYTES));
  };
  return { name, keyId: noteKeyId(name, publicKey, COSIGNATURE_TYPE), verify: isRight };
}

/**
 * The line that a witness adds to a checkpoint.
 * @param text the checkpoint's text, without signatures
 * @param time seconds since the Unix epoch
 */
export async function cosign(text: Uint8Array, time: number, witness: NoteSignatory): Promise<string> {
  const { name, publicKey, sign } = witness;
  const seconds = Buffer.alloc(TIME_BYTES);
  const signature = await sign(cosignedText(text, time));
  seconds.writeBigUInt64BE(BigInt(time));
  return signatureLine(name, noteKeyId(name, publicKey, COSIGNATURE_TYPE), Buffer.concat([seconds, signature]));
}

/** What a witness signs. @throws LogError CHECKPOINT_INVALID for a time that is not whole seconds */
export function cosignedText(text: Uint8Array, time: number): Uint8Array {
  if (!Number.isSafeInteger(time) || time < 0)
    throw new LogError('CHECKPOINT_INVALID', `${time} is not a time in whole seconds since 1970`);
  return Buffer.concat([Buffer.from(`cosignature/v1\ntime ${time}\n`), text]);
}

/** Seconds since the Unix epoch that a cosignature states; undefined when it is not one. */
export function cosignatureTime(signature: Uint8Array): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const time = Number(Buffer.from(signature).readBigUInt64BE());
  return Number.isSafeInteger(time) ? time : undefined;
}

/** The verifier key string of a witness. */
export function formatCosignerKey(name: string, publicKey: Uint8Array): string {
  return formatVerifierKey(name, publicKey, COSIGNATURE_TYPE);
}
