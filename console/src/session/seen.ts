/**
 * What this page has seen since it was opened: entries that it verified, votes that it was given a receipt for, and checkpoints of the log. None may
 * go away, and the log must continue each.
 */
import { isSame } from '../verify/bytes.ts';
import type { Tree } from '../verify/merkle.ts';

export interface SeenEntry {
  readonly seq: number;
  readonly hash: string;
  readonly where: string;
}

export interface Seen {
  of(entity: string): readonly SeenEntry[];
  add(entity: string, entry: SeenEntry): void;
  /** the newest: each continues those before it */
  checkpoints(): readonly Tree[];
  addCheckpoint(checkpoint: Tree): void;
}

/** Each was held against those before it, so the last says it all; a few more are for answers that overtook each other. */
const MAX_CHECKPOINTS = 4;

export function createSeen(): Seen {
  const seen = new Map<string, Map<number, SeenEntry>>();
  let checkpoints: readonly Tree[] = [];
  return {
    checkpoints: () => checkpoints,
    addCheckpoint: ({ size, root }) => {
      if (checkpoints.some((one) => one.size === size && isSame(one.root, root))) return;
      checkpoints = [...checkpoints, { size, root }].slice(-MAX_CHECKPOINTS);
    },
    of: (entity) => [...(seen.get(entity)?.values() ?? [])],
    add: (entity, entry) => {
      const chain = seen.get(entity) ?? new Map<number, SeenEntry>();
      if (!chain.has(entry.seq)) chain.set(entry.seq, entry); // the first word counts
      seen.set(entity, chain);
    },
  };
}
