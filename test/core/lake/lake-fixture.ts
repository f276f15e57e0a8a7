/** A published log of entries of many types on two days, signed for nobody but for its checkpoints; and a lake in memory that breaks where one wants. */
import { canonicalize, leafHash, type JsonObject } from '../../../core/canonical/index.ts';
import type { LakeFiles } from '../../../core/lake/index.ts';
import {
  formatCheckpoint,
  growLog,
  MerkleEdge,
  signNote,
  type LoggedEntry,
  type NoteSignatory,
  type ReadLogFile,
} from '../../../core/ledger/index.ts';
import { memoryRootSigner } from '../../../adapters/memory/index.ts';

export const ORIGIN = 'ledger.test/main';
export const ROOT = memoryRootSigner(ORIGIN);
const SIGNATURE = Buffer.alloc(68, 1).toString('base64');
const CHUNK = 4_096;
const SECONDS_BETWEEN = 7;
/** 23:30 of the day before: the log goes past midnight after 257 entries. */
const BEGAN = Date.parse('2026-11-21T23:30:00.000Z');

const SAMPLES: readonly { readonly type: string; readonly data: JsonObject; readonly kind?: string }[] = [
  {
    type: 'event',
    data: { payload: { amount: '12.50', note: 'ČS – ₤ 😀' }, source: 'bank', topic: 'transactions.new', version: 1 },
  },
  {
    type: 'event',
    data: {
      payload: { amount: '7.00' },
      source: 'bank',
      topic: 'transactions.new',
      version: 1,
      metadata: { correlationId: 'c-1' },
    },
  },
  {
    type: 'change.proposed',
    data: { change: '01J', revision: 1, title: 'Raise the limit', rationale: 'they asked' },
    kind: 'agent',
  },
  { type: 'change.assessed', data: { change: '01J', revision: 1, level: 'L2' }, kind: 'service' },
  { type: 'change.voted', data: { change: '01J', revision: 1, decision: 'approve', personId: 'eva' }, kind: 'person' },
  { type: 'change.applied', data: { change: '01J', revision: 1, version: 1, hash: '0'.repeat(64) }, kind: 'service' },
  { type: 'change.overridden', data: { change: '01K', revision: 1, personId: 'eva', reason: 'fire' }, kind: 'person' },
  {
    type: 'delegation.granted',
    data: { from: 'eva', to: 'jan', roles: ['risk'], until: '2026-12-01T00:00:00.000Z', reason: 'away' },
    kind: 'person',
  },
  { type: 'key.certified', data: { key: 'k' }, kind: 'service' },
];

export function sampleEntry(position: number): LoggedEntry {
  const { type, data, kind = 'module' } = SAMPLES[position % SAMPLES.length] as (typeof SAMPLES)[number];
  const entity = `account:${position % 97}`;
  const seq = Math.floor(position / 97);
  const body = {
    actor: { id: `${kind}-${position % 5}`, kind },
    at: new Date(BEGAN + position * SECONDS_BETWEEN * 1_000).toISOString(),
    ...{ data, entity, idem: `e-${position}`, ledger: 'main', prev: '0'.repeat(64), seq, type, v: 1 },
  };
  return entryOf(canonicalize(body), { chain: entity, seq, position });
}

export function entryOf(text: string, place: { chain: string; seq: number; position: number }): LoggedEntry {
  const note = Buffer.from(`nervous-system.entry.v1\n${text}\n\n— keys/0123456789abcdef ${SIGNATURE}\n`);
  return { ...place, note, hash: leafHash(note) };
}

export class PublishedLog {
  readonly files = new Map<string, Uint8Array>();
  readonly read: ReadLogFile = async (path) => this.files.get(path);
  private readonly edge = new MerkleEdge();

  get size(): number {
    return this.edge.size;
  }

  async grow(count: number, signers: readonly NoteSignatory[] = [ROOT], origin = ORIGIN): Promise<this> {
    for (let left = count; left > 0; left -= CHUNK) {
      const { size } = this.edge;
      const entries = Array.from({ length: Math.min(left, CHUNK) }, (_, i) => sampleEntry(size + i));
      const grown = growLog({ size, entries, read: this.read });
      for await (const { path, bytes } of grown) this.files.set(path, bytes);
      for (const { hash } of entries) this.edge.append(hash);
    }
    const checkpoint = { origin, size: this.edge.size, root: this.edge.root() };
    this.files.set('checkpoint', await signNote(formatCheckpoint(checkpoint), signers));
    return this;
  }
}

export class Killed extends Error {}

export class MemoryLake implements LakeFiles {
  readonly stored: Map<string, Uint8Array>;
  /** counts what was made, and may throw: before it is made, or after */
  before: (path: string) => void = () => {};
  after: (path: string) => void = () => {};

  constructor(stored: Iterable<readonly [string, Uint8Array]> = []) {
    this.stored = new Map(stored);
  }

  read = async (path: string): Promise<Uint8Array | undefined> => this.stored.get(path);

  create = async (path: string, bytes: Uint8Array): Promise<boolean> => {
    if (this.stored.has(path)) return false;
    this.before(path);
    this.stored.set(path, bytes);
    this.after(path);
    return true;
  };

  list = async (below: string): Promise<readonly string[]> =>
    [...this.stored.keys()].filter((path) => path.startsWith(below)).sort();
}
