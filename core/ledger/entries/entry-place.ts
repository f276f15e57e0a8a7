/**
 * What links an entry to others, read from the end of its text without parsing the rest. It relies on the canonical order of
 * keys: actor, at, data, entity, idem, ledger, prev, seq, type, v. All after `data` are scalars, and a quote inside a string
 * is escaped, so the last `,"entity":"` is the entry's own. It does not know whether the bytes are a proper entry.
 */
import type { ChainHash, EntityId } from '../../brands/index.ts';
import { ENTRY_HEADER, type EntryBody } from './entry.ts';

export type EntryPlace = Pick<EntryBody, 'entity' | 'ledger' | 'prev' | 'seq' | 'type'>;

/** Enough for the longest keys and an idempotency key of usual length; an entry with a longer one is parsed. */
const TAIL_BYTES = 640;
const BLANK_LINE = Buffer.from('\n\n');
const SIGNATURE_START = Buffer.from('— ');
const SPACE = 0x20;
const HEADER = Buffer.from(ENTRY_HEADER);
const ENTITY = ',"entity":"';
const PLACE =
  /,"entity":"([A-Za-z0-9._:/-]+)","idem":"(?:[^"\\]|\\.)*","ledger":"([a-z0-9-]+)","prev":"([0-9a-f]{64})","seq":(0|[1-9][0-9]{0,14}),"type":"([a-z.-]+)","v":1\}$/y;

/** undefined: it takes parsing to know. Input is untrusted. */
export function readPlace(note: Uint8Array): EntryPlace | undefined {
  const bytes = Buffer.from(note.buffer, note.byteOffset, note.byteLength);
  const end = bytes.lastIndexOf(BLANK_LINE);
  if (end < 0 || bytes.compare(HEADER, 0, HEADER.length, 0, HEADER.length) !== 0) return undefined;
  const tail = bytes.toString('latin1', Math.max(HEADER.length, end - TAIL_BYTES), end);
  PLACE.lastIndex = tail.lastIndexOf(ENTITY);
  const [, entity, ledger, prev, seq, type] = (PLACE.lastIndex < 0 ? null : PLACE.exec(tail)) ?? [];
  if (entity === undefined || ledger === undefined || prev === undefined || type === undefined) return undefined;
  return { entity: entity as EntityId, ledger, prev: prev as ChainHash, seq: Number(seq), type };
}

/** The name in the first signature line: a claim, and no more. undefined: it takes parsing to know. */
export function readSigner(note: Uint8Array): string | undefined {
  const bytes = Buffer.from(note.buffer, note.byteOffset, note.byteLength);
  const start = bytes.lastIndexOf(BLANK_LINE) + BLANK_LINE.length;
  const name = start + SIGNATURE_START.length;
  if (start < BLANK_LINE.length || name > bytes.length) return undefined;
  if (bytes.compare(SIGNATURE_START, 0, SIGNATURE_START.length, start, name) !== 0) return undefined;
  const end = bytes.indexOf(SPACE, name);
  return end < 0 ? undefined : bytes.toString('utf8', name, end);
}
