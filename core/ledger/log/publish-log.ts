/**
 * Publishes the log: tiles, then a checkpoint, then its anchor, then cosignatures. It signs nothing that does not begin with
 * what was signed before, and nothing that is not durable. Started again after any crash it ends where it would have ended.
 * Two at once are harmless: they make the same bytes of the same entries.
 */
import { leafHash } from '../../canonical/index.ts';
import { formatCheckpoint, openCheckpoint, type Checkpoint } from '../notes/checkpoint.ts';
import { cosignatureTime } from '../notes/checkpoint-cosignature.ts';
import { addCheckpointBody, conflictSize } from './witness-request.ts';
import { LogError } from '../merkle/log-errors.ts';
import type { AnchorStore, LogFiles, Witness } from './log-ports.ts';
import { MerkleEdge } from '../merkle/merkle-edge.ts';
import { consistencyProof, type TreeNode } from '../merkle/merkle-prove.ts';
import { ed25519Key, openNote, signNote, type NoteKey } from '../notes/open-note.ts';
import type { Clock, EntryStore, RootSigner } from '../entries/ports.ts';
import { tileHashReader } from '../merkle/tile-reader.ts';
import { growLog } from '../merkle/tile-writer.ts';
import { TILE_WIDTH } from '../merkle/tile-path.ts';

/** Entries read and written to tiles at a time: bounds memory, and most tiles are written full at once. */
const CHUNK = 16 * TILE_WIDTH;
const PAGE = 1_024;
/** A cosignature tells auditors that the checkpoint is still the newest: renewed when older than this. */
export const HEARTBEAT_MS = 600_000;
const CHECKPOINT = 'checkpoint';

export interface LogPublisherOptions {
  /** identity of the log: the ledger's origin */
  readonly origin: string;
  readonly entries: Pick<EntryStore, 'readLog' | 'size'>;
  readonly files: LogFiles;
  readonly anchors: AnchorStore;
  readonly witnesses: readonly Witness[];
  readonly rootSigner: RootSigner;
  /** earlier root keys, whose checkpoints are still to be built on */
  readonly formerKeys?: readonly NoteKey[];
  readonly clock: Clock;
  /** entries that one round adds at most, so that progress is kept where time is limited; default: no limit */
  readonly maxGrowth?: number;
  /** Told when a witness does not cosign: the checkpoint stands without it. Must not throw. */
  readonly onWitnessError?: (error: Error) => void;
}

export interface PublishedLog {
  readonly size: number;
  readonly root: Uint8Array;
  /** false: nothing new was there to publish */
  readonly grew: boolean;
  /** the published checkpoint was gone, or older than what is anchored: somebody put it back. It is not any more */
  readonly restored: boolean;
  /** the signed checkpoint with the cosignatures it has */
  readonly note: Uint8Array;
}

interface Signed {
  readonly checkpoint: Checkpoint;
  readonly note: Uint8Array;
}

export interface LogPublisher {
  /** One round. @throws LogError LOG_DIVERGED | LOG_SHRUNK: nothing was signed, and nothing will be until that is explained */
  publish(): Promise<PublishedLog>;
}

export function createLogPublisher(options: LogPublisherOptions): LogPublisher {
  return new Publisher(options);
}

class Publisher implements LogPublisher {
  private readonly options: LogPublisherOptions;
  /** of the last checkpoint this process published */
  private edge: MerkleEdge | undefined;

  constructor(options: LogPublisherOptions) {
    this.options = options;
  }

  /** Asked each time: the root key may be rotated while this runs. */
  private get keys(): readonly NoteKey[] {
    const { rootSigner, formerKeys = [] } = this.options;
    return [ed25519Key(rootSigner.name, rootSigner.publicKey), ...formerKeys];
  }

