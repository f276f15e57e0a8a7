/** Where a data folder remembers that it was restored without the confidential fields of its first entries. */
import type { DatabaseSync } from 'node:sqlite';
import { orNone } from '../../../core/values/index.ts';

const META_KEY = 'restored-without-fields';

/** One past the log index of the last entry that may lack its fields; 0: none may. */
export function readRestoredWithout(db: DatabaseSync): number {
  const size = Number(orNone(db.prepare('SELECT value FROM meta WHERE key = ?').get(META_KEY)?.['value']));
  return Number.isSafeInteger(size) && size > 0 ? size : 0;
}

export function writeRestoredWithout(db: DatabaseSync, size: number): void {
  db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(META_KEY, String(size));
}
