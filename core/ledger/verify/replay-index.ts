/**
 * What of a log its replay needs, gathered while every entry is looked at anyway: which entries decide something, and a number
 * for each idempotency key, so that a key used twice is found without keeping the keys. 8 bytes of memory an entry. It reads
 * keys from the bytes without parsing them; whoever finds one twice parses both entries before it says so.
 */
import { sha256 } from '../../canonical/index.ts';
import { must } from '../../errors/index.ts';
import type { EntryBody } from '../entries/entry.ts';
import type { Finding } from '../entries/verification.ts';

export interface ReplayIndex {
  /** for each entry, in log order, 64 bits of the hash of its idempotency key; 0: it has none */
  readonly keys: BigUint64Array;
  /** log indices of the entries that decide something, or say who may, ascending */
  readonly decisive: Float64Array;
  /** log index of each key; absent: one after the other from 0 on */
  readonly positions?: Float64Array;
}

/** What replaying a log has shown. */
export interface ReplayReport {
  readonly finding?: Finding;
  /** in words */
  readonly checked: readonly string[];
  readonly notChecked: readonly string[];
}

const NO_KEY = 0n;
const FIRST_CAPACITY = 1_024;
const ENTITY = ',"entity":"';
const IDEM = ',"idem":"';
const LEDGER = '","ledger":"';
const SOURCE = ',"source":"';
const CLAIM = ',"source":"system/work"';
const UNDER_CLAIM = ',"work":{"fence":';
/** Types with a key of their own that is unique in the ledger. Steps of change-sets are told by their prefix. */
const KEYED: ReadonlySet<string> = new Set([
  'policy.adopted',
  'delegation.granted',
  'delegation.revoked',
  'key.certified',
  'key.revoked',
  'key.rotated',
  'redacted',
]);
const STEP = 'change.';

/** Entries from which follows who may do what, or that need somebody who may: decisions, and claims of work with what was done under them. */
export function isDecisive(type: string, note: Uint8Array): boolean {
  if (type === 'event') return isAboutWork(note);
  return type.startsWith(STEP) || type === 'policy.adopted' || type.startsWith('delegation.');
}

/** Others that have such a key somewhere in their payload come along, and are of no matter. */
function isAboutWork({ buffer, byteOffset, byteLength }: Uint8Array): boolean {
  const text = Buffer.from(buffer, byteOffset, byteLength);
  return text.includes(UNDER_CLAIM) || text.includes(CLAIM);
}

/** What no second entry of the ledger may have; undefined: entries of this type have nothing of the kind. */
export function uniqueKeyOf({ type, idem, data }: Pick<EntryBody, 'type' | 'idem' | 'data'>): string | undefined {
  if (type === 'event') return typeof data['source'] === 'string' ? `event/${data['source']}/${idem}` : undefined;
  if (type.startsWith(STEP)) return `step/${idem}`;
  return KEYED.has(type) ? `${type}/${idem}` : undefined;
}

export class ReplayIndexBuilder {
  private readonly from: number;
  private keys = new BigUint64Array(FIRST_CAPACITY);
  private size = 0;
  private readonly decisive: number[] = [];

  /** @param from log index of the first entry */
  constructor(from: number) {
    this.from = from;
  }

  add(type: string, note: Uint8Array): void {
    if (this.size === this.keys.length) {
      const grown = new BigUint64Array(this.keys.length * 2);
      grown.set(this.keys);
      this.keys = grown;
    }
    this.keys[this.size] = fingerprint(type, note);
    if (isDecisive(type, note)) this.decisive.push(this.from + this.size);
    this.size += 1;
  }

  built(): ReplayIndex {
    return { keys: this.keys.slice(0, this.size), decisive: Float64Array.from(this.decisive) };
  }
}

/** One index for consecutive segments. */
export function joinReplayIndices(parts: readonly ReplayIndex[]): ReplayIndex {
  const keys = new BigUint64Array(parts.reduce((sum, part) => sum + part.keys.length, 0));
  const decisive = new Float64Array(parts.reduce((sum, part) => sum + part.decisive.length, 0));
  let [atKey, atDecisive] = [0, 0];
  for (const part of parts) {
    keys.set(part.keys, atKey);
    decisive.set(part.decisive, atDecisive);
    atKey += part.keys.length;
    atDecisive += part.decisive.length;
  }
  return { keys, decisive };
}

/** What of it grows with the log: for who hands it to another thread, and does not need it any more. */
export function replayBuffers({ keys, decisive, positions }: ReplayIndex): ArrayBuffer[] {
  return [keys, decisive, ...(positions === undefined ? [] : [positions])].map(({ buffer }) => buffer as ArrayBuffer);
}

/**
 * Log indices of entries whose keys may be the same, ascending by the second of each group: groups of two and more. Sorts
 * numbers, so it takes n log n with a small constant; hashes of different keys meet once in 10^19 pairs, or on purpose.
 */
export function suspectedDuplicates({
  keys,
  positions,
}: Pick<ReplayIndex, 'keys' | 'positions'>): readonly (readonly number[])[] {
  const sorted = keys.slice().sort();
  const twice = new Map<bigint, number[]>();
  for (let i = 1; i < sorted.length; i += 1) {
    const key = sorted[i] as bigint;
    if (key !== NO_KEY && key === sorted[i - 1]) twice.set(key, []);
  }
  if (twice.size === 0) return [];
  for (let i = 0; i < keys.length; i += 1) twice.get(keys[i] as bigint)?.push(positions?.[i] ?? i);
  return [...twice.values()].sort((a, b) => must(a[1], 'the second of two') - must(b[1], 'the second of two'));
}

function fingerprint(type: string, note: Uint8Array): bigint {
  const key = readKey(type, note);
  return key === undefined ? NO_KEY : sha256(key).readBigUInt64BE(0);
}

/**
 * Every quote inside a JSON string is escaped, so these marks are keys, and the last of each is the entry's own (an event's
 * `source` is the last object key of that name in its data). In canonical JSON the same text means the same string.
 */
function readKey(type: string, note: Uint8Array): string | undefined {
  const isEvent = type === 'event';
  if (!isEvent && !type.startsWith(STEP) && !KEYED.has(type)) return undefined;
  const text = Buffer.from(note.buffer, note.byteOffset, note.byteLength).toString('latin1');
  const ledgerAt = text.lastIndexOf(LEDGER);
  const idemAt = text.lastIndexOf(IDEM, ledgerAt);
  if (ledgerAt < 0 || idemAt < 0) return undefined;
  const idem = text.slice(idemAt + IDEM.length, ledgerAt);
  if (!isEvent) return type.startsWith(STEP) ? `step/${idem}` : `${type}/${idem}`;
  const sourceAt = text.lastIndexOf(SOURCE, text.lastIndexOf(ENTITY, idemAt));
  if (sourceAt < 0) return undefined;
  return `event/${text.slice(sourceAt + SOURCE.length, text.indexOf('"', sourceAt + SOURCE.length))}/${idem}`;
}
