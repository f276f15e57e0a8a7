/** A batch on its way: what waits, what was planned and placed, and what was handed to the store. */
import type { IsoInstant } from '../../brands/index.ts';
import type { PreparedEntry } from '../entries/entry.ts';
import type { CommitGroup } from '../entries/ports.ts';
import type { AppendRequest, AppendResult, PlacedEntry } from './append-types.ts';
import type { Outcome, Tried } from './read-back.ts';
import type { Run, Sealable } from './seal.ts';
import type { SessionKey } from './session-key.ts';

/** Entries that are two trees, and worth two commits. */
const HALVED_ENTRIES = 32;

export interface Pending extends Sealable {
  readonly request: AppendRequest;
  prepared: readonly PreparedEntry[];
  at: IsoInstant;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
  attempts: number;
}

/** A batch with the run of each chain, built on the heads known now. */
export interface Planned {
  readonly batch: readonly Pending[];
  readonly signer: SessionKey;
  readonly runs: readonly Run[];
}

export interface Placed extends Tried {
  readonly pending: Pending;
}

/** A batch that was handed to the store. */
export interface Writing {
  readonly placed: readonly Placed[];
  /** those of it that the store was asked for */
  readonly tried: readonly Placed[];
  /** of each that was tried; never rejects */
  readonly outcomes: Promise<readonly Outcome[]>;
}

/** What the store is asked for; undefined: the request was withdrawn. @throws what its `writes` throws */
export function groupOf({ pending, entries, sealed }: Placed): CommitGroup | undefined {
  const writes = pending.request.writes?.(entries) ?? [];
  if (writes === 'withdraw') return undefined;
  return {
    entries: sealed.map((bytes, i) => {
      const { chain, seq } = entries[i] as PlacedEntry;
      const { idemKey, keyFollows = false } = pending.request.entries[i] ?? {};
      return { chain, seq, idemKey, ...(keyFollows && { keyFollows }), note: bytes.note, hash: bytes.hash };
    }),
    writes,
  };
}

export function entriesOf(placed: readonly Placed[]): number {
  return placed.reduce((sum, { entries }) => sum + entries.length, 0);
}

/** In entries; of few, all of them. */
export function halfOf(queue: readonly Pick<Pending, 'prepared'>[]): number {
  const waiting = queue.reduce((sum, { prepared }) => sum + prepared.length, 0);
  return waiting < HALVED_ENTRIES ? waiting : Math.ceil(waiting / 2);
}
