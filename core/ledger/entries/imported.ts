/**
 * Which entries were imported: what they say of the time before rests on the importer's word alone, and verification says so. It
 * reads bytes first, because nearly no entry is one and every entry is asked.
 */
import { parseEntry } from './entry.ts';

/** The topic of a record of another system (docs/migrating.md). */
export const IMPORT_RECORDED = 'imports.recorded';

const MARK = Buffer.from(`"topic":"${IMPORT_RECORDED}"`);

export function isImported(note: Uint8Array): boolean {
  if (!Buffer.from(note.buffer, note.byteOffset, note.byteLength).includes(MARK)) return false;
  const parsed = parseEntry(note); // a payload may say so, too, and be no import
  return parsed.kind === 'entry' && parsed.body.type === 'event' && parsed.body.data['topic'] === IMPORT_RECORDED;
}
