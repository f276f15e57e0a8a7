/**
 * Checks any C2SP tlog-tiles log, ours or not: the signed checkpoint, every entry against the tree, every hash tile on every
 * level, the root. It streams: memory does not grow with the log. It does not know what entries say, nor whether this
 * checkpoint is the newest. Everything read is taken as hostile; a `read` that rejects is passed on, being no finding.
 */
import { leafHash } from '../../canonical/index.ts';
import { defined } from '../../values/index.ts';
import { openCheckpoint, type Checkpoint, type OpenedCheckpoint } from '../notes/checkpoint.ts';
import { LogError } from '../merkle/log-errors.ts';
import { parseLogKey, type LogKey } from '../notes/log-keys.ts';
import { MerkleEdge } from '../merkle/merkle-edge.ts';
import { HASH_BYTES, perfectRoot } from '../merkle/merkle-hash.ts';
import { decodeBundle } from '../merkle/tile-bundle.ts';
import { bundlePath, TILE_HEIGHT, TILE_WIDTH, tilePath, tileWidth } from '../merkle/tile-path.ts';
import { readBundle, readTile, type ReadLogFile } from '../merkle/tile-reader.ts';
import type { Verdict } from '../entries/verification.ts';

/** Bundles fetched ahead of the one being hashed: hides the latency of a web server. One has at most 16.8 MB. */
const READ_AHEAD = 4;

export interface FsckOptions {
  readonly read: ReadLogFile;
  /** C2SP verifier keys; at least one of type Ed25519 must have signed the checkpoint */
  readonly verifierKeys: readonly string[];
  /** default: the name of the key that signed */
  readonly origin?: string;
  /** hash tiles only: for a log whose entries are elsewhere or hashed in another way */
  readonly hashOnly?: boolean;
}

export interface FsckFinding {
  readonly verdict: Exclude<Verdict, 'OK'>;
  /** the file that is bad or missing */
  readonly path: string;
  /** the first entry that is bad, or that the bad file is about */
  readonly position?: number;
  readonly detail: string;
}

export interface FsckReport {
  readonly verdict: Verdict;
  readonly firstBad?: FsckFinding;
  /** from the checkpoint, once it was accepted */
  readonly origin?: string;
  readonly size?: number;
  /** base64 */
  readonly root?: string;
  /** entries (with `hashOnly` leaf hashes) found right, from the first on without a gap */
  readonly entries: number;
  readonly tiles: number;
  readonly checked: readonly string[];
  readonly notChecked: readonly string[];
}

/** Stops at the first thing that is wrong. */
export async function fsckLog(options: FsckOptions): Promise<FsckReport> {
  const opened = await openSigned(options);
  if ('verdict' in opened) {
    const notChecked = ['entries, tiles and root: there is no checkpoint to hold them against'];
    return { verdict: opened.verdict, firstBad: opened, entries: 0, tiles: 0, checked: [], notChecked };
  }
  const walk = new TreeWalk(options.read, opened.checkpoint, options.hashOnly === true);
  const firstBad = await walk.run();
  const { origin, size, root } = opened.checkpoint;
  return {
    verdict: firstBad?.verdict ?? 'OK',
    ...defined({ firstBad }),
    ...{ origin, size, root: Buffer.from(root).toString('base64') },
    ...{ entries: walk.leaves, tiles: walk.tiles },
    checked: checkedBy(walk, opened, firstBad === undefined),
    notChecked: notCheckedBy(walk, opened, firstBad),
  };
}

async function openSigned({
  read,
  verifierKeys,
  origin,
}: FsckOptions): Promise<OpenedCheckpoint<LogKey> | FsckFinding> {
  const path = 'checkpoint';
  const keys: LogKey[] = [];
  for (const vkey of verifierKeys) {
    const key = parseLogKey(vkey);
    if ('malformed' in key) return { verdict: 'KEY_UNKNOWN', path, detail: `verifier key "${vkey}": ${key.malformed}` };
    keys.push(key);
  }
  const note = await read(path);
  if (note === undefined) return { verdict: 'UNREADABLE', path, detail: 'there is no checkpoint' };
  const opened = openCheckpoint(note, keys, origin);
  if (opened.kind === 'refused') return { verdict: opened.verdict, path, detail: opened.reason };
  if (opened.signatures.some(({ key }) => key.role === 'log')) return opened;
  return { verdict: 'KEY_UNKNOWN', path, detail: 'only witnesses signed it: give the verifier key of the log itself' };
}

