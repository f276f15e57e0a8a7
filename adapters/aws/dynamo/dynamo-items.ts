/**
 * How entries and items look in the two tables: keys, attributes, sizes. What is read back is untrusted: an item without
 * the attributes its place promises is damaged, and said to be.
 *   entries  pk `<ledger>#<chain>`  sk seq (number)      b note, h hash
 *   state    pk, sk as core says                         n version, v JSON text
 *            in both, z instead of b or v: the same packed, when it is long (packing.ts)
 *            pk `<ledger>#idem#<key>`  sk `-`            n 1, v {chain, seq}
 *            pk `<ledger>#log`  sk first log index       h leaf hashes, p [[chain, seq], …], e right edge after them
 *            pk `<ledger>#index#<chain>`  sk seq         i log index
 */
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LeafHash } from '../../../core/brands/index.ts';
import type { JsonValue } from '../../../core/canonical/index.ts';
import type { Item, ItemKey, StoredEntry } from '../../../core/ledger/index.ts';
import { AwsError } from '../request/errors.ts';
import { pack, unpack } from './packing.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
export const MAX_ITEM_BYTES = 400 * 1_024;
const MAX_PARTITION_KEY_BYTES = 2_048;
const MAX_SORT_KEY_BYTES = 1_024;
/** Log indices and seqs in string keys: 16 digits hold every safe integer and sort as numbers. */
const DIGITS = 16;

export type Attributes = Record<string, AttributeValue>;

export interface DynamoTables {
  readonly client: DynamoDBClient;
  readonly entriesTable: string;
  readonly stateTable: string;
  readonly ledger: string;
}

export const padded = (n: number): string => String(n).padStart(DIGITS, '0');

export const entryPartition = (ledger: string, chain: string): string => `${ledger}#${chain}`;
export const logPartition = (ledger: string): string => `${ledger}#log`;
export const indexPartition = (ledger: string, chain: string): string => `${ledger}#index#${chain}`;
/** What the partitions of idempotency keys begin with. */
const idemPrefix = (ledger: string): string => `${ledger}#idem#`;
export const idemItemKey = (ledger: string, idemKey: string): ItemKey => ({
  pk: idemPrefix(ledger) + idemKey,
  sk: '-',
});
/** The idempotency key whose item a partition holds; undefined: it holds none. */
export function idemKeyIn(ledger: string, pk: string | undefined): string | undefined {
  return pk?.startsWith(idemPrefix(ledger)) === true ? pk.slice(idemPrefix(ledger).length) : undefined;
}

export function entryKey(ledger: string, chain: string, seq: number): Attributes {
  return { pk: { S: entryPartition(ledger, chain) }, sk: { N: String(seq) } };
}

export function indexKey(ledger: string, chain: string, seq: number): Attributes {
  return { pk: { S: indexPartition(ledger, chain) }, sk: { S: padded(seq) } };
}

/** @throws AwsError ITEM_KEY_INVALID */
export function stateKey({ pk, sk }: ItemKey): Attributes {
  requireKey(pk, MAX_PARTITION_KEY_BYTES);
  requireKey(sk, MAX_SORT_KEY_BYTES);
  return { pk: { S: pk }, sk: { S: sk } };
}

/** @throws AwsError DATA_UNREADABLE */
export function entryOf(ledger: string, attributes: Attributes, position?: number): StoredEntry {
  const { pk, sk, h } = attributes;
  const chain = pk?.S?.slice(ledger.length + 1);
  const seq = Number(sk?.N);
  const note = noteOf(attributes);
  if (chain === undefined || !Number.isSafeInteger(seq) || note === undefined || h?.B === undefined)
    throw unreadable(`entry "${chain ?? '?'}" #${sk?.N ?? '?'}`, 'it lacks its note or its hash');
  return { chain, seq, note, hash: h.B as LeafHash, position };
}

export function noteAttribute(note: Uint8Array): Attributes {
  const packed = pack(note);
  return packed === undefined ? { b: { B: note } } : { z: { B: packed } };
}

/** Undefined: it has none, or more than one, or one that cannot be unpacked. */
export function noteOf({ b, z }: Attributes): Uint8Array | undefined {
  return z === undefined ? b?.B : b === undefined ? unpacked(z) : undefined;
}

export function valueAttribute(value: JsonValue): ValueAttribute {
  const text = JSON.stringify(value);
  const packed = pack(Buffer.from(text));
  return packed === undefined ? { v: { S: text } } : { z: { B: packed } };
}

export type ValueAttribute = { readonly v: { readonly S: string } } | { readonly z: { readonly B: Uint8Array } };

function unpacked({ B }: AttributeValue): Buffer | undefined {
  try {
    return B === undefined ? undefined : unpack(B);
  } catch {
    return undefined; // damaged, which is what the caller says of it
  }
}

/** @throws AwsError DATA_UNREADABLE */
export function itemOf(attributes: Attributes): Item {
  const pk = attributes['pk']?.S ?? '?';
  const sk = attributes['sk']?.S ?? '?';
  const version = Number(attributes['n']?.N);
  const { v, z } = attributes;
  const text = z === undefined ? v?.S : v === undefined ? unpacked(z)?.toString() : undefined;
  if (!Number.isSafeInteger(version) || text === undefined)
    throw unreadable(`item "${pk}" / "${sk}"`, 'it lacks its version or its value');
  try {
    return { pk, sk, version, value: JSON.parse(text) as JsonValue };
  } catch {
    throw unreadable(`item "${pk}" / "${sk}"`, 'its value is not JSON');
  }
}

/** Log index in an index item. @throws AwsError DATA_UNREADABLE */
export function positionOf(attributes: Attributes): number {
  const position = Number(attributes['i']?.N);
  if (!Number.isSafeInteger(position) || position < 0)
    throw unreadable(`index "${attributes['pk']?.S ?? '?'}" / "${attributes['sk']?.S ?? '?'}"`, 'it has no log index');
  return position;
}

/** What DynamoDB counts: names and values in UTF-8; a number never takes more than 21 bytes. */
export function itemBytes(attributes: Attributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { S, B }]) => sum + name.length + (S === undefined ? (B?.length ?? 21) : Buffer.byteLength(S)),
    0,
  );
}

export function unreadable(what: string, why: string): AwsError {
  return new AwsError({
    code: 'DATA_UNREADABLE',
    message: `${what} is damaged (${why}): verify the ledger, restore it`,
  });
}

function requireKey(key: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(key);
  const why =
    bytes === 0
      ? 'it is empty'
      : !key.isWellFormed()
        ? 'it holds half a surrogate pair'
        : bytes > maxBytes
          ? `it has ${bytes} bytes, at most ${maxBytes} fit`
          : undefined;
  if (why !== undefined)
    throw new AwsError({
      code: 'ITEM_KEY_INVALID',
      message: `${JSON.stringify(key.slice(0, 140))} cannot be a key (${why}): choose another`,
    });
}
