/** The root key that whoever opened the page trusts: a verifier key of C2SP signed-note, as `root.vkey` of a data folder holds it. */
import { fromBase64, type Bytes } from './bytes.ts';

export interface RootKey {
  /** the ledger's origin */
  readonly name: string;
  readonly publicKey: Bytes;
}

const ED25519 = 0x01;
const PUBLIC_KEY_BYTES = 32;

/** `<name>+<key id>+<base64 of type and key>` @throws Error: it is none */
export function parseRootKey(vkey: string): RootKey {
  const [, name, encoded] = /^([^\s+]+)\+[0-9a-f]{8}\+([A-Za-z0-9+/=]+)$/.exec(vkey.trim()) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || bytes?.length !== PUBLIC_KEY_BYTES + 1 || bytes[0] !== ED25519)
    throw new Error('The root key is not a verifier key (name+id+key): see root.vkey of the data folder.');
  return { name, publicKey: bytes.slice(1) };
}
