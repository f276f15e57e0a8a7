/**
 * Session keys: Ed25519 pairs that live in one process for at most an hour and sign its entries locally. The root key
 * certifies each in a `key.certified` entry on a chain of its own, `keys/<key id>`, so certification never contends.
 */
import { hash } from 'node:crypto';
import { isoOf, later, msOf, type EpochMs } from '../../brands/index.ts';
import type { Actor, EntryBody, EntryDraft } from '../entries/entry.ts';
import { isInstant } from '../entries/instant.ts';
import { noteKeyId, type NoteSigner } from '../notes/signed-note.ts';

const SESSION_KEY_LIFETIME_MS = 3_600_000;
/** A key is replaced this long before it ends, so that no entry is signed at the edge. */
const SESSION_KEY_MARGIN_MS = 300_000;
/** From the place of such an entry on, what the key signs is not believed. */
export const KEY_REVOKED = 'key.revoked';
const KEY_CHAIN_PREFIX = 'keys/';
const KEY_ID_HEX_CHARS = 16;

export const SYSTEM_ACTOR: Actor = { kind: 'service', id: 'nervous-system' };

export interface SessionKey extends NoteSigner {
  readonly keyId: Uint8Array;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
}

/** The chain and signature name of a key: `keys/` and the first 16 hex digits of SHA-256(public key). */
export function keyChain(publicKey: Uint8Array): string {
  return KEY_CHAIN_PREFIX + hash('sha256', publicKey, 'hex').slice(0, KEY_ID_HEX_CHARS);
}

export function createSessionKey(pair: Pick<NoteSigner, 'publicKey' | 'privateKey'>, now: EpochMs): SessionKey {
  const name = keyChain(pair.publicKey);
  const keyId = noteKeyId(name, pair.publicKey);
  // Valid a margin backwards: an entry stamped just before the key was made may still be signed with it.
  const notBefore = later(now, -SESSION_KEY_MARGIN_MS);
  return { ...pair, name, keyId, notBefore, notAfter: later(notBefore, SESSION_KEY_LIFETIME_MS) };
}

export function isFresh(key: SessionKey, now: EpochMs): boolean {
  return now >= key.notBefore && now < key.notAfter - SESSION_KEY_MARGIN_MS;
}

export function isValidAt(key: SessionKey, time: EpochMs): boolean {
  return time >= key.notBefore && time <= key.notAfter;
}

/** The entry that certifies the key; it carries both signatures: root (trust) and the key itself (possession). */
export function certificateDraft(key: SessionKey): EntryDraft {
  return {
    type: 'key.certified',
    actor: SYSTEM_ACTOR,
    idem: key.name,
    rootSigned: true,
    data: {
      algorithm: 'Ed25519',
      key: Buffer.from(key.publicKey).toString('base64'),
      notAfter: isoOf(key.notAfter),
      notBefore: isoOf(key.notBefore),
    },
  };
}

export interface CertifiedKey {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
}

function isLifetime(notBefore: EpochMs, notAfter: EpochMs): boolean {
  const ms = notAfter - notBefore;
  return ms > 0 && ms <= SESSION_KEY_LIFETIME_MS;
}

/** Reads a certificate entry whose signatures were already checked; undefined when it is not a proper certificate. */
export function certifiedKeyOf(body: EntryBody): CertifiedKey | undefined {
  const { algorithm, key, notBefore: from, notAfter: until, ...more } = body.data;
  if (body.type !== 'key.certified' || typeof key !== 'string') return undefined;
  if (algorithm !== 'Ed25519' || Object.keys(more).length > 0) return undefined;
  // A key that lives longer than any process keeps one is a key that somebody carried away.
  if (!isInstant(from) || !isInstant(until)) return undefined;
  const [notBefore, notAfter] = [msOf(from), msOf(until)];
  if (!isLifetime(notBefore, notAfter)) return undefined;
  const publicKey = Buffer.from(key, 'base64');
  const isWhole = publicKey.length === 32 && publicKey.toString('base64') === key; // one key has one spelling
  return isWhole && keyChain(publicKey) === body.entity
    ? { name: body.entity, publicKey, notBefore, notAfter }
    : undefined;
}
