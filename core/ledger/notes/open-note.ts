/**
 * Opening and signing C2SP notes whatever they say: lines of unknown keys are ignored, every line of a known key must be
 * right, and at least one known key must have signed. https://c2sp.org/signed-note
 */
import { verify } from 'node:crypto';
import { noteKeyId, noteVerifier, parseNote, signatureLine, SIGNATURE_BYTES } from './signed-note.ts';

/** The specification asks for 16 at least; more than this only costs the reader time. */
const MAX_SIGNATURES = 100;

/** A key that the reader trusts, under the name and id its lines carry. */
export interface NoteKey {
  readonly name: string;
  /** 4 bytes */
  readonly keyId: Uint8Array;
  /** `signature` is what follows the key id in the line. Must not throw. */
  readonly verify: (text: Uint8Array, signature: Uint8Array) => boolean;
}

export interface NoteSignatory {
  readonly name: string;
  /** 32 raw bytes */
  readonly publicKey: Uint8Array;
  /** Ed25519, 64 bytes */
  readonly sign: (text: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export interface VerifiedSignature<Key extends NoteKey = NoteKey> {
  readonly key: Key;
  readonly signature: Uint8Array;
}

export interface OpenedNote<Key extends NoteKey = NoteKey> {
  readonly kind: 'opened';
  /** the signed bytes, ending in a newline */
  readonly text: Uint8Array;
  /** one for each known key that signed */
  readonly signatures: readonly VerifiedSignature<Key>[];
  /** names in the lines of unknown keys: claims, nothing more */
  readonly unknown: readonly string[];
}

export interface RefusedNote {
  readonly kind: 'refused';
  readonly verdict: 'UNREADABLE' | 'SIGNATURE_INVALID' | 'KEY_UNKNOWN';
  readonly reason: string;
}

/** Input is untrusted; the text means nothing unless the answer is 'opened'. */
export function openNote<Key extends NoteKey>(note: Uint8Array, keys: readonly Key[]): OpenedNote<Key> | RefusedNote {
  const parsed = parseNote(note, true);
  if ('malformed' in parsed) return refused('UNREADABLE', parsed.malformed);
  if (!isPlainText(note)) return refused('UNREADABLE', 'it is not UTF-8 text without control characters');
  if (parsed.signatures.length > MAX_SIGNATURES) return refused('UNREADABLE', `more than ${MAX_SIGNATURES} signatures`);
  const signatures = new Map<Key, VerifiedSignature<Key>>();
  const unknown: string[] = [];
  for (const line of parsed.signatures) {
    const key = keys.find(({ name, keyId }) => name === line.name && Buffer.compare(keyId, line.keyId) === 0);
    if (key === undefined) unknown.push(line.name);
    else if (!key.verify(parsed.text, line.signature))
      return refused('SIGNATURE_INVALID', `the signature by "${line.name}" is wrong`);
    else signatures.set(key, { key, signature: line.signature });
  }
  if (signatures.size > 0) return { kind: 'opened', text: parsed.text, signatures: [...signatures.values()], unknown };
  return refused('KEY_UNKNOWN', `none of the known keys signed it; it names ${[...new Set(unknown)].join(', ')}`);
}

/** The note of a text, one line for each signatory. @param text ends in a newline */
export async function signNote(text: Uint8Array, signatories: readonly NoteSignatory[]): Promise<Uint8Array> {
  const lines: string[] = [];
  for (const { name, publicKey, sign } of signatories) {
    lines.push(signatureLine(name, noteKeyId(name, publicKey), await sign(text)));
  }
  return Buffer.concat([text, Buffer.from(`\n${lines.join('')}`)]);
}

/** @param publicKey 32 raw bytes (RFC 8032) */
export function ed25519Key(name: string, publicKey: Uint8Array): NoteKey {
  const { keyId, key } = noteVerifier(name, publicKey);
  const isRight = (text: Uint8Array, signature: Uint8Array): boolean =>
    signature.length === SIGNATURE_BYTES && verify(null, text, key, signature);
  return { name, keyId, verify: isRight };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isPlainText(note: Uint8Array): boolean {
  try {
    return !/[\u0000-\u0009\u000b-\u001f]/.test(utf8.decode(note));
  } catch {
    return false;
  }
}

function refused(verdict: RefusedNote['verdict'], reason: string): RefusedNote {
  return { kind: 'refused', verdict, reason };
}
