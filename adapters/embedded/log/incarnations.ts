/** Where a data folder remembers that its log was begun anew after a loss, and where each log has its anchors. */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { EngineError } from '../machine/errors.ts';

const META_KEY = 'incarnations';

/** Sizes at which the log was begun anew; none: never. @throws EngineError DATA_UNREADABLE: which log it is nobody knows then */
export function readIncarnations(db: DatabaseSync): readonly number[] {
  const text = db.prepare('SELECT value FROM meta WHERE key = ?').get(META_KEY)?.['value'];
  const sizes = typeof text === 'string' ? parse(text) : [];
  if (sizes !== undefined) return sizes;
  throw new EngineError({
    code: 'DATA_UNREADABLE',
    message: 'the record of the incarnations of the log is damaged: restore the folder',
  });
}

function parse(text: string): readonly number[] | undefined {
  try {
    const sizes: unknown = JSON.parse(text);
    const isSize = (one: unknown): one is number => Number.isSafeInteger(one) && (one as number) >= 0;
    return Array.isArray(sizes) && sizes.length > 0 && sizes.every(isSize) ? sizes : undefined;
  } catch {
    return undefined;
  }
}

export function writeIncarnations(db: DatabaseSync, sizes: readonly number[]): void {
  db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(META_KEY, JSON.stringify(sizes));
}

/** Write-once storage holds one checkpoint a size, so every log has a place of its own in it. */
export function anchorPlace(anchors: string, incarnations: readonly number[]): string {
  return incarnations.length === 0 ? anchors : join(anchors, `incarnation-${incarnations.length + 1}`);
}