/** One pass over the leaves in order, with one unfinished tile per level above them. */
class TreeWalk {
  leaves = 0;
  tiles = 0;
  readonly hashOnly: boolean;
  private readonly read: ReadLogFile;
  private readonly checkpoint: Checkpoint;
  private readonly edge = new MerkleEdge();
  /** hashes of the tile being filled, by level; level 0 is read, not filled */
  private readonly filling: Uint8Array[][] = [];

  constructor(read: ReadLogFile, checkpoint: Checkpoint, hashOnly: boolean) {
    this.read = read;
    this.checkpoint = checkpoint;
    this.hashOnly = hashOnly;
  }

  /** @returns the first thing that is wrong */
  async run(): Promise<FsckFinding | undefined> {
    const { size, root } = this.checkpoint;
    for await (const group of readAhead(Math.ceil(size / TILE_WIDTH), (index) => this.readGroup(index))) {
      const bad = 'verdict' in group ? group : await this.accept(group);
      if (bad !== undefined) return bad;
    }
    for (let level = 1; level < this.filling.length; level += 1) {
      const bad = await this.checkFilled(level, Math.floor(size / TILE_WIDTH ** (level + 1)));
      if (bad !== undefined) return bad;
    }
    const found = this.edge.root();
    if (Buffer.compare(found, root) === 0) return undefined;
    const detail = `the ${size} leaves have the root ${base64(found)}, the checkpoint says ${base64(root)}`;
    return { verdict: 'CONTENT_MISMATCH', path: 'checkpoint', detail };
  }

  /** The leaf hashes of one tile, from the entries and from the tile. */
  private async readGroup(index: number): Promise<Group | FsckFinding> {
    const width = tileWidth(0, index, this.checkpoint.size);
    const path = tilePath(0, index, width);
    const position = index * TILE_WIDTH;
    const [bundled, tile] = await Promise.all([
      this.hashOnly ? undefined : this.readLeaves(index, width),
      this.readTile(0, index, width),
    ]);
    if (bundled !== undefined && 'verdict' in bundled) return bundled;
    if (!(tile instanceof Uint8Array)) {
      // Without entries the tile is all there is of them.
      const verdict = this.hashOnly && tile.isMissing ? 'MISSING_ENTRY' : 'UNREADABLE';
      return { verdict, path, position, detail: tile.detail };
    }
    if (bundled === undefined) return { index, hashes: tile };
    const wrong = firstDifference(bundled.hashes, tile);
    if (wrong === undefined) return { index, hashes: tile };
    const detail = `entry ${position + wrong} in ${bundled.path} does not have the hash that the tile has for it`;
    return { verdict: 'CONTENT_MISMATCH', path, position: position + wrong, detail };
  }

  private async readLeaves(index: number, width: number): Promise<FsckFinding | { path: string; hashes: Uint8Array }> {
    const first = index * TILE_WIDTH;
    const bundle = await readBundle(this.read, index, width);
    if (bundle === undefined) {
      const path = bundlePath(index, width);
      return { verdict: 'MISSING_ENTRY', path, position: first, detail: `entries from ${first} on are missing` };
    }
    const { path, bytes } = bundle;
    const { entries, malformed } = decodeBundle(bytes);
    const position = first + Math.min(entries.length, bundle.width);
    if (malformed !== undefined) return { verdict: 'UNREADABLE', path, position, detail: malformed };
    if (entries.length !== bundle.width) {
      const verdict = entries.length < bundle.width ? 'MISSING_ENTRY' : 'UNREADABLE';
      return { verdict, path, position, detail: `has ${entries.length} entries, not ${bundle.width}` };
    }
    return { path, hashes: Buffer.concat(entries.slice(0, width).map((entry) => leafHash(entry))) };
  }

