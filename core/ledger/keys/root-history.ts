/**
 * The root keys of a ledger, one after the other, from one key that the reader trusts: a rotation is signed by the key that
 * goes and the key that comes, so trust follows it both ways. A key is found by its place in the chain `keys/root`, never
 * by a time window. It does not know where rotations are stored. All input is untrusted.
 */
import { msOf, type IsoInstant } from '../../brands/index.ts';
import { parseEntry, type EntryBody, type EntryDraft } from '../entries/entry.ts';
import { ed25519Key, type NoteKey } from '../notes/open-note.ts';
import type { RootSigner, StoredEntry } from '../entries/ports.ts';
import { parseCheckpoint } from '../notes/checkpoint.ts';
import { SYSTEM_ACTOR } from '../append/session-key.ts';
import { isSignedByRoot, noteVerifier, PUBLIC_KEY_BYTES, type SignedNote } from '../notes/signed-note.ts';

/** The one chain that rotations are recorded on. */
export const ROOT_CHAIN = 'keys/root';
export const KEY_ROTATED = 'key.rotated';
/** Rotations that are read at most: one a day for a quarter of a century. */
export const MAX_ROTATIONS = 10_000;

export interface Rotation {
  readonly seq: number;
  /** raw public keys; `from` signs what comes before the entry, `to` what comes after, both the entry itself */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly position: number | undefined;
  readonly at: IsoInstant;
}

type Place = Pick<StoredEntry, 'position'> & Pick<EntryBody, 'at'>;

export interface RootHistory {
  /** raw public keys that the trusted one vouches for, oldest first, itself among them */
  readonly keys: readonly Uint8Array[];
  /** `rotations[i]` led from `keys[i]` to `keys[i + 1]` */
  readonly rotations: readonly Rotation[];
  /** Did the key that was in use at that place sign it? A rotation: both of its keys, and it is one of these. */
  isRootSigned(entry: SignedNote, place: Place & Pick<EntryBody, 'entity' | 'seq' | 'type'>): boolean;
  /** For checkpoints of a log: a former key counts for sizes before it was replaced, so a stolen one forges no later ones. */
  logKeys(origin: string): readonly NoteKey[];
}

/** @param stored what is on the chain `keys/root`, in its order; what is no proper rotation there changes nothing */
export function rootHistory(
  trusted: { readonly name: string; readonly publicKey: Uint8Array },
  stored: readonly StoredEntry[],
): RootHistory {
  const rotations = linked(trusted.publicKey, properRotations(trusted.name, stored));
  const keys = [rotations[0]?.from ?? trusted.publicKey, ...rotations.map(({ to }) => to)];
  const verifiers = keys.map((key) => noteVerifier(trusted.name, key));
  return {
    ...{ keys, rotations },
    isRootSigned: (note, place) => {
      if (place.type === KEY_ROTATED)
        return place.entity === ROOT_CHAIN && rotations.some(({ seq }) => seq === place.seq);
      return verifiers.some((verifier, i) => served(rotations, i, place) && isSignedByRoot(note, verifier));
    },
    logKeys: (origin) =>
      keys.map((key, i) => {
        const replacedAt = rotations[i]?.position;
        return replacedAt === undefined ? ed25519Key(origin, key) : formerLogKey(ed25519Key(origin, key), replacedAt);
      }),
  };
}

/** The entry that hands over; it carries the signatures of both keys. */
export function rotationDraft(from: RootSigner, to: RootSigner, reason: string): EntryDraft {
  return {
    type: KEY_ROTATED,
    actor: SYSTEM_ACTOR,
    idem: Buffer.from(to.publicKey).toString('hex'),
    rootSigned: true,
    roots: [from, to],
    data: {
      algorithm: 'Ed25519',
      from: Buffer.from(from.publicKey).toString('base64'),
      reason,
      to: Buffer.from(to.publicKey).toString('base64'),
    },
  };
}

/** The keys of an entry that says it is a rotation; whether it is one is not looked at. */
export function rotationOf(body: EntryBody): Pick<Rotation, 'from' | 'to'> | undefined {
  if (body.type !== KEY_ROTATED || body.entity !== ROOT_CHAIN) return undefined;
  const [from, to] = [publicKeyOf(body.data['from']), publicKeyOf(body.data['to'])];
  return from === undefined || to === undefined ? undefined : { from, to };
}

function properRotations(name: string, stored: readonly StoredEntry[]): Rotation[] {
  return stored.slice(0, MAX_ROTATIONS).flatMap(({ note, seq, position }) => {
    const parsed = parseEntry(note);
    if (parsed.kind === 'unreadable' || parsed.body.seq !== seq) return [];
    const keys = rotationOf(parsed.body);
    if (keys === undefined) return [];
    const isByBoth = [keys.from, keys.to].every((key) => isSignedByRoot(parsed.note, noteVerifier(name, key)));
    return isByBoth ? [{ ...keys, seq, position, at: parsed.body.at }] : [];
  });
}

/**
 * Those that lead to and from the trusted key. Each key has one turn: of two rotations from it, or to it, the first counts,
 * and none leads back to a key that was there before.
 */
function linked(trusted: Uint8Array, rotations: readonly Rotation[]): Rotation[] {
  const seen = new Set([hex(trusted)]);
  const links: Rotation[] = [];
  const start = rotations.findIndex(({ from }) => isSame(from, trusted));
  let end = start < 0 ? rotations.length : start;
  for (let key = trusted; ; key = links[0]?.from as Uint8Array) {
    const i = rotations.findIndex(({ to }, at) => at < end && isSame(to, key));
    const one = rotations[i];
    if (one === undefined || seen.has(hex(one.from))) break;
    links.unshift(one);
    seen.add(hex(one.from));
    end = i;
  }
  for (const one of start < 0 ? [] : rotations.slice(start)) {
    if (!isSame(one.from, links.at(-1)?.to ?? trusted) || seen.has(hex(one.to))) continue;
    links.push(one);
    seen.add(hex(one.to));
  }
  return links;
}

/** Was `keys[i]` in use there? The log's order decides; where it is not known, the entry's time. */
function served(rotations: readonly Rotation[], i: number, place: Place): boolean {
  const [began, ended] = [rotations[i - 1], rotations[i]];
  return (began === undefined || order(began, place) <= 0) && (ended === undefined || order(place, ended) <= 0);
}

function order(a: Place, b: Place): number {
  if (a.position !== undefined && b.position !== undefined) return a.position - b.position;
  return msOf(a.at) - msOf(b.at);
}

function formerLogKey(key: NoteKey, replacedAt: number): NoteKey {
  return {
    ...key,
    verify: (text, signature) => {
      if (!key.verify(text, signature)) return false;
      const checkpoint = parseCheckpoint(text);
      return 'malformed' in checkpoint || checkpoint.size <= replacedAt;
    },
  };
}

function publicKeyOf(value: unknown): Uint8Array | undefined {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.of();
  return bytes.length === PUBLIC_KEY_BYTES && bytes.toString('base64') === value ? bytes : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