  async publish(): Promise<PublishedLog> {
    const { entries, files, maxGrowth = Infinity } = this.options;
    const before = await files.read(CHECKPOINT);
    const last = await this.lastSigned(before);
    const edge = await this.edgeOf(last?.checkpoint);
    const stored = await entries.size();
    const from = edge.size;
    if (stored < from) throw shrunk(from, stored);
    const size = Math.min(stored, from + maxGrowth);
    const full = await this.writeTiles(edge, size);
    // Dying here leaves files that no checkpoint promises; the next round writes the same bytes again.
    const grew = size > from || last === undefined;
    const note = grew ? await this.sign(edge) : last.note;
    // A checkpoint is anchored after it is published: honest work never leaves an older one in its place.
    const restored = last !== undefined && last.note !== before;
    // Dying here loses a signature that nobody has seen.
    if ((grew || restored) && !(await files.replaceCheckpoint(note, before))) return this.publish(); // another publisher was faster
    // Dying here leaves a checkpoint without its anchor: the next round puts it.
    await this.anchor({ checkpoint: { origin: this.options.origin, size, root: edge.root() }, note });
    // Dying here leaves an anchored checkpoint without cosignatures, and partial tiles nobody needs: as above.
    const cosigned = await this.cosign(note, edge);
    for (const path of full) await files.removePartials(path);
    this.edge = edge;
    return { size, root: edge.root(), grew, restored, note: cosigned };
  }

  /** The largest checkpoint that was ever shown: what is signed next has to begin with it. */
  private async lastSigned(published: Uint8Array | undefined): Promise<Signed | undefined> {
    const { anchors } = this.options;
    const newest = await anchors.newest();
    const anchored = newest === undefined ? undefined : await anchors.read(newest);
    const known = [published, anchored].filter((note) => note !== undefined).map((note) => this.open(note));
    return known.sort((a, b) => b.checkpoint.size - a.checkpoint.size)[0];
  }

  private open(note: Uint8Array): Signed {
    const opened = openCheckpoint(note, this.keys, this.options.origin);
    if (opened.kind === 'opened') return { checkpoint: opened.checkpoint, note };
    throw new LogError('LOG_DIVERGED', `the last checkpoint cannot be trusted: ${opened.reason}: verify the log`);
  }

  /** The tree's right edge at the last checkpoint, out of the tiles, which must still give the root that was signed. */
  private async edgeOf(last: Checkpoint | undefined): Promise<MerkleEdge> {
    if (last === undefined) return new MerkleEdge();
    if (this.edge?.size === last.size && isSame(this.edge.root(), last.root)) return new MerkleEdge(this.edge.state());
    const hashes = await tileHashReader(this.options.files.read, last.size)(perfectSubtrees(last.size));
    const edge = new MerkleEdge({ size: last.size, edge: Buffer.concat(hashes) });
    if (isSame(edge.root(), last.root)) return edge;
    throw new LogError(
      'LOG_DIVERGED',
      `the tiles do not give the root that was signed for size ${last.size}: verify the log, restore its files`,
    );
  }

  /** @returns the tiles and bundles that became full */
  private async writeTiles(edge: MerkleEdge, size: number): Promise<string[]> {
    const { files } = this.options;
    const full: string[] = [];
    while (edge.size < size) {
      const from = edge.size;
      const entries = await this.readEntries(from, Math.min(size, from - (from % TILE_WIDTH) + CHUNK));
      const written: Promise<void>[] = [];
      for await (const { path, bytes } of growLog({ size: from, entries, read: files.read })) {
        const writing = files.write(path, bytes);
        writing.catch(() => {}); // told below; until then nobody listens, and that would end the process
        written.push(writing);
        if (completesPartial(path, from)) full.push(path);
      }
      await Promise.all(written);
      for (const { hash } of entries) edge.append(hash);
    }
    return full;
  }

  private async readEntries(from: number, to: number): Promise<{ note: Uint8Array; hash: Uint8Array }[]> {
    const entries: { note: Uint8Array; hash: Uint8Array }[] = [];
    while (from + entries.length < to) {
      const next = from + entries.length;
      const page = await this.options.entries.readLog(next, Math.min(PAGE, to - next));
      if (page[0]?.position !== next) throw shrunk(to, next);
      for (const { note, hash, position } of page) {
        if (!isSame(leafHash(note), hash))
          throw new LogError(
            'LOG_DIVERGED',
            `entry ${position} does not have the bytes it was stored with: verify the ledger`,
          );
        entries.push({ note, hash });
      }
    }
    return entries;
  }

  private sign(edge: MerkleEdge): Promise<Uint8Array> {
    const { origin, rootSigner } = this.options;
    return signNote(formatCheckpoint({ origin, size: edge.size, root: edge.root() }), [rootSigner]);
  }