  private async accept({ index, hashes }: Group): Promise<FsckFinding | undefined> {
    this.tiles += 1;
    const width = hashes.length / HASH_BYTES;
    if (width < TILE_WIDTH) {
      for (let i = 0; i < width; i += 1) this.edge.append(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
      this.leaves += width;
      return undefined;
    }
    const root = perfectRoot(hashes);
    this.edge.append(root, TILE_HEIGHT);
    const bad = await this.fill(1, index, root);
    if (bad === undefined) this.leaves += width;
    return bad;
  }

  /** @param place of the hash within its level */
  private async fill(level: number, place: number, hash: Uint8Array): Promise<FsckFinding | undefined> {
    const hashes = (this.filling[level] ??= []);
    hashes.push(hash);
    if (hashes.length < TILE_WIDTH) return undefined;
    const index = Math.floor(place / TILE_WIDTH);
    const root = perfectRoot(Buffer.concat(hashes));
    return (await this.checkFilled(level, index)) ?? (await this.fill(level + 1, index, root));
  }

  /** Holds the computed hashes of one tile above level 0 against the stored ones, and makes room for the next. */
  private async checkFilled(level: number, index: number): Promise<FsckFinding | undefined> {
    const hashes = this.filling[level] ?? [];
    if (hashes.length === 0) return undefined;
    this.filling[level] = [];
    const path = tilePath(level, index, hashes.length);
    const spanned = TILE_WIDTH ** level;
    const position = index * TILE_WIDTH * spanned;
    const tile = await this.readTile(level, index, hashes.length);
    if (!(tile instanceof Uint8Array)) return { verdict: 'UNREADABLE', path, position, detail: tile.detail };
    this.tiles += 1;
    const wrong = firstDifference(Buffer.concat(hashes), tile);
    if (wrong === undefined) return undefined;
    const from = position + wrong * spanned;
    const detail = `entries ${from} to ${from + spanned - 1} do not have the hash that the tile has for them`;
    return { verdict: 'CONTENT_MISMATCH', path, position: from, detail };
  }

  private async readTile(level: number, index: number, width: number): Promise<Uint8Array | NoTile> {
    try {
      const tile = await readTile(this.read, { level, index, width });
      return tile ?? { isMissing: true, detail: 'the tile is missing' };
    } catch (error) {
      if (error instanceof LogError) return { isMissing: false, detail: error.message };
      throw error;
    }
  }
}

interface Group {
  readonly index: number;
  readonly hashes: Uint8Array;
}

interface NoTile {
  readonly isMissing: boolean;
  readonly detail: string;
}

/** `make(0)`, `make(1)` … in order, a few of them under way at a time. */
async function* readAhead<T>(count: number, make: (index: number) => Promise<T>): AsyncGenerator<T> {
  const ahead: Promise<T>[] = [];
  for (let next = 0, given = 0; given < count; given += 1) {
    for (; next < count && ahead.length < READ_AHEAD; next += 1) {
      const made = make(next);
      // If an earlier one ends the walk, nobody waits for this one any more.
      made.catch(() => undefined);
      ahead.push(made);
    }
    yield await (ahead.shift() as Promise<T>);
  }
}

/** @returns index of the first 32 bytes that differ */
function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  if (Buffer.compare(a, b) === 0) return undefined;
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return Math.floor(at / HASH_BYTES);
}

function checkedBy(walk: TreeWalk, { checkpoint, signatures }: OpenedCheckpoint<LogKey>, isWhole: boolean): string[] {
  const what = walk.hashOnly ? 'leaf hashes' : 'entries, each against its leaf hash';
  return [
    `the checkpoint of size ${checkpoint.size}, signed by ${signatures.map(({ key }) => `${key.name} (${key.role})`).join(', ')}`,
    `${walk.leaves} ${what}`,
    `${walk.tiles} hash tiles`,
    ...(isWhole ? ['the root of them all, against the checkpoint'] : []),
  ];
}

function notCheckedBy(
  walk: TreeWalk,
  { checkpoint, unknown }: OpenedCheckpoint<LogKey>,
  firstBad: FsckFinding | undefined,
): string[] {
  return [
    ...(firstBad === undefined ? [] : [`what comes after ${firstBad.path}`]),
    walk.hashOnly ? 'the entries: only hashes were read' : 'what the entries say, and signatures inside them',
    'whether this is the newest checkpoint, and consistent with earlier ones: no other was compared',
    ...(unknown.length === 0 ? [] : [`signatures by keys not given: ${unknown.join(', ')}`]),
    ...(checkpoint.extensions === undefined ? [] : ['extension lines of the checkpoint']),
  ];
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
