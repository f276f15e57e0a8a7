/**
 * Is this stored entry what it claims to be, where it stands? Hash first, then parse, then place, then signatures. It
 * does not look at neighbours: links are core/ledger/verify/verify-log's business. All input is untrusted.
 */
import { isoOf, msOf, type IsoInstant } from '../../brands/index.ts';
import { leafHash, toHex } from '../../canonical/index.ts';
import { parseEntry, type EntryBody, type ParsedEntry } from '../entries/entry.ts';
import { readPlace, type EntryPlace } from '../entries/entry-place.ts';
import { entryProblem } from './entry-rules.ts';
import type { StoredEntry } from '../entries/ports.ts';
import { KEY_ROTATED, rootHistory, type RootHistory } from '../keys/root-history.ts';
import { certifiedKeyOf, KEY_REVOKED, keyChain, type CertifiedKey } from '../append/session-key.ts';
import { isSignedBy, noteVerifier, type NoteVerifier } from '../notes/signed-note.ts';
import { SignedTrees } from '../notes/signed-trees.ts';
import type { Finding } from '../entries/verification.ts';

/** Entries about keys, and about the log itself: the root key signs them too. */
const KEY_TYPES: ReadonlySet<string> = new Set(['key.certified', KEY_REVOKED, KEY_ROTATED, 'log.incarnated']);

/** Entries read behind a certificate at most: whoever stole a key may fill its chain, not make readers read for ever. */
export const MAX_REVOCATIONS = 1_000;

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
  /** types of the steps of change-sets; absent: what entries say, and on which chain, is not looked at */
  readonly steps?: ReadonlySet<string>;
  /** The entry that certifies a session key: seq 0 of the chain named like the key. */
  readonly certificate: (name: string) => Promise<StoredEntry | undefined>;
  /** What follows the certificate on that chain; the entry that revokes the key is there. Absent: none can be revoked. */
  readonly revocations?: (name: string) => Promise<readonly StoredEntry[]>;
  /** What is on the chain `keys/root`. Absent: there is one root key for ever. */
  readonly rotations?: () => Promise<readonly StoredEntry[]>;
}

export type CheckedEntry =
  { readonly kind: 'sound'; readonly body: EntryBody } | { readonly kind: 'bad'; readonly finding: Finding };

/** What of an entry links it to others. */
export type CheckedPlace =
  | { readonly kind: 'sound'; readonly body: Pick<EntryPlace, 'prev' | 'type'> & Pick<EntryBody, 'commits'> }
  | { readonly kind: 'bad'; readonly finding: Finding };

interface UsableKey extends CertifiedKey {
  readonly verifier: NoteVerifier;
  readonly revoked?: { readonly position: number | undefined; readonly at: IsoInstant };
}

type ParsedNote = Pick<Extract<ParsedEntry, { kind: 'entry' }>, 'body' | 'note'>;

export type VouchedKey = UsableKey | { readonly unusable: string };

export class EntryVerifier {
  private readonly options: EntryVerifierOptions;
  private history: Promise<RootHistory> | undefined;
  protected readonly keys = new Map<string, VouchedKey>();
  private readonly trees: SignedTrees;

  constructor(options: EntryVerifierOptions) {
    this.options = options;
    this.trees = new SignedTrees(options.root.name);
  }

  async check(stored: StoredEntry): Promise<CheckedEntry> {
    return this.checkEntry(stored);
  }

  /** Synchronous where its key was met already: a promise for every entry would cost as much as its hash. */
  protected checkEntry(stored: StoredEntry): CheckedEntry | Promise<CheckedEntry> {
    const damage = checkHash(stored);
    if (damage !== undefined) return { kind: 'bad', finding: damage };
    const parsed = parseEntry(stored.note);
    if (parsed.kind === 'unreadable') return { kind: 'bad', finding: findingAt(stored, 'UNREADABLE', parsed.reason) };
    const misplaced = this.misplaced(stored, parsed.body);
    if (misplaced !== undefined) return { kind: 'bad', finding: misplaced };
    if (!this.options.signatures) return { kind: 'sound', body: parsed.body };
    const broken = this.broken(stored, parsed.body);
    if (broken !== undefined) return { kind: 'bad', finding: broken };
    const checking = this.checkSignatures(stored, parsed);
    return checking instanceof Promise
      ? checking.then((finding) => checkedEntry(parsed.body, finding))
      : checkedEntry(parsed.body, checking);
  }

