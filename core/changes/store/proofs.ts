/**
 * Trusts entries rather than items: reads back a part of a chain and checks hashes, links and signatures. An item that grants
 * something is believed only because such entries say the same. Where they do not, somebody changed what is stored, and that
 * is reported.
 */
import { leafHash, toHex } from '../../canonical/index.ts';
import {
  genesisHash,
  parseEntry,
  readPlace,
  type CheckedEntry,
  type EntryStore,
  type Finding,
  type StoredEntry,
} from '../../ledger/index.ts';
import type { ChainEntry } from '../model/steps.ts';

export interface Proofs {
  /** Looks at hash, place and signatures of entries; made anew for each proof, so that keys revoked since are known. */
  readonly verifier: () => { readonly check: (stored: StoredEntry) => Promise<CheckedEntry> };
  /** of the ledger: chains begin with its hash */
  readonly origin: string;
  /** Told when what is stored is not what was recorded. Must not throw. */
  readonly onTamper: (finding: Finding) => void;
}

/** Entries of a chain that follow each other. */
export interface Segment {
  readonly entries: readonly ChainEntry[];
  /** the first that is not sound, or does not follow the one before it */
  readonly bad?: Finding;
}

/** Entries read at once. */
const PAGE = 100;

/**
 * The chain from `from` to its end.
 * @param prev hash of the entry before, hex; at seq 0 the chain's beginning is known
 * @param isOurs false: only hash and link are looked at, and it is left out
 */
export async function readProven(
  { entries, verifier, origin }: Pick<Proofs, 'verifier' | 'origin'> & { readonly entries: Pick<EntryStore, 'read'> },
  chain: string,
  { from, prev, isOurs = () => true }: { from: number; prev?: string; isOurs?: (stored: StoredEntry) => boolean },
): Promise<Segment> {
  const checker = verifier();
  const found: ChainEntry[] = [];
  let before = from === 0 ? genesisHash(origin, chain) : prev;
  for (let seq = from; ;) {
    const page = await entries.read(chain, seq, PAGE);
    for (const stored of page) {
      const damage = damageOf(stored, { chain, seq, before });
      if (damage !== undefined) return { entries: found, bad: damage };
      const hash = toHex(stored.hash);
      if (isOurs(stored)) {
        const checked = await checker.check(stored);
        if (checked.kind === 'bad') return { entries: found, bad: checked.finding };
        found.push({ body: checked.body, hash });
      }
      [before, seq] = [hash, seq + 1];
    }
    if (page.length < PAGE) return { entries: found };
  }
}

/** What is wrong with bytes and link, before anything is believed of what they say. */
function damageOf(
  stored: StoredEntry,
  { chain, seq, before }: { readonly chain: string; readonly seq: number; readonly before: string | undefined },
): Finding | undefined {
  const bad = (verdict: Finding['verdict'], detail: string): Finding => ({ verdict, entity: chain, seq, detail });
  if (stored.seq !== seq) return bad('MISSING_ENTRY', `the chain goes on with #${stored.seq}`);
  const link = linkOf(stored);
  if (link === undefined) return bad('CONTENT_MISMATCH', 'the stored bytes are not those of the recorded hash');
  return before === undefined || link === before
    ? undefined
    : bad('LINK_BROKEN', `it names ${link} as the entry before it, which is ${before}`);
}

/** Hash of the entry before it, as the entry itself says; undefined: the bytes are not what was hashed, or stand elsewhere. */
function linkOf({ chain, seq, note, hash }: StoredEntry): string | undefined {
  if (Buffer.compare(leafHash(note), hash) !== 0) return undefined;
  const parsed = readPlace(note) === undefined ? parseEntry(note) : undefined;
  const place = parsed?.kind === 'entry' ? parsed.body : readPlace(note);
  return place?.entity === chain && place.seq === seq ? place.prev : undefined;
}
