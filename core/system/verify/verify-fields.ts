/**
 * Verifies confidential fields against the ledger. The vault must hold exactly what entries are committed to, and a change-set
 * must have recorded the destruction of every field that is missing. Values are checked only where the keys are at hand.
 */
import type { Vault } from '../../events/index.ts';
import { atOneMoment } from './at-one-moment.ts';
import {
  findingAt,
  parseEntry,
  SALT_BYTES,
  type EntryBody,
  type EntryStore,
  type FieldCommitment,
  type Finding,
  type Item,
  type ItemStore,
} from '../../ledger/index.ts';
import { must } from '../../errors/index.ts';
import { isUnreadable } from '../../values/index.ts';

const PAGE = 500;
const SEQ_DIGITS = 16;
/** Nonce and tag of AES-256-GCM: a box has the ciphertext between them. */
const MIN_BOX_BYTES = 12 + 16;

export interface FieldSources {
  readonly ledger: string;
  readonly entries: Pick<EntryStore, 'read' | 'head'>;
  readonly items: Pick<ItemStore, 'list'>;
  /** opens what is kept; absent: the keys are not at hand, and only forms and places are looked at */
  readonly vault?: Pick<Vault, 'open'>;
  /** entries with a smaller log index may lack their fields: the ledger was restored without them */
  readonly restoredWithout?: number;
}

interface Committed {
  readonly seq: number;
  readonly commitment: FieldCommitment;
  readonly mayLack: boolean;
}

/**
 * The chains' entries were verified before.
 * @param chains each that has an entry committed to a field, and each for which one is kept
 * @returns the first field in the order of chains and entries that is not right
 */
export async function verifyFields(sources: FieldSources, chains: Iterable<string>): Promise<Finding | undefined> {
  for (const chain of chains) {
    const finding = await verifyFieldsOf(sources, chain);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

async function verifyFieldsOf(sources: FieldSources, chain: string): Promise<Finding | undefined> {
  const { kept, length } = await atOneMoment(sources.entries, chain, () => readKept(sources, chain));
  const at = (seq: number, verdict: Finding['verdict'], detail: string): Finding =>
    findingAt({ chain, seq }, verdict, detail);
  if ('unreadable' in kept) return at(0, 'UNREADABLE', `a confidential field of it: ${kept.unreadable}`);
  const { committed, destroyed } = await readChain(sources, chain, length);
  for (const [key, { seq, commitment, mayLack }] of committed) {
    const item = kept.get(key);
    const { path } = commitment;
    if (item === undefined && !destroyed.has(key) && !mayLack)
      return at(seq, 'DRIFT', `the confidential field ${path} is gone, and no entry says that it was destroyed`);
    if (item !== undefined && destroyed.has(key))
      return at(seq, 'DRIFT', `the confidential field ${path} is kept, but an entry says that it was destroyed`);
    if (item === undefined) continue;
    if (!isSealed(item.value))
      return at(seq, 'UNREADABLE', `what is kept for ${path} has not the form of a sealed field`);
    if (!(await opens(sources, { chain, seq, commitment })))
      return at(seq, 'CONTENT_MISMATCH', `what is kept for ${path} is not what the entry is committed to`);
  }
  const other = [...kept.keys()].find((key) => !committed.has(key));
  if (other === undefined) return undefined;
  const seq = /^[0-9]{16}/.test(other) ? Number(other.slice(0, SEQ_DIGITS)) : 0;
  return at(Number.isSafeInteger(seq) ? seq : 0, 'DRIFT', 'a confidential field is kept that no entry is committed to');
}

async function opens(
  { vault }: FieldSources,
  { chain, seq, commitment }: { readonly chain: string; readonly seq: number; readonly commitment: FieldCommitment },
): Promise<boolean> {
  try {
    await vault?.open(chain, seq, commitment);
    return true;
  } catch (error) {
    // A data key that is gone, cannot be read or is not that of the entity opens nothing either.
    if (error instanceof Error) return false;
    throw error;
  }
}

async function readChain(
  { entries, restoredWithout = 0 }: FieldSources,
  chain: string,
  length: number,
): Promise<{ readonly committed: ReadonlyMap<string, Committed>; readonly destroyed: ReadonlySet<string> }> {
  const committed = new Map<string, Committed>();
  const destroyed = new Set<string>();
  for (let from = 0; from < length;) {
    const page = await entries.read(chain, from, Math.min(PAGE, length - from));
    for (const { note, seq, position } of page) {
      const parsed = parseEntry(note);
      if (parsed.kind !== 'entry') continue;
      const mayLack = position !== undefined && position < restoredWithout;
      for (const commitment of parsed.body.commits ?? [])
        committed.set(keyOf(seq, commitment.path), { seq, commitment, mayLack });
      for (const key of destroyedBy(parsed.body)) destroyed.add(key);
    }
    if (page.length === 0) break;
    from = (page.at(-1)?.seq ?? from) + 1;
  }
  return { committed, destroyed };
}

/** That a change-set led to it is for the replay of the chain. */
function destroyedBy({ type, data }: EntryBody): string[] {
  const { seq, fields } = data;
  if (type !== 'redacted' || typeof seq !== 'number' || !Array.isArray(fields)) return [];
  return fields.map((path) => keyOf(seq, String(path)));
}

async function readKept(
  { ledger, items }: FieldSources,
  chain: string,
): Promise<Map<string, Item> | { readonly unreadable: string }> {
  const kept = new Map<string, Item>();
  try {
    for (let after = ''; ;) {
      const page = await items.list(`${ledger}#sensitive#${chain}`, { after, limit: PAGE });
      for (const item of page) kept.set(item.sk, item);
      if (page.length < PAGE) return kept;
      after = must(page.at(-1), 'the end of a full page').sk;
    }
  } catch (error) {
    if (isUnreadable(error) || error instanceof SyntaxError) return { unreadable: error.message };
    throw error;
  }
}

/** `{salt, box}`, base64. */
export function isSealed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).sort().join() !== 'box,salt') return false;
  const { salt, box } = value as { readonly salt: unknown; readonly box: unknown };
  return lengthOf(salt) === SALT_BYTES && lengthOf(box) >= MIN_BOX_BYTES;
}

/** -1: not canonical base64. */
function lengthOf(value: unknown): number {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
  return bytes !== undefined && bytes.toString('base64') === value ? bytes.length : -1;
}

function keyOf(seq: number, path: string): string {
  return `${String(seq).padStart(SEQ_DIGITS, '0')}${path}`;
}
