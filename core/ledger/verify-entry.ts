/**
 * Is this stored entry what it claims to be, where it stands? Hash first, then parse, then place, then signatures. It
 * does not look at neighbours: links are core/ledger/verify-log's business. All input is untrusted.
 */
import { leafHash, toHex } from '../canonical/index.ts';
import { parseEntry, type EntryBody, type ParsedEntry } from './entry.ts';
import type { StoredEntry } from './ports.ts';
import { certifiedKeyOf, keyChain, type CertifiedKey } from './session-key.ts';
import { isSignedBy, noteVerifier, type NoteVerifier } from './signed-note.ts';
import type { Finding } from './verification.ts';

export interface TrustedRoot {
  /** the ledger's origin */
  readonly name: string;
  /** 32 raw bytes, from a source other than the ledger itself */
  readonly publicKey: Uint8Array;
}

export interface EntryVerifierOptions {
  readonly ledger: string;
  readonly root: TrustedRoot;
  /** false: hashes and places only */
  readonly signatures: boolean;
  /** entry types that must carry the root signature beside the session key's */
  readonly rootSigned: (type: string) => boolean;
  /** The entry that certifies a session key: seq 0 of the chain named like the key. */
  readonly certificate: (name: string) => Promise<StoredEntry | undefined>;
}

export type CheckedEntry =
  { readonly kind: 'sound'; readonly body: EntryBody } | { readonly kind: 'bad'; readonly finding: Finding };

type Key = (CertifiedKey & { readonly verifier: NoteVerifier }) | { readonly unusable: string };

export class EntryVerifier {
  private readonly options: EntryVerifierOptions;
  private readonly rootVerifier: NoteVerifier;
  private readonly keys = new Map<string, Key>();

  constructor(options: EntryVerifierOptions) {
    this.options = options;
    this.rootVerifier = noteVerifier(options.root.name, options.root.publicKey);
  }

  async check(stored: StoredEntry): Promise<CheckedEntry> {
    const bad = (verdict: Finding['verdict'], detail: string): CheckedEntry => ({
      kind: 'bad',
      finding: findingAt(stored, verdict, detail),
    });
    const hash = leafHash(stored.note);
    if (Buffer.compare(hash, stored.hash) !== 0)
      return bad('CONTENT_MISMATCH', `the stored bytes hash to ${toHex(hash)}, recorded is ${toHex(stored.hash)}`);
    const parsed = parseEntry(stored.note);
    if (parsed.kind === 'unreadable') return bad('UNREADABLE', parsed.reason);
    const { body } = parsed;
    if (body.entity !== stored.chain || body.seq !== stored.seq || body.ledger !== this.options.ledger) {
      const here = `"${stored.chain}" #${stored.seq} of "${this.options.ledger}"`;
      return bad(
        'LINK_BROKEN',
        `stored as ${here}, but the entry says "${body.entity}" #${body.seq} of "${body.ledger}"`,
      );
    }
    const finding = this.options.signatures ? await this.checkSignatures(stored, parsed) : undefined;
    return finding === undefined ? { kind: 'sound', body } : { kind: 'bad', finding };
  }

  private async checkSignatures(
    stored: StoredEntry,
    { body, note }: Extract<ParsedEntry, { kind: 'entry' }>,
  ): Promise<Finding | undefined> {
    const [session] = note.signatures;
    const mustBeRootSigned = body.type === 'key.certified' || this.options.rootSigned(body.type);
    if (mustBeRootSigned && !isSignedBy(note, this.rootVerifier)) {
      return findingAt(stored, 'SIGNATURE_INVALID', `${body.type} lacks a correct signature of the root key`);
    }
    if (session === undefined) return findingAt(stored, 'SIGNATURE_INVALID', 'the entry carries no signature');
    const key = body.type === 'key.certified' ? ownKey(body) : await this.keyNamed(session.name);
    if ('unusable' in key) return findingAt(stored, 'KEY_UNKNOWN', `key "${session.name}": ${key.unusable}`);
    if (!isSignedBy(note, key.verifier))
      return findingAt(stored, 'SIGNATURE_INVALID', `the signature of "${session.name}" is wrong`);
    if (body.at < key.notBefore || body.at > key.notAfter) {
      return findingAt(
        stored,
        'SIGNATURE_INVALID',
        `recorded at ${body.at}, but its key was valid ${key.notBefore} to ${key.notAfter}`,
      );
    }
    return undefined;
  }

  /** A session key by its name, trusted because the root key certified it. */
  private async keyNamed(name: string): Promise<Key> {
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const key = await this.loadKey(name);
    this.keys.set(name, key);
    return key;
  }

  private async loadKey(name: string): Promise<Key> {
    const stored = await this.options.certificate(name);
    if (stored === undefined) return { unusable: 'no certificate is recorded' };
    const parsed = parseEntry(stored.note);
    if (parsed.kind === 'unreadable' || parsed.body.entity !== name)
      return { unusable: 'its certificate is not readable' };
    if (!isSignedBy(parsed.note, this.rootVerifier))
      return { unusable: 'its certificate is not signed by the root key' };
    return ownKey(parsed.body);
  }
}

export function findingAt(
  place: { chain: string; seq: number; position?: number | undefined },
  verdict: Finding['verdict'],
  detail: string,
): Finding {
  const position = place.position === undefined ? {} : { position: place.position };
  return { verdict, entity: place.chain, seq: place.seq, ...position, detail };
}

/** The key a certificate is about; its own signature on the certificate proves possession. */
function ownKey(body: EntryBody): Key {
  const key = certifiedKeyOf(body);
  if (key === undefined) return { unusable: 'its certificate is malformed' };
  return { ...key, verifier: noteVerifier(keyChain(key.publicKey), key.publicKey) };
}