  private async anchor({ checkpoint, note }: Signed): Promise<void> {
    const { anchors } = this.options;
    if ((await anchors.put(checkpoint.size, note)) === 'stored') return;
    const stored = await anchors.read(checkpoint.size);
    const known = stored === undefined ? undefined : this.open(stored).checkpoint;
    if (known !== undefined && isSame(known.root, checkpoint.root)) return;
    throw new LogError('LOG_DIVERGED', `size ${checkpoint.size} is anchored with another root: the log was forked`);
  }

  /** Cosignatures that are missing or old are asked for; without an answer the checkpoint stands as it is. */
  private async cosign(note: Uint8Array, edge: MerkleEdge): Promise<Uint8Array> {
    const { witnesses, files, onWitnessError } = this.options;
    let cosigned = note;
    for (const witness of witnesses) {
      if (this.isFresh(cosigned, witness)) continue;
      try {
        const line = await this.askWitness(witness, { note, edge });
        cosigned = withLine(cosigned, witness.key, line);
      } catch (error) {
        onWitnessError?.(error instanceof Error ? error : new Error(String(error)));
      }
    }
    if (cosigned !== note) await files.replaceCheckpoint(cosigned, note);
    return cosigned;
  }

  private isFresh(note: Uint8Array, { key }: Witness): boolean {
    const opened = openNote(note, [...this.keys, key]);
    const line = opened.kind === 'opened' ? opened.signatures.find((one) => one.key === key) : undefined;
    const time = line === undefined ? undefined : cosignatureTime(line.signature);
    return time !== undefined && this.options.clock.now() - time * 1_000 < HEARTBEAT_MS;
  }

  /** The witness says where it stands if we are wrong about it: one more question settles that. */
  private async askWitness(witness: Witness, { note, edge }: { note: Uint8Array; edge: MerkleEdge }): Promise<string> {
    let oldSize = edge.size;
    for (let tries = 0; tries < 2; tries += 1) {
      const read = tileHashReader(this.options.files.read, edge.size);
      const proof = await consistencyProof(oldSize, edge.size, read);
      const { status, body } = await witness.addCheckpoint(addCheckpointBody({ oldSize, proof, note }));
      if (status === 200) return body;
      const known = status === 409 ? conflictSize(body) : undefined;
      if (known === undefined || known > edge.size || known === oldSize)
        throw new LogError(
          'WITNESS_REFUSED',
          `witness "${witness.key.name}" answered ${status}: ${body.slice(0, 200).trim()}`,
        );
      oldSize = known;
    }
    throw new LogError('WITNESS_REFUSED', `witness "${witness.key.name}" keeps changing its mind about the size`);
  }
}

/** Replaces the witness's older line, if there is one. @throws LogError WITNESS_REFUSED when the new one is not right */
function withLine(note: Uint8Array, key: NoteKey, line: string): Uint8Array {
  const text = Buffer.from(note).toString('utf8');
  const kept = text.split('\n').filter((old) => !old.startsWith(`— ${key.name} `));
  const cosigned = Buffer.from(`${kept.join('\n')}${line}`);
  const opened = openNote(cosigned, [key]);
  if (opened.kind === 'opened') return cosigned;
  throw new LogError('WITNESS_REFUSED', `the cosignature of "${key.name}" is not right: ${opened.reason}`);
}

/** A tile or bundle that is full now, at whose place there was a part of it. */
function completesPartial(path: string, from: number): boolean {
  if (path.includes('.p/')) return false;
  const [, level = ''] = path.split('/');
  const width = TILE_WIDTH ** (level === 'entries' ? 0 : Number(level));
  const held = Math.floor(from / width);
  return held % TILE_WIDTH !== 0 && path.endsWith(String(Math.floor(held / TILE_WIDTH) % 1_000).padStart(3, '0'));
}

/** Largest first: one for every 1 in the binary form of the size. */
function perfectSubtrees(size: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let from = 0; from < size;) {
    let level = 0;
    while (2 ** (level + 1) <= size - from) level += 1;
    nodes.push({ level, index: from / 2 ** level });
    from += 2 ** level;
  }
  return nodes;
}

function shrunk(expected: number, found: number): LogError {
  return new LogError(
    'LOG_SHRUNK',
    `${expected} entries were published, ${found} are stored: verify the ledger, restore it`,
  );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
