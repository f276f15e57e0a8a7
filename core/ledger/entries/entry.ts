/**
 * The bytes of an entry: how a draft becomes a signed note and how stored bytes become a body again. The stored bytes
 * ARE the hashed bytes; nothing here ever rebuilds one from the other. Format: docs/formats.md.
 */
import type { ChainHash, EntityId, IsoInstant, LeafHash, Seq } from '../../brands/index.ts';
import { isObject } from '../../values/index.ts';
import {
  canonicalize,
  CanonicalError,
  decodeUtf8,
  isCanonical,
  leafHash,
  taggedHash,
  toHex,
} from '../../canonical/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import { LedgerError } from './errors.ts';
import type { FieldCommitment } from './field-commitment.ts';
import { isInstant } from './instant.ts';
import type { NoteSignatory } from '../notes/open-note.ts';
import { parseNote, signatureLine, signText, type NoteSigner, type SignedNote } from '../notes/signed-note.ts';

export const ENTRY_HEADER = 'nervous-system.entry.v1\n';
const GENESIS_TAG = 'nervous-system.genesis.v1';
/** tlog-tiles entry bundles carry a 16-bit length, so a note can have no more bytes. */
export const MAX_NOTE_BYTES = 65_535;
/** Signature lines of one entry: session key and root key, with room to spare. */
const SIGNATURE_RESERVE_BYTES = 600;

export type ActorKind = 'person' | 'agent' | 'module' | 'service';

/** Provenance: who, through what, with which version of the algorithm. */
export interface Actor {
  readonly kind: ActorKind;
  readonly id: string;
  readonly via?: string;
  readonly logic?: string;
}

/** What a caller wants recorded. The appender adds time, position and signature. */
export interface EntryDraft {
  /** `event`, `change.proposed`, `key.certified`, … */
  readonly type: string;
  readonly actor: Actor;
  /** the publisher's event id or idempotency key */
  readonly idem: string;
  readonly data: JsonObject;
  /** confidential fields that are not in `data`, sorted by path */
  readonly commits?: readonly FieldCommitment[];
  /** entries that decide something carry the root signature too */
  readonly rootSigned?: boolean;
  /** which root keys sign, when it is not just the one in use: a rotation carries the old and the new */
  readonly roots?: readonly NoteSignatory[];
}

export interface EntryBody {
  readonly v: 1;
  readonly ledger: string;
  readonly entity: EntityId;
  readonly seq: Seq;
  /** hex SHA-256 of the entry before, or the genesis hash at seq 0 */
  readonly prev: ChainHash;
  readonly type: string;
  /** UTC, exactly `YYYY-MM-DDThh:mm:ss.sssZ` */
  readonly at: IsoInstant;
  readonly actor: Actor;
  readonly idem: string;
  readonly data: JsonObject;
  readonly commits?: readonly FieldCommitment[];
}

/** The canonical body without `prev` and `seq`, which are known only when the entry gets its place. */
export interface PreparedEntry {
  readonly beforePrev: string;
  readonly afterSeq: string;
}

/** An entry in its place: exactly what is stored. */
export interface SealedEntry {
  /** the signed note */
  readonly note: Uint8Array;
  /** RFC 6962 leaf hash of the note, 32 bytes: the next entry's `prev` and the log's leaf */
  readonly hash: LeafHash;
}

/**
 * Canonicalises everything of the body that does not depend on its place.
 * @throws CanonicalError NOT_I_JSON | TOO_DEEP with the pointer into the data; LedgerError ENTRY_TOO_LARGE
 */
export function prepareEntry(
  place: { ledger: string; entity: string; at: IsoInstant },
  draft: EntryDraft,
): PreparedEntry {
  const data = canonicalize(draft.data, { integersOnly: true });
  const actor = canonicalize(draft.actor, { integersOnly: true });
  const commits = draft.commits === undefined ? '' : `"commits":${canonicalize(commitsJson(draft.commits))},`;
  // RFC 8785 key order: actor, at, commits, data, entity, idem, ledger, prev, seq, type, v
  const beforePrev =
    `{"actor":${actor},"at":"${place.at}",${commits}"data":${data},"entity":${JSON.stringify(place.entity)},` +
    `"idem":${canonicalize(draft.idem)},"ledger":${JSON.stringify(place.ledger)},"prev":"`;
  const afterSeq = `,"type":${JSON.stringify(draft.type)},"v":1}`;
  const bytes = Buffer.byteLength(beforePrev) + afterSeq.length;
  if (bytes > MAX_NOTE_BYTES - SIGNATURE_RESERVE_BYTES) {
    throw new LedgerError({
      code: 'ENTRY_TOO_LARGE',
      message: `the entry would have ${bytes} bytes, at most ${MAX_NOTE_BYTES - SIGNATURE_RESERVE_BYTES} fit: shorten the payload or store it elsewhere and reference its hash`,
    });
  }
  return { beforePrev, afterSeq };
}

/** The signed text of an entry at its place. */
export function entryText(prepared: PreparedEntry, prev: ChainHash, seq: number): Buffer {
  return Buffer.from(`${ENTRY_HEADER}${prepared.beforePrev}${prev}","seq":${seq}${prepared.afterSeq}\n`);
}

