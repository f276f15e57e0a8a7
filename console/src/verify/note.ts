/**
 * C2SP signed notes in the browser: text and signature lines, Ed25519 alone or over a tree of notes (docs/formats.md), by WebCrypto. Written
 * from the format, not from the code that signs, so that the two would have to be wrong in the same way.
 */
import { concat, fromBase64, isSame, isSigned, sha256, toBase64, toHex, utf8, type Bytes } from './bytes.ts';

export interface NamedKey {
  readonly name: string;
  /** 32 raw bytes of Ed25519 */
  readonly publicKey: Bytes;
}

interface SignatureLine {
  readonly name: string;
  readonly keyId: Bytes;
  readonly signature: Bytes;
}

export interface Note {
  /** the signed bytes, ending in a newline */
  readonly text: string;
  readonly lines: readonly SignatureLine[];
}

const ED25519 = 0x01;
const BATCH_TYPE = concat(Uint8Array.of(0xff), utf8('nervous-system/batch/v1'));
const [KEY_ID_BYTES, SIGNATURE_BYTES, PUBLIC_KEY_BYTES, HASH_BYTES, SALT_BYTES] = [4, 64, 32, 32, 16];
const [MIN_TREE, MAX_TREE] = [2, 16];
/** The root key signs longer texts by their hash. */
const MAX_ROOT_MESSAGE_BYTES = 4_096;

/** The root key that whoever opened the page trusts: `<name>+<key id>+<base64 of type and key>` @throws Error: it is none */
export function parseRootKey(vkey: string): NamedKey {
  const [, name, encoded] = /^([^\s+]+)\+[0-9a-f]{8}\+([A-Za-z0-9+/=]+)$/.exec(vkey.trim()) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || bytes?.length !== PUBLIC_KEY_BYTES + 1 || bytes[0] !== ED25519)
    throw new Error('The root key is not a verifier key (name+id+key): see root.vkey of the data folder.');
  return { name, publicKey: bytes.slice(1) };
}

/** undefined: it is no signed note */
export function parseNote(note: string): Note | undefined {
  const split = note.lastIndexOf('\n\n');
  const tail = note.slice(split + 2);
  if (split < 0 || !tail.endsWith('\n') || tail === '\n') return undefined;
  const lines = tail.slice(0, -1).split('\n').map(parseLine);
  const whole = lines.filter((line) => line !== undefined);
  return whole.length === lines.length ? { text: note.slice(0, split + 1), lines: whole } : undefined;
}

/** True when a line of the note is by this key over the text itself, and right. */
export async function isSignedBy({ text, lines }: Note, key: NamedKey): Promise<boolean> {
  const keyId = await keyIdOf(key, Uint8Array.of(ED25519));
  const own = lines.find((line) => line.name === key.name && isSame(line.keyId, keyId));
  return own?.signature.length === SIGNATURE_BYTES && isSigned(key.publicKey, own.signature, utf8(text));
}

/** As `isSignedBy`, for the root key, which signs a long text by its hash. */
export async function isSignedByRoot(note: Note, root: NamedKey): Promise<boolean> {
  if (await isSignedBy(note, root)) return true;
  const bytes = utf8(note.text);
  if (bytes.length <= MAX_ROOT_MESSAGE_BYTES) return false;
  const text = `nervous-system.long-text.v1\n${toHex(await sha256(bytes))}\n`;
  return isSignedBy({ ...note, text }, root);
}

/** True when a line of the note leads to the root of a tree that this key signed for this ledger. */
export async function isInSignedTree({ text, lines }: Note, key: NamedKey, origin: string): Promise<boolean> {
  const keyId = await keyIdOf(key, BATCH_TYPE);
  const own = lines.find((line) => line.name === key.name && isSame(line.keyId, keyId))?.signature;
  const [size, index] = own === undefined ? [] : [own[SALT_BYTES], own[SALT_BYTES + 1]];
  if (own === undefined || size === undefined || index === undefined) return false;
  if (size < MIN_TREE || size > MAX_TREE || index >= size) return false;
  const path = own.slice(SALT_BYTES + 2, -SIGNATURE_BYTES);
  const leaf = await sha256(concat(Uint8Array.of(0), own.slice(0, SALT_BYTES), utf8(text)));
  const root = await rootOf(leaf, { size, index, path });
  if (root === undefined) return false;
  const message = `nervous-system.batch.v1\n${origin}\n${key.name}\n${size}\n${toBase64(root)}\n`;
  return isSigned(key.publicKey, own.slice(-SIGNATURE_BYTES), utf8(message));
}

/** RFC 9162, section 2.1.3.2. undefined: the path has not the one length that fits */
async function rootOf(
  leaf: Bytes,
  { size, index, path }: { readonly size: number; readonly index: number; readonly path: Bytes },
): Promise<Bytes | undefined> {
  let [at, last, hash] = [index, size - 1, leaf];
  for (let offset = 0; offset < path.length; offset += HASH_BYTES) {
    if (last === 0) return undefined;
    const sibling = path.slice(offset, offset + HASH_BYTES);
    if (at % 2 === 1 || at === last) {
      hash = await sha256(concat(Uint8Array.of(1), sibling, hash));
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1];
    } else {
      hash = await sha256(concat(Uint8Array.of(1), hash, sibling));
    }
    [at, last] = [at >> 1, last >> 1];
  }
  return last === 0 ? hash : undefined;
}

/** First 4 bytes of SHA-256(name || "\n" || type || public key). */
async function keyIdOf({ name, publicKey }: NamedKey, type: Uint8Array): Promise<Bytes> {
  return (await sha256(concat(utf8(`${name}\n`), type, publicKey))).slice(0, KEY_ID_BYTES);
}

function parseLine(line: string): SignatureLine | undefined {
  const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) };
}
