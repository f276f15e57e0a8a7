/** Verifier keys as people hand them over: strings of C2SP signed-note, of logs (Ed25519) and of witnesses (cosignatures). */
import { COSIGNATURE_TYPE, cosignerKey } from './checkpoint-cosignature.ts';
import { ed25519Key, type NoteKey } from './open-note.ts';
import { parseTypedKey, PUBLIC_KEY_BYTES } from './signed-note.ts';

export interface LogKey extends NoteKey {
  readonly role: 'log' | 'witness';
}

const ED25519_TYPE = 0x01;

/** @param vkey `<name>+<key id>+<base64>` */
export function parseLogKey(vkey: string): LogKey | { readonly malformed: string } {
  const typed = parseTypedKey(vkey);
  if (typed === undefined)
    return { malformed: 'it is not a verifier key, <name>+<8 hex digits>+<base64>, with that id' };
  const { name, type, publicKey } = typed;
  const isSupported = type === ED25519_TYPE || type === COSIGNATURE_TYPE;
  if (!isSupported || publicKey.length !== PUBLIC_KEY_BYTES)
    return { malformed: `keys of type ${type} are not supported: only Ed25519 (1) and its cosignatures (4)` };
  return type === ED25519_TYPE
    ? { ...ed25519Key(name, publicKey), role: 'log' }
    : { ...cosignerKey(name, publicKey), role: 'witness' };
}
