/** One entry as its own bytes say it: read from the signed note, never from what the server says beside it. */
import { canonicalize } from '../../../core/canonical/index.ts';
import type { EntryView } from '../../../core/system/index.ts';
import { concat, sha256, toHex, utf8 } from './bytes.ts';
import { parseNote, type Note } from './note.ts';

export interface ReadEntry {
  readonly body: EntryView['body'];
  readonly note: Note;
  /** hex, as computed here */
  readonly hash: string;
}

const HEADER = 'nervous-system.entry.v1\n';

/** Bytes, canonical form and what the server says beside them agree; a text says what does not. */
export async function readEntry({ note: text, hash, body: told, seq }: EntryView): Promise<ReadEntry | string> {
  const computed = toHex(await sha256(concat(Uint8Array.of(0), utf8(text))));
  if (computed !== hash) return `the bytes have the hash ${computed}, the server says ${hash}`;
  const note = parseNote(text);
  if (note?.text.startsWith(HEADER) !== true) return 'the bytes are no signed entry';
  const json = note.text.slice(HEADER.length, -1);
  const body = parsed(json);
  if (body === undefined) return 'the signed text is no JSON object in canonical form';
  if (canonicalOf(told) !== json) return 'what the server shows is not what the signed text says';
  return body.seq === seq ? { body, note, hash } : `the signed text is of entry #${body.seq}`;
}

function parsed(json: string): EntryView['body'] | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && canonicalOf(value) === json ? (value as EntryView['body']) : undefined;
  } catch {
    return undefined;
  }
}

function canonicalOf(value: unknown): string | undefined {
  try {
    return canonicalize(value, { integersOnly: true });
  } catch {
    return undefined;
  }
}