  /**
   * As `check` where signatures are checked. Where they are not, it reads of the bytes only what links the entry: whether
   * the rest is a proper entry is then nobody's claim. Several times as fast.
   */
  checkPlace(stored: StoredEntry): CheckedPlace | Promise<CheckedPlace> {
    if (this.options.signatures) return this.checkEntry(stored);
    const finding = checkHash(stored);
    if (finding !== undefined) return { kind: 'bad', finding };
    const place = readPlace(stored.note);
    if (place === undefined) return this.checkEntry(stored);
    const misplaced = this.misplaced(stored, place);
    return misplaced === undefined ? { kind: 'sound', body: place } : { kind: 'bad', finding: misplaced };
  }

  /** As `check`, for who asks only what links the entry to others. */
  checkLink(stored: StoredEntry): CheckedPlace | Promise<CheckedPlace> {
    return this.checkEntry(stored);
  }

  protected misplaced(stored: StoredEntry, body: Pick<EntryPlace, 'entity' | 'seq' | 'ledger'>): Finding | undefined {
    if (body.entity === stored.chain && body.seq === stored.seq && body.ledger === this.options.ledger)
      return undefined;
    const here = `"${stored.chain}" #${stored.seq} of "${this.options.ledger}"`;
    const says = `"${body.entity}" #${body.seq} of "${body.ledger}"`;
    return findingAt(stored, 'LINK_BROKEN', `stored as ${here}, but the entry says ${says}`);
  }

  private broken(stored: StoredEntry, body: EntryBody): Finding | undefined {
    const { steps } = this.options;
    const problem = steps === undefined ? undefined : entryProblem(body, steps);
    return problem === undefined ? undefined : findingAt(stored, 'UNREADABLE', problem);
  }

  private checkSignatures(
    stored: StoredEntry,
    parsed: Extract<ParsedEntry, { kind: 'entry' }>,
  ): Finding | undefined | Promise<Finding | undefined> {
    const { body, note } = parsed;
    const [session] = note.signatures;
    const isOfRoot = KEY_TYPES.has(body.type) || this.options.rootSigned(body.type);
    const key = isOfRoot || session === undefined ? undefined : this.keys.get(session.name);
    if (session === undefined || key === undefined) return this.checkWithKeys(stored, parsed, isOfRoot);
    const finding = linesFinding(stored, parsed, isOfRoot);
    return finding ?? this.checkSession(stored, parsed, { name: session.name, key, isOfRoot });
  }

  /** As `checkSignatures`, where keys have to be read first. */
  private async checkWithKeys(
    stored: StoredEntry,
    { body, note }: Extract<ParsedEntry, { kind: 'entry' }>,
    isOfRoot: boolean,
  ): Promise<Finding | undefined> {
    const [session] = note.signatures;
    if (isOfRoot && !(await this.isRootSigned(stored, { body, note })))
      return findingAt(stored, 'SIGNATURE_INVALID', `${body.type} lacks a correct signature of the root key`);
    if (session === undefined) return findingAt(stored, 'SIGNATURE_INVALID', 'the entry carries no signature');
    const finding = linesFinding(stored, { body, note }, isOfRoot);
    if (finding !== undefined) return finding;
    const key = body.type === 'key.certified' ? ownKey(body) : await this.keyNamed(session.name);
    return this.checkSession(stored, { body, note }, { name: session.name, key, isOfRoot });
  }

  /** The first line, by the key that it names. */
  private checkSession(
    stored: StoredEntry,
    { body, note }: ParsedNote,
    { name, key, isOfRoot }: { readonly name: string; readonly key: VouchedKey; readonly isOfRoot: boolean },
  ): Finding | undefined {
    if ('unusable' in key) return findingAt(stored, 'KEY_UNKNOWN', `key "${name}": ${key.unusable}`);
    // What the root key vouches for is signed by itself: certificates and decisions are in no tree.
    if (!isSignedBy(note, key.verifier) && (isOfRoot || !this.trees.isSignedBy(note, key.verifier)))
      return findingAt(stored, 'SIGNATURE_INVALID', `the signature of "${name}" is wrong`);
    const at = msOf(body.at);
    if (at < key.notBefore || at > key.notAfter) {
      return findingAt(
        stored,
        'SIGNATURE_INVALID',
        `recorded at ${body.at}, but its key was valid ${isoOf(key.notBefore)} to ${isoOf(key.notAfter)}`,
      );
    }
    return key.revoked !== undefined && isAfter(stored, body, key.revoked)
      ? findingAt(stored, 'KEY_REVOKED', `signed by "${name}", which was revoked at ${key.revoked.at}`)
      : undefined;
  }