/** Joins text and signature lines to the stored bytes and hashes them. */
export function sealText(text: Uint8Array, signatureLines: string): SealedEntry {
  const note = Buffer.concat([text, Buffer.from(`\n${signatureLines}`)]);
  return { note, hash: leafHash(note) };
}

/**
 * Seals consecutive entries of one chain with one key. Pure and synchronous, so it can run on any thread.
 * @param head hash (hex) and seq of the entry before the first
 */
export function sealRun(
  head: { readonly prev: ChainHash; readonly seq: number },
  run: readonly PreparedEntry[],
  signer: NoteSigner & { readonly keyId: Uint8Array },
): SealedEntry[] {
  let { prev, seq } = head;
  return run.map((prepared) => {
    const text = entryText(prepared, prev, seq);
    const sealed = sealText(text, signatureLine(signer.name, signer.keyId, signText(signer, text)));
    prev = toHex(sealed.hash);
    seq += 1;
    return sealed;
  });
}

/** `prev` of a chain's first entry: hex SHA-256 of the genesis text. */
export function genesisHash(origin: string, entity: string): ChainHash {
  return taggedHash(GENESIS_TAG, origin, entity);
}

export type ParsedEntry =
  | { readonly kind: 'entry'; readonly body: EntryBody; readonly note: SignedNote }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads stored bytes as an entry. Untrusted input: malformed bytes are an answer, never an exception. */
export function parseEntry(bytes: Uint8Array): ParsedEntry {
  if (bytes.length > MAX_NOTE_BYTES) return unreadable(`${bytes.length} bytes, an entry has at most ${MAX_NOTE_BYTES}`);
  const note = parseNote(bytes);
  if ('malformed' in note) return unreadable(note.malformed);
  try {
    const text = decodeUtf8(note.text);
    if (!text.startsWith(ENTRY_HEADER)) return unreadable(`the first line is not ${ENTRY_HEADER.trim()}`);
    const json = text.slice(ENTRY_HEADER.length, -1);
    const body: unknown = JSON.parse(json);
    if (!isCanonical(json, body, { integersOnly: true }))
      return unreadable('the body is not in canonical form (RFC 8785), or has a number that is no integer');
    const problem = bodyProblem(body);
    return problem === undefined ? { kind: 'entry', body: body as EntryBody, note } : unreadable(problem);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof CanonicalError) return unreadable(error.message);
    throw error;
  }
}

const BODY_KEYS = 'actor,at,data,entity,idem,ledger,prev,seq,type,v';
const BODY_KEYS_WITH_COMMITS = 'actor,at,commits,data,entity,idem,ledger,prev,seq,type,v';
const HASH = /^[0-9a-f]{64}$/;

/** What breaks the closed schema, or undefined. By hand: it runs once per verified entry. */
function bodyProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'the body is not an object';
  const keys = Object.keys(value).join(',');
  if (keys !== BODY_KEYS && keys !== BODY_KEYS_WITH_COMMITS) return `the body's keys are ${keys.slice(0, 200)}`;
  const body = value as Record<keyof EntryBody, unknown>;
  if (body.v !== 1) return 'v is not 1';
  if (!Number.isSafeInteger(body.seq) || (body.seq as number) < 0) return 'seq is not a non-negative integer';
  if (typeof body.prev !== 'string' || !HASH.test(body.prev)) return 'prev is not a hex SHA-256';
  if (!isInstant(body.at)) return 'at is not YYYY-MM-DDThh:mm:ss.sssZ';
  if (!areNames(body.ledger, body.entity) || !areNames(body.type, body.idem)) return 'a name is not a string';
  if (!isObject(body.data)) return 'data is not an object';
  if (body.commits !== undefined && !areCommits(body.commits)) return 'commits are not sorted paths with hashes';
  return isActor(body.actor) ? undefined : 'actor is not {kind, id}, with via and logic where known';
}

const ACTOR_KINDS: ReadonlySet<unknown> = new Set<ActorKind>(['person', 'agent', 'module', 'service']);
const ACTOR_KEYS: ReadonlySet<string> = new Set<keyof Actor>(['kind', 'id', 'via', 'logic']);

function isActor(value: unknown): boolean {
  if (!isObject(value)) return false;
  const actor = value as Readonly<Record<string, unknown>>;
  if (!ACTOR_KINDS.has(actor['kind']) || actor['id'] === undefined) return false;
  for (const key of Object.keys(actor))
    if (!ACTOR_KEYS.has(key) || typeof actor[key] !== 'string' || actor[key] === '') return false;
  return true;
}

function areNames(one: unknown, other: unknown): boolean {
  return typeof one === 'string' && typeof other === 'string';
}

function commitsJson(commits: readonly FieldCommitment[]): { hash: string; path: string }[] {
  return commits.map(({ path, hash }) => ({ hash, path }));
}

/** At least one, each path once, in ascending order of code units. */
function areCommits(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  const commits = value as readonly Partial<Record<keyof FieldCommitment, unknown>>[];
  return commits.every(
    (commit, i) =>
      isObject(commit) &&
      Object.keys(commit).join(',') === 'hash,path' &&
      typeof commit.path === 'string' &&
      typeof commit.hash === 'string' &&
      HASH.test(commit.hash) &&
      (i === 0 || (commits[i - 1]?.path as string) < commit.path),
  );
}

function unreadable(reason: string): ParsedEntry {
  return { kind: 'unreadable', reason };
}
