/**
 * C2SP signed notes in the browser: text and signature lines, Ed25519 alone or over a tree of notes (docs/formats.md), by WebCrypto. Written
 * from the format, not from the code that signs, so that the two would have to be wrong in the same way.
 */
import { concat, fromBase64, isSame, isSigned, sha256, toBase64, toHex, utf8, type Bytes } from './bytes.ts';
import { hashesIn, rootFrom } from './merkle.ts';

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
const COSIGNATURE = 0x04;
const TIME_BYTES = 8;
const BATCH_TYPE = concat(Uint8Array.of(0xff), utf8('nervous-system/batch/v1'));
const [KEY_ID_BYTES, SIGNATURE_BYTES, PUBLIC_KEY_BYTES, HASH_BYTES, SALT_BYTES] = [4, 64, 32, 32, 16];
const [MIN_TREE, MAX_TREE] = [2, 16];
/** The root key signs longer texts by their hash. */
const MAX_ROOT_MESSAGE_BYTES = 4_096;

/** The root key that whoever opened the page trusts: `<name>+<key id>+<base64 of type and key>` @throws Error: it is none */
export function parseRootKey(vkey: string): NamedKey {
  const key = keyOf(vkey, ED25519);
  if (key !== undefined) return key;
  throw new Error('The root key is not a verifier key (name+id+key): see root.vkey of the data folder.');
}

/** The key of a witness that they trust. @throws Error: it is none */
export function parseWitnessKey(vkey: string): NamedKey {
  const key = keyOf(vkey, COSIGNATURE);
  if (key !== undefined) return key;
  throw new Error("The witness's key is not one of a witness (name+id+key): see witness.vkey.");
}

function keyOf(vkey: string, type: number): NamedKey | undefined {
  const [, name, encoded] = /^([^\s+]+)\+[0-9a-f]{8}\+([A-Za-z0-9+/=]+)$/.exec(vkey.trim()) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || bytes?.length !== PUBLIC_KEY_BYTES + 1 || bytes[0] !== type) return undefined;
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

/** When this witness says that it saw the checkpoint, in ms; undefined: no line is of this key. */
export async function cosignedAt({ text, lines }: Note, witness: NamedKey): Promise<number | 'wrong' | undefined> {
  const keyId = await keyIdOf(witness, Uint8Array.of(COSIGNATURE));
  const own = lines.find((line) => line.name === witness.name && isSame(line.keyId, keyId))?.signature;
  if (own === undefined) return undefined;
  if (own.length !== TIME_BYTES + SIGNATURE_BYTES) return 'wrong';
  const seconds = Number(new DataView(own.buffer, own.byteOffset).getBigUint64(0));
  const message = utf8(`cosignature/v1\ntime ${seconds}\n${text}`);
  const isRight = Number.isSafeInteger(seconds) && (await isSigned(witness.publicKey, own.slice(TIME_BYTES), message));
  return isRight ? seconds * 1_000 : 'wrong';
}

/** True when a line of the note leads to the root of a tree that this key signed for this ledger. */
export async function isInSignedTree({ text, lines }: Note, key: NamedKey, origin: string): Promise<boolean> {
  const keyId = await keyIdOf(key, BATCH_TYPE);
  const own = lines.find((line) => line.name === key.name && isSame(line.keyId, keyId))?.signature;
  const [size, index] = own === undefined ? [] : [own[SALT_BYTES], own[SALT_BYTES + 1]];
  if (own === undefined || size === undefined || index === undefined) return false;
  if (size < MIN_TREE || size > MAX_TREE || index >= size) return false;
  const path = own.slice(SALT_BYTES + 2, -SIGNATURE_BYTES);
  if (path.length % HASH_BYTES !== 0) return false;
  const leaf = await sha256(concat(Uint8Array.of(0), own.slice(0, SALT_BYTES), utf8(text)));
  const root = await rootFrom(leaf, { size, index, path: hashesIn(path) });
  if (root === undefined) return false;
  const message = `nervous-system.batch.v1\n${origin}\n${key.name}\n${size}\n${toBase64(root)}\n`;
  return isSigned(key.publicKey, own.slice(-SIGNATURE_BYTES), utf8(message));
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
