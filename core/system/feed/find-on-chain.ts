/**
 * Entries of one chain, from a log index on. Where an entry stands is said by a copy of its log index, which is believed of none:
 * each is read again where it is said to stand, and the first one's predecessor, too. So a damaged index leads to the log
 * itself, and hides nothing.
 */
import type { StoredEntry } from '../../ledger/index.ts';
import { orNone } from '../../values/index.ts';
import { readEntries } from './find-by-topics.ts';
import type { Found, IndexedLog } from './indexed-log.ts';

export interface OnChain {
  readonly chain: string;
  readonly from: number;
  /** everything before it has its place, and the copy of that */
  readonly to: number;
  readonly limit: number;
}

export async function findOnChain(sources: IndexedLog, wanted: OnChain): Promise<Found | undefined> {
  const { chain, from, to, limit } = wanted;
  const head = await sources.entries.head(chain);
  if (head === undefined) return { entries: [], next: to };
  const first = await firstBehind(sources, wanted, head.seq);
  if (first === undefined) return undefined;
  const page = await sources.entries.read(chain, first, limit + 1);
  const isWhole = page.length > limit || (page.length === 0 ? first > head.seq : orNone(page.at(-1)?.seq) >= head.seq);
  const next = nextOf(page, wanted);
  const inLog = page.slice(0, limit).filter(({ position }) => position !== undefined && position < next);
  if (!isWhole || !isRun(page, first) || !isAscending(inLog, from)) return undefined;
  const positions = inLog.map(({ position }) => position as number);
  const entries = await readEntries(sources, positions);
  const stands = entries.length === inLog.length && entries.every((entry, i) => isSame(entry, inLog[i]));
  return stands ? { entries, next } : undefined;
}

/** Binary search for the first seq at or behind the log index. The one before it is looked up in the log. */
async function firstBehind(
  { entries }: IndexedLog,
  { chain, from }: OnChain,
  headSeq: number,
): Promise<number | undefined> {
  let [low, high] = [0, headSeq + 1];
  let before: StoredEntry | undefined;
  while (from > 0 && low < high) {
    const middle = (low + high) >>> 1;
    const [entry] = await entries.read(chain, middle, 1);
    if (entry?.seq !== middle) return undefined;
    if (entry.position === undefined || entry.position >= from) high = middle;
    else [low, before] = [middle + 1, entry];
  }
  if (before?.position === undefined) return low;
  const [there] = await entries.readLog(before.position, 1);
  return isSame(there, before) ? low : undefined;
}

/** The first that is left out, or has no place: of it and what follows nothing is said. */
function nextOf(page: readonly StoredEntry[], { to, limit }: OnChain): number {
  const last = page[limit - 1];
  if (page.length > limit && last?.position !== undefined) return Math.min(to, last.position + 1);
  const open = page.findIndex(({ position }) => position === undefined);
  if (open === -1) return to;
  const placed = page[open - 1];
  return placed?.position === undefined ? 0 : Math.min(to, placed.position + 1);
}

function isRun(page: readonly StoredEntry[], first: number): boolean {
  return page.every(({ seq }, i) => seq === first + i);
}

function isAscending(inLog: readonly StoredEntry[], from: number): boolean {
  return inLog.every(
    ({ position }, i) => (position as number) >= (i === 0 ? from : (inLog[i - 1]?.position as number) + 1),
  );
}

function isSame(one: StoredEntry | undefined, other: StoredEntry | undefined): boolean {
  return (
    one !== undefined &&
    other !== undefined &&
    one.chain === other.chain &&
    one.seq === other.seq &&
    Buffer.compare(one.hash, other.hash) === 0
  );
}
