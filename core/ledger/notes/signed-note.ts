/**
 * C2SP signed note: a text and the lines that sign it. Signatures made and checked here are Ed25519 (type 0x01); those of a
 * tree of notes are read here and checked in signed-trees.ts, lines of other types can be kept. https://c2sp.org/signed-note. It does not know what the text says.
 */
import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import { sha256 } from '../../canonical/index.ts';
import { batchKeyId, isBatchSignature } from './batch-signature.ts';

const ED25519 = 0x01;
const SIGNATURE_START = '— ';
/** SubjectPublicKeyInfo header of a raw Ed25519 key (RFC 8410 section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
export const PUBLIC_KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
export const SIGNATURE_BYTES = 64;
/** No Unicode space, no plus, and no trace of bytes that were not UTF-8. */
const KEY_NAME = /^[^\s+\ufffd]+$/u;

export interface NoteSignature {
  readonly name: string;
  /** 4 bytes: a hint which key signed; never proof */
  readonly keyId: Uint8Array;
  /** 64 bytes of Ed25519, or a batch signature; of a note of any type, more than none */
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** the signed bytes, ending in a newline */
  readonly text: Uint8Array;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSigner {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Uint8Array;
  /** id of the same key where it signs trees */
  readonly batchKeyId: Uint8Array;
  /** 32 raw bytes */
  readonly publicKey: Uint8Array;
  readonly key: KeyObject;
}

/**
 * Splits a note into text and signatures, or says why it is not one. Input is untrusted.
 * @param anyType keep signatures that are neither Ed25519 nor of a tree: witnesses, post-quantum keys
 */
export function parseNote(note: Uint8Array, anyType = false): SignedNote | { readonly malformed: string } {
  const bytes = Buffer.from(note.buffer, note.byteOffset, note.byteLength);
  const split = bytes.lastIndexOf('\n\n');
  if (split < 0) return { malformed: 'no blank line between text and signatures' };
  const text = bytes.subarray(0, split + 1);
  const tail = bytes.subarray(split + 2).toString('utf8');
  if (!tail.endsWith('\n') || tail === '\n') return { malformed: 'the signature lines do not end in a newline' };
  const signatures: NoteSignature[] = [];
  for (const line of tail.slice(0, -1).split('\n')) {
    const signature = parseSignatureLine(line);
    if (signature === undefined || (!anyType && !isOurs(signature.signature)))
      return { malformed: 'a signature line is malformed' };
    signatures.push(signature);
  }
  return { text, signatures };
}

/** What of a note is signed, without a look at its lines. */
export function noteText(note: Uint8Array): Uint8Array {
  const end = Buffer.from(note.buffer, note.byteOffset, note.byteLength).lastIndexOf('\n\n');
  return note.subarray(0, end + 1);
}

/** One signature line with its newline: `— <name> base64(keyId4 || signature)`. */
export function signatureLine(name: string, keyId: Uint8Array, signature: Uint8Array): string {
  return `${SIGNATURE_START}${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;
}

export function signText(signer: { readonly privateKey: KeyObject }, text: Uint8Array): Uint8Array {
  return sign(null, text, signer.privateKey);
}

/** True when one of the note's signatures is by this key, over the text itself, and correct. */
export function isSignedBy(note: SignedNote, verifier: NoteVerifier): boolean {
  return note.signatures.some(
    (line) =>
      line.name === verifier.name &&
      Buffer.compare(line.keyId, verifier.keyId) === 0 &&
      line.signature.length === SIGNATURE_BYTES &&
      verify(null, note.text, verifier.key, line.signature),
  );
}

/** A key service signs no longer messages: AWS KMS takes 4,096 bytes (docs.aws.amazon.com/kms, Sign, MessageType RAW). */
export const MAX_ROOT_MESSAGE_BYTES = 4_096;

/** What the root key signs of an entry: its text or, when that is longer than a key service takes, a message with its hash. */
export function rootMessage(text: Uint8Array): Uint8Array {
  if (text.length <= MAX_ROOT_MESSAGE_BYTES) return text;
  return Buffer.from(`nervous-system.long-text.v1\n${hash('sha256', text, 'hex')}\n`);
}

/** As `isSignedBy`, for a root key. Older ledgers on a root key in a file have long texts that were signed whole. */
export function isSignedByRoot(note: SignedNote, verifier: NoteVerifier): boolean {
  return isSignedBy(note, verifier) || isSignedBy({ ...note, text: rootMessage(note.text) }, verifier);
}

/** @param publicKey 32 raw bytes (RFC 8032) */
export function noteVerifier(name: string, publicKey: Uint8Array): NoteVerifier {
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
  return { name, keyId: noteKeyId(name, publicKey), batchKeyId: batchKeyId(name, publicKey), publicKey, key };
}

/** First 4 bytes of SHA-256(name || "\n" || type || public key). */
export function noteKeyId(name: string, publicKey: Uint8Array, type = ED25519): Uint8Array {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]);
  return sha256(input).subarray(0, KEY_ID_BYTES);
}

/** The verifier key string of C2SP signed-note: `<name>+<key id>+<base64 type and key>`. */
export function formatVerifierKey(name: string, publicKey: Uint8Array, type = ED25519): string {
  const keyId = Buffer.from(noteKeyId(name, publicKey, type)).toString('hex');
  return `${name}+${keyId}+${Buffer.concat([Buffer.of(type), publicKey]).toString('base64')}`;
}

/** @returns the verifier, or undefined when the string is not a well-formed Ed25519 verifier key */
export function parseVerifierKey(text: string): { readonly name: string; readonly publicKey: Uint8Array } | undefined {
  const { name, type, publicKey } = parseTypedKey(text) ?? {};
  return name === undefined || publicKey?.length !== PUBLIC_KEY_BYTES || type !== ED25519
    ? undefined
    : { name, publicKey };
}

/** A verifier key of any type whose key id is made as the specification recommends. */
export function parseTypedKey(
  text: string,
): { readonly name: string; readonly type: number; readonly publicKey: Uint8Array } | undefined {
  const [, name, keyId, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  if (name === undefined || keyId === undefined || encoded === undefined) return undefined;
  const [type, ...rest] = Buffer.from(encoded, 'base64');
  const publicKey = Uint8Array.from(rest);
  if (type === undefined || Buffer.from(noteKeyId(name, publicKey, type)).toString('hex') !== keyId) return undefined;
  return { name, type, publicKey };
}

/** By its form alone: Ed25519, or of a tree. */
function isOurs(signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES || isBatchSignature(signature);
}

function parseSignatureLine(line: string): NoteSignature | undefined {
  if (!line.startsWith(SIGNATURE_START)) return undefined;
  const space = line.indexOf(' ', SIGNATURE_START.length);
  const name = line.slice(SIGNATURE_START.length, space);
  const encoded = line.slice(space + 1);
  if (space < 0 || !KEY_NAME.test(name)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  // Base64 has several spellings of the same bytes; only the canonical one, without spaces, is accepted.
  if (bytes.toString('base64') !== encoded || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) };
}
