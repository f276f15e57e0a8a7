/**
 * In which segments of the log a topic's events stand: what the index of topics is made of, and where its items are kept. It
 * only says where to look. Whoever finds an entry by it reads the entry from the log, and looks whether it is wanted.
 */
import * as z from 'zod';
import type { Item, ItemKey } from '../../ledger/index.ts';
import { codecOf, stored, whole } from '../../values/index.ts';

/** Log indices of one item: 64 bytes of bits, so that an item stays below one write unit whatever stands there. */
export const BLOCK = 512;
/** A log index in a key: 16 digits hold every safe integer and sort as numbers. */
const DIGITS = 16;
const KNOWN = 'topic#';
/** Bodies are canonical, so neither text can stand inside a string, where quotes are escaped. */
const IS_EVENT = '"type":"event"';
const TOPIC_BEGINS = '"topic":"';
const TOPIC = /^[a-z0-9_.-]{1,128}$/;
const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** What the index covers: every event before this log index is in it. */
export const indexEndCodec = codecOf<{ readonly end: number }>('end of the index of topics', stored({ end: whole }));
/** One bit for each log index of the block, base64. */
export const topicBlockCodec = codecOf<{ readonly bits: string }>('block of a topic', stored({ bits: z.string() }));

export const indexPartition = (ledger: string): string => `${ledger}#topic-index`;
export const indexEndKey = (ledger: string): ItemKey => ({ pk: indexPartition(ledger), sk: 'end' });
/** Says that there is such a topic. */
export const knownTopicKey = (ledger: string, topic: string): ItemKey => ({
  pk: indexPartition(ledger),
  sk: `${KNOWN}${topic}`,
});
export const knownTopicPrefix = (begin: string): string => `${KNOWN}${begin}`;
export const topicOfKey = (sk: string): string => sk.slice(KNOWN.length);
export const blocksPartition = (ledger: string, topic: string): string => `${indexPartition(ledger)}#${topic}`;
export const blockKey = (ledger: string, topic: string, first: number): ItemKey => ({
  pk: blocksPartition(ledger, topic),
  sk: padded(first),
});
export const padded = (position: number): string => String(position).padStart(DIGITS, '0');
export const blockOf = (position: number): number => position - (position % BLOCK);

/** The bits of a block whose events stand at these log indices. */
export function bitsOf(first: number, positions: Iterable<number>): string {
  const bits = Buffer.alloc(BLOCK / 8);
  for (const position of positions) {
    const at = position - first;
    bits.writeUInt8(bits.readUInt8(at >> 3) | (1 << (at & 7)), at >> 3);
  }
  return bits.toString('base64');
}

/** The log indices that a block names, ascending; undefined: it is damaged. @throws UnreadableError */
export function positionsIn(item: Item): number[] | undefined {
  const first = Number(item.sk);
  const bits = Buffer.from(topicBlockCodec.decode(item).bits, 'base64');
  if (bits.length * 8 !== BLOCK || first % BLOCK !== 0) return undefined;
  const positions: number[] = [];
  for (let at = 0; at < BLOCK; at++) if ((bits.readUInt8(at >> 3) & (1 << (at & 7))) !== 0) positions.push(first + at);
  return positions;
}

/**
 * The topic of an entry that may be an event; undefined: it is none. Of an event it is always right: `topic` is the last field of
 * that name in a canonical body. It is looked for in the bytes, because to parse the entry costs twenty times as much.
 */
export function topicIn(note: Uint8Array): string | undefined {
  const bytes = Buffer.from(note.buffer, note.byteOffset, note.byteLength);
  const end = bytes.indexOf(NEWLINE, bytes.indexOf(NEWLINE) + 1);
  if (end < 0 || bytes.lastIndexOf(IS_EVENT, end) < 0) return undefined;
  const at = bytes.lastIndexOf(TOPIC_BEGINS, end);
  const begin = at + TOPIC_BEGINS.length;
  const quote = bytes.indexOf(QUOTE, begin);
  if (at < 0 || quote > end) return undefined;
  const topic = bytes.toString('latin1', begin, quote);
  return TOPIC.test(topic) ? topic : undefined;
}
