/**
 * Merkle trees of logs in the browser: where a leaf stands (RFC 9162, section 2.1.3.2), and that one tree begins with another (2.1.4.2), from the
 * hash tiles that the server publishes. As everything here it is written from the format, not from the code that makes logs.
 */
import { concat, isSame, sha256, type Bytes } from './bytes.ts';

export interface Tree {
  readonly size: number;
  readonly root: Bytes;
}

/** A file of the published log by its path, such as `tile/0/000.p/7`. */
export type ReadTile = (path: string) => Promise<Uint8Array>;

const HASH_BYTES = 32;
/** C2SP tlog-tiles: a tile is eight levels high. */
const TILE_HEIGHT = 8;
const TILE_WIDTH = 256;
const PATH_DIGITS = 3;

export function hashesIn(bytes: Bytes): readonly Bytes[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => bytes.slice(HASH_BYTES * i, HASH_BYTES * (i + 1)));
}

/** undefined: the path has not the one length that fits */
export async function rootFrom(
  leaf: Bytes,
  { size, index, path }: { readonly size: number; readonly index: number; readonly path: readonly Bytes[] },
): Promise<Bytes | undefined> {
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last <= 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = await nodeOf(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = await nodeOf(hash, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? hash : undefined;
}

/**
 * Whether `after` is `before` and what came behind it, by the tiles of `after`. Tiles that say nothing true lead to other roots.
 * @throws whatever reading a tile throws
 */
export async function continues(before: Tree, after: Tree, read: ReadTile): Promise<boolean> {
  if (before.size === after.size) return isSame(before.root, after.root);
  if (before.size > after.size) return false;
  if (before.size === 0) return true; // every tree begins with nothing
  const edge = await Promise.all(perfectParts(0, before.size).map((part) => nodeAt(part, after.size, read)));
  const rest = await Promise.all(perfectParts(before.size, after.size).map((part) => nodeAt(part, after.size, read)));
  const [began, ended] = [await joined(edge), await joined(await merged(edge, rest))];
  return began !== undefined && ended !== undefined && isSame(began, before.root) && isSame(ended, after.root);
}

interface Part {
  readonly level: number;
  /** of its subtrees of that level */
  readonly index: number;
}

/** The largest perfect subtrees that these leaves are made of, from the left. */
function perfectParts(from: number, to: number): Part[] {
  const parts: Part[] = [];
  for (let at = from; at < to;) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level += 1;
    parts.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return parts;
}

interface Placed {
  readonly level: number;
  readonly hash: Bytes;
}

/** Perfect subtrees of the whole, largest first: two of one size that stand side by side are one. */
async function merged(edge: readonly Placed[], rest: readonly Placed[]): Promise<Placed[]> {
  const row = [...edge];
  for (const part of rest) {
    let { level, hash } = part;
    for (let left = row.at(-1); left?.level === level; left = row.at(-1)) {
      row.pop();
      hash = await nodeOf(left.hash, hash);
      level += 1;
    }
    row.push({ level, hash });
  }
  return row;
}

async function joined(row: readonly Placed[]): Promise<Bytes | undefined> {
  let hash: Bytes | undefined;
  for (const part of row.toReversed()) hash = hash === undefined ? part.hash : await nodeOf(part.hash, hash);
  return hash;
}

async function nodeAt({ level, index }: Part, size: number, read: ReadTile): Promise<Placed> {
  const [tileLevel, width] = [Math.floor(level / TILE_HEIGHT), 2 ** (level % TILE_HEIGHT)];
  const first = index * width;
  const tile = Math.floor(first / TILE_WIDTH);
  const there = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** tileLevel) - tile * TILE_WIDTH);
  const bytes = await readTile({ level: tileLevel, index: tile }, there, read);
  const own = hashesIn(bytes).slice(first - tile * TILE_WIDTH, first - tile * TILE_WIDTH + width);
  if (own.length !== width) throw new Error('a tile of the log is too short');
  let row = own;
  while (row.length > 1) row = await Promise.all(pairsOf(row).map(([left, right]) => nodeOf(left, right)));
  return { level, hash: row[0] ?? new Uint8Array() };
}

/** A log may drop a part of a tile once it has the full one. */
async function readTile({ level, index }: Part, width: number, read: ReadTile): Promise<Bytes> {
  const part = read(tilePath(level, index, width));
  const bytes = await (width === TILE_WIDTH ? part : part.catch(() => read(tilePath(level, index, TILE_WIDTH))));
  return new Uint8Array(bytes.subarray(0, width * HASH_BYTES));
}

function pairsOf(row: readonly Bytes[]): readonly (readonly [Bytes, Bytes])[] {
  return row.flatMap((left, i) => {
    const right = row[i + 1];
    return i % 2 === 0 && right !== undefined ? [[left, right] as const] : [];
  });
}

/** `x001/x234/067` is 1234067. */
function tilePath(level: number, index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / PATH_DIGITS) * PATH_DIGITS, '0').match(/.{3}/g) ?? [];
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

function nodeOf(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** Not the bit operators: those cut numbers to 32 bits. */
function half(value: number): number {
  return Math.floor(value / 2);
}
