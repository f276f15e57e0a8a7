/**
 * C2SP checkpoint: size and root of a log at one moment, as a signed note. https://c2sp.org/tlog-checkpoint. It says what
 * a checkpoint states and who signed it, not whether the log keeps to it.
 */
import { LogError } from '../merkle/log-errors.ts';
import { HASH_BYTES } from '../merkle/merkle-hash.ts';
import { openNote, type NoteKey, type OpenedNote, type RefusedNote } from './open-note.ts';

export interface Checkpoint {
  /** identity of the log; for a ledger of ours its origin */
  readonly origin: string;
  /** leaves of the tree */
  readonly size: number;
  /** 32 bytes */
  readonly root: Uint8Array;
  /** opaque lines after the root; ours has none */
  readonly extensions?: readonly string[];
}

export interface OpenedCheckpoint<Key extends NoteKey = NoteKey> extends OpenedNote<Key> {
  readonly checkpoint: Checkpoint;
}

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const CONTROL = /[\u0000-\u001f]/;

/** The text to be signed. @throws LogError CHECKPOINT_INVALID */
export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): Uint8Array {
  if (!Number.isSafeInteger(size) || size < 0) throw invalid(`${size} is not a tree size`);
  if (root.length !== HASH_BYTES) throw invalid(`a root has ${HASH_BYTES} bytes, not ${root.length}`);
  for (const line of [origin, ...extensions]) {
    if (line === '' || CONTROL.test(line) || !line.isWellFormed())
      throw invalid(`${JSON.stringify(line)} cannot be a line of a checkpoint`);
  }
  const lines = [origin, String(size), Buffer.from(root).toString('base64'), ...extensions];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

/** Reads a checkpoint's text, refusing every other spelling of the same. Input is untrusted. */
export function parseCheckpoint(text: Uint8Array): Checkpoint | { readonly malformed: string } {
  const lines = Buffer.from(text).toString('utf8').split('\n');
  if (lines.pop() !== '') return { malformed: 'the last line has no end' };
  const [origin, size, encoded, ...extensions] = lines;
  if (origin === undefined || size === undefined || encoded === undefined)
    return { malformed: 'it has fewer than three lines' };
  if (lines.some((line) => line === '' || CONTROL.test(line)))
    return { malformed: 'a line is empty or has control characters' };
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size)))
    return { malformed: 'the second line is not a tree size below 2^53 without leading zeros' };
  const root = Buffer.from(encoded, 'base64');
  if (root.length !== HASH_BYTES || root.toString('base64') !== encoded)
    return { malformed: 'the third line is not the base64 of 32 bytes' };
  return { origin, size: Number(size), root, ...(extensions.length === 0 ? {} : { extensions }) };
}

/**
 * Opens a checkpoint signed by at least one of `keys`. It must be of the log `origin`, or, when that is not said, of the
 * log that one of the signing keys is named after: a key that serves several logs cannot vouch for the wrong one.
 */
export function openCheckpoint<Key extends NoteKey>(
  note: Uint8Array,
  keys: readonly Key[],
  origin?: string,
): OpenedCheckpoint<Key> | RefusedNote {
  const opened = openNote(note, keys);
  if (opened.kind === 'refused') return opened;
  const checkpoint = parseCheckpoint(opened.text);
  if ('malformed' in checkpoint) return { kind: 'refused', verdict: 'UNREADABLE', reason: checkpoint.malformed };
  const origins = origin === undefined ? opened.signatures.map(({ key }) => key.name) : [origin];
  if (origins.includes(checkpoint.origin)) return { ...opened, checkpoint };
  const reason = `it is of the log "${checkpoint.origin}", not of ${origins.map((name) => `"${name}"`).join(' or ')}`;
  return { kind: 'refused', verdict: 'KEY_UNKNOWN', reason };
}

function invalid(detail: string): LogError {
  return new LogError('CHECKPOINT_INVALID', detail);
}
