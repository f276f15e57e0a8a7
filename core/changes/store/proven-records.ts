/** The records that this process has proved from their entries, or folded itself: they are not read again as long as they stay so. */
import { hash } from 'node:crypto';
import { canonicalize } from '../../canonical/index.ts';
import type { ChangeRecord } from '../model/record.ts';

/** Change-sets whose proof is remembered; ~100 bytes each. */
const MAX_KNOWN = 10_000;

export interface ProvenRecords {
  readonly has: (record: ChangeRecord) => boolean;
  readonly remember: (record: ChangeRecord) => void;
  /** What a record became by steps that are committed. */
  readonly follow: (before: ChangeRecord | undefined, after: ChangeRecord) => void;
}

export function createProvenRecords(): ProvenRecords {
  /** change-set → hash of its record as it was proved */
  const known = new Map<string, string>();
  const has = (record: ChangeRecord): boolean => known.get(record.id) === hashOf(record);
  const remember = (record: ChangeRecord): void => {
    known.delete(record.id);
    known.set(record.id, hashOf(record));
    if (known.size > MAX_KNOWN) known.delete(known.keys().next().value as string);
  };
  return {
    ...{ has, remember },
    follow: (before, after) => {
      if (before === undefined || has(before)) remember(after);
      else known.delete(after.id);
    },
  };
}

function hashOf(record: ChangeRecord): string {
  return hash('sha256', canonicalize(record));
}
