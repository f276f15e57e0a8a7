/**
 * An entity's chain, verified by this browser from the bytes that the server sent: hashes, canonical form, links from the genesis on, signatures
 * of session keys that the root key vouches for, and of the root key where it decides. The first bad entry ends it. What a browser that has only these bytes
 * cannot know is said, and is never called verified.
 */
import type { EntryView } from '../../../core/system/index.ts';
import { canVerify, sha256, toHex, utf8 } from './bytes.ts';
import { readEntry, type ReadEntry } from './entry.ts';
import { isInSignedTree, isSignedBy, isSignedByRoot, type NamedKey } from './note.ts';
import { createSessionKeys, type SessionKey, type Unusable } from './session-keys.ts';

export interface ChainVerdict {
  /** `verified`: everything listed below holds; `refused`: something is wrong; `unknown`: not verified here */
  readonly kind: 'verified' | 'refused' | 'unknown';
  /** where it ends, and why */
  readonly seq?: number;
  readonly reason?: string;
  /** entries whose bytes, links and signatures hold */
  readonly sound: number;
  /** of the last sound one */
  readonly head?: { readonly seq: number; readonly hash: string };
}

export interface ChainToVerify {
  readonly entity: string;
  /** the root key, from somewhere other than the server; undefined: nothing can be verified */
  readonly root: NamedKey | undefined;
  readonly entries: readonly EntryView[];
  /** what this browser saw of the chain before, or the server says elsewhere: the chain must reach it */
  readonly seen: readonly { readonly seq: number; readonly hash: string; readonly where: string }[];
  readonly readChain: (chain: string) => Promise<readonly EntryView[]>;
}

/** The root key signs these, too: entries about keys, and steps that decide (docs/formats.md). */
const ROOT_SIGNED: ReadonlySet<string> = new Set([
  ...['key.certified', 'key.revoked', 'key.rotated', 'log.incarnated', 'policy.adopted'],
  ...['change.approved', 'change.rejected', 'change.claimed', 'change.executed', 'change.rolled-back'],
  ...['change.rollback-failed', 'change.overridden', 'change.resolved-executed', 'change.resolved-rolled-back'],
]);

export async function verifyChain({ entity, root, entries, seen, readChain }: ChainToVerify): Promise<ChainVerdict> {
  if (root === undefined)
    return {
      kind: 'unknown',
      reason: 'this page was given no root key: open it by "nervous console" with --data or --vkey',
      sound: 0,
    };
  if (!(await canVerify()))
    return {
      kind: 'unknown',
      reason: 'this browser has no Ed25519 here: a page over https or localhost is needed',
      sound: 0,
    };
  const keyNamed = createSessionKeys(root, readChain);
  let prev = await genesisOf(root.name, entity);
  let head: ChainVerdict['head'];
  for (const [seq, view] of entries.entries()) {
    const bad = (kind: 'refused' | 'unknown', reason: string): ChainVerdict => ({
      ...{ kind, seq, reason, sound: seq },
      ...(head === undefined ? {} : { head }),
    });
    const entry = await readEntry(view);
    if (typeof entry === 'string') return bad('refused', entry);
    const misplaced = misplacedIn(entry, { entity, seq, prev });
    if (misplaced !== undefined) return bad('refused', misplaced);
    const wrong = await unsigned(entry, { root, keyNamed, position: view.position });
    if (wrong !== undefined) return bad(wrong.isUnknown ? 'unknown' : 'refused', wrong.unusable);
    prev = entry.hash;
    head = { seq, hash: entry.hash };
  }
  return { ...missing(entries, seen), sound: entries.length, ...(head === undefined ? {} : { head }) };
}

function misplacedIn(
  { body }: ReadEntry,
  { entity, seq, prev }: { readonly entity: string; readonly seq: number; readonly prev: string },
): string | undefined {
  if (body.entity !== entity) return `it is an entry of "${body.entity}"`;
  if (body.seq !== seq) return `entry #${seq} is missing: #${body.seq} stands in its place`;
  return body.prev === prev ? undefined : `it goes on from ${body.prev}, and the entry before it is ${prev}`;
}

interface Trust {
  readonly root: NamedKey;
  readonly keyNamed: (name: string) => Promise<SessionKey | Unusable>;
  readonly position: number | undefined;
}

/** undefined: every line that has to be there is, is right, and no other is */
async function unsigned({ body, note }: ReadEntry, { root, keyNamed, position }: Trust): Promise<Unusable | undefined> {
  const refused = (unusable: string): Unusable => ({ unusable, isUnknown: false });
  const isOfRoot = ROOT_SIGNED.has(body.type);
  const [session] = note.lines;
  if (session === undefined || note.lines.length !== (isOfRoot ? 2 : 1))
    return refused('it has not the signatures of its kind');
  if (isOfRoot && !(await isSignedByRoot(note, root))) return refused('it lacks a right signature of the root key');
  const key = await keyNamed(session.name);
  if ('unusable' in key) return { ...key, unusable: `key ${session.name}: ${key.unusable}` };
  if (!(await isSignedBy(note, key)) && (isOfRoot || !(await isInSignedTree(note, key, root.name))))
    return refused(`the signature of ${session.name} is wrong`);
  const at = Date.parse(body.at);
  if (!(at >= key.notBefore && at <= key.notAfter)) return refused(`its key was not valid at ${body.at}`);
  return isRevoked(key, at, position) ? refused(`its key was revoked`) : undefined;
}

function isRevoked({ revoked }: SessionKey, at: number, position: number | undefined): boolean {
  if (revoked === undefined) return false;
  if (position === undefined || revoked.position === undefined) return at >= Date.parse(revoked.at);
  return position > revoked.position;
}

/** A chain without its end verifies; so it must reach what is known of it. */
function missing(
  entries: readonly EntryView[],
  seen: ChainToVerify['seen'],
): Pick<ChainVerdict, 'kind' | 'seq' | 'reason'> {
  if (entries.length === 0) return { kind: 'refused', seq: 0, reason: 'the server sent no entry at all' };
  const gone = seen.find(({ seq, hash }) => entries[seq]?.hash !== hash);
  if (gone === undefined) return { kind: 'verified' };
  const what = entries[gone.seq] === undefined ? 'is missing' : 'is another one';
  return { kind: 'refused', seq: gone.seq, reason: `entry #${gone.seq} ${what}: ${gone.where} has it as ${gone.hash}` };
}

/** Hex SHA-256 of the tag, the ledger's origin and the entity, a line each. */
async function genesisOf(origin: string, entity: string): Promise<string> {
  return toHex(await sha256(utf8(`nervous-system.genesis.v1\n${origin}\n${entity}\n`)));
}