  /** By the key that was in use at the entry's place. */
  private async isRootSigned(
    { position }: StoredEntry,
    { body, note }: Omit<Extract<ParsedEntry, { kind: 'entry' }>, 'kind'>,
  ): Promise<boolean> {
    const { root, rotations } = this.options;
    this.history ??= (rotations?.() ?? Promise.resolve([])).then((stored) => rootHistory(root, stored));
    return (await this.history).isRootSigned(note, { ...body, position });
  }

  /** A session key by its name, trusted because the root key certified it. */
  protected async keyNamed(name: string): Promise<VouchedKey> {
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const key = await this.loadKey(name);
    this.keys.set(name, key);
    return key;
  }

  private async loadKey(name: string): Promise<VouchedKey> {
    const stored = await this.options.certificate(name);
    if (stored === undefined) return { unusable: 'no certificate is recorded' };
    const parsed = parseEntry(stored.note);
    if (parsed.kind === 'unreadable' || parsed.body.entity !== name)
      return { unusable: 'its certificate is not readable' };
    if (!(await this.isRootSigned(stored, parsed)))
      return { unusable: 'its certificate is not signed by the root key' };
    const key = ownKey(parsed.body);
    const revoked = 'unusable' in key ? undefined : await this.revocationOf(name);
    return revoked === undefined ? key : { ...key, revoked };
  }

  /** What lacks the root signature revokes nothing; it is found when its own turn comes. */
  private async revocationOf(name: string): Promise<UsableKey['revoked']> {
    for (const stored of (await this.options.revocations?.(name)) ?? []) {
      const parsed = parseEntry(stored.note);
      if (parsed.kind === 'unreadable' || parsed.body.type !== KEY_REVOKED || parsed.body.entity !== name) continue;
      if (await this.isRootSigned(stored, parsed)) return { position: stored.position, at: parsed.body.at };
    }
    return undefined;
  }
}

function checkedEntry(body: EntryBody, finding: Finding | undefined): CheckedEntry {
  return finding === undefined ? { kind: 'sound', body } : { kind: 'bad', finding };
}

/** Whatever else stands there was signed by nobody, and would still be part of the hash. */
function linesFinding(stored: StoredEntry, { body, note }: ParsedNote, isOfRoot: boolean): Finding | undefined {
  const lines = 1 + (body.type === KEY_ROTATED ? 2 : Number(isOfRoot));
  const found = note.signatures.length;
  if (found === lines) return undefined;
  return findingAt(stored, 'SIGNATURE_INVALID', `${found} signature lines, ${body.type} has ${lines}`);
}

/** The log's order decides, because a stolen key can write any time into an entry; without it the entry's time does. */
function isAfter(
  { position }: StoredEntry,
  { at }: EntryBody,
  revoked: { readonly position: number | undefined; readonly at: IsoInstant },
): boolean {
  return position === undefined || revoked.position === undefined
    ? msOf(at) >= msOf(revoked.at)
    : position > revoked.position;
}

export function checkHash(stored: StoredEntry): Finding | undefined {
  const hash = leafHash(stored.note);
  return Buffer.compare(hash, stored.hash) === 0
    ? undefined
    : findingAt(
        stored,
        'CONTENT_MISMATCH',
        `the stored bytes hash to ${toHex(hash)}, recorded is ${toHex(stored.hash)}`,
      );
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
function ownKey(body: EntryBody): VouchedKey {
  const key = certifiedKeyOf(body);
  if (key === undefined) return { unusable: 'its certificate is malformed' };
  return { ...key, verifier: noteVerifier(keyChain(key.publicKey), key.publicKey) };
}
