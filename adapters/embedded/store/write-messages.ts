/**
 * What the thread that serves and the thread that writes say to each other. Groups cross flat, their bytes in one buffer that is
 * handed over and not copied: a tree of small objects would cost more to copy than the write that it is about.
 */
import type {
  CommitGroup,
  CommitOutcome,
  EntryToStore,
  Finding,
  ItemKey,
  ItemWrite,
} from '../../../core/ledger/index.ts';
import { leafAt, LedgerError } from '../../../core/ledger/index.ts';
import { EngineError } from '../machine/errors.ts';

const HASH_BYTES = 32;

export type WriteWork =
  | { readonly kind: 'commit'; readonly groups: PackedGroups }
  | { readonly kind: 'write'; readonly writes: readonly ItemWrite[] }
  | { readonly kind: 'close' };

export interface WriteMessage {
  readonly job: number;
  /** positions below it are taken, whatever the file says */
  readonly end: number;
  readonly work: WriteWork;
}

export type WriteResult =
  | { readonly kind: 'commit'; readonly outcomes: PackedOutcomes }
  | { readonly kind: 'write'; readonly failed: ItemKey | undefined }
  | { readonly kind: 'close' }
  | { readonly kind: 'error'; readonly error: PlainError };

export interface WriteReply {
  readonly job: number;
  /** as in the message */
  readonly end: number;
  /** what the store found that somebody else did to the file */
  readonly findings: readonly Finding[];
  readonly result: WriteResult;
}

export interface PackedGroups {
  /** entries of each group */
  readonly sizes: Uint32Array;
  readonly chains: readonly string[];
  readonly seqs: Float64Array;
  readonly idemKeys: readonly (string | undefined)[];
  /** of each entry its note, and after all notes the hashes */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array;
  /** of each group; absent: none has any */
  readonly writes?: readonly (readonly ItemWrite[])[];
}

export function packGroups(groups: readonly CommitGroup[]): PackedGroups {
  const entries = groups.flatMap((group) => group.entries);
  const lengths = Uint32Array.from(entries, ({ note }) => note.length);
  const hashesAt = lengths.reduce((sum, length) => sum + length, 0);
  const bytes = new Uint8Array(hashesAt + entries.length * HASH_BYTES);
  let at = 0;
  for (const [i, { note, hash }] of entries.entries()) {
    bytes.set(note, at);
    bytes.set(hash, hashesAt + i * HASH_BYTES);
    at += note.length;
  }
  return {
    sizes: Uint32Array.from(groups, (group) => group.entries.length),
    chains: entries.map(({ chain }) => chain),
    seqs: Float64Array.from(entries, ({ seq }) => seq),
    idemKeys: entries.map(({ idemKey }) => idemKey),
    ...{ bytes, lengths },
    ...(groups.some(({ writes }) => writes.length > 0) && { writes: groups.map(({ writes }) => writes) }),
  };
}

export function unpackGroups(packed: PackedGroups): CommitGroup[] {
  const { sizes, chains, seqs, idemKeys, bytes, lengths, writes } = packed;
  const hashes = bytes.subarray(bytes.length - chains.length * HASH_BYTES);
  let next = 0;
  let at = 0;
  return Array.from(sizes, (size, group) => ({
    entries: Array.from({ length: size }, (): EntryToStore => {
      const entry = next++;
      const note = bytes.subarray(at, (at += lengths[entry] as number));
      return {
        ...{ chain: chains[entry] as string, seq: seqs[entry] as number, idemKey: idemKeys[entry] },
        ...{ note, hash: leafAt(hashes, entry) },
      };
    }),
    writes: writes?.[group] ?? [],
  }));
}

/** Most groups are committed, and have their entries behind one another. */
export interface PackedOutcomes {
  /** position of each group's first entry; NaN: it is among the others, or has none */
  readonly firsts: Float64Array;
  readonly others: ReadonlyMap<number, CommitOutcome>;
}

export function packOutcomes(outcomes: readonly CommitOutcome[]): PackedOutcomes {
  const others = new Map<number, CommitOutcome>();
  const firsts = Float64Array.from(outcomes, (outcome, i) => {
    const first = outcome.kind === 'committed' ? outcome.positions[0] : undefined;
    if (first !== undefined) return first;
    others.set(i, outcome);
    return NaN;
  });
  return { firsts, others };
}

export function unpackOutcomes({ firsts, others }: PackedOutcomes, groups: readonly CommitGroup[]): CommitOutcome[] {
  return groups.map(({ entries }, i): CommitOutcome => {
    const first = firsts[i] as number;
    return others.get(i) ?? { kind: 'committed', positions: entries.map((_, entry) => first + entry) };
  });
}

/** An error that keeps its class and its code on the other side, which a copied one loses. */
export interface PlainError {
  readonly of: 'ledger' | 'engine' | 'other';
  readonly code?: string;
  readonly message: string;
  readonly cause?: PlainError;
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { of: 'other', message: String(error) };
  const { message, cause } = error;
  const rest = { message, ...(cause !== undefined && { cause: plainError(cause) }) };
  if (error instanceof LedgerError) return { of: 'ledger', code: error.code, ...rest };
  if (error instanceof EngineError) return { of: 'engine', code: error.code, ...rest };
  return { of: 'other', ...rest };
}

export function errorOf(plain: PlainError): Error {
  const { of, code, message } = plain;
  const cause = plain.cause === undefined ? undefined : errorOf(plain.cause);
  if (of === 'ledger') return new LedgerError({ code: code as LedgerError['code'], message, cause });
  if (of === 'engine') return new EngineError({ code: code as EngineError['code'], message, cause });
  return new Error(message, cause === undefined ? undefined : { cause });
}
