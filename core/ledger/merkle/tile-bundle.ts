/** Entry bundles of C2SP tlog-tiles: each entry after its length, two bytes, big-endian. What an entry says is not its business. */
import { orNone } from '../../values/index.ts';
import { LogError } from './log-errors.ts';
import { TILE_WIDTH } from './tile-path.ts';

const LENGTH_BYTES = 2;
const MAX_BUNDLE_ENTRY_BYTES = 0xffff;
/** A bundle of the largest entries with their lengths: no file of a log has more. */
export const MAX_BUNDLE_BYTES = TILE_WIDTH * (LENGTH_BYTES + MAX_BUNDLE_ENTRY_BYTES);

export interface ReadBundle {
  readonly entries: readonly Uint8Array[];
  /** bytes of the bundle up to the end of each entry */
  readonly ends: readonly number[];
  /** why what follows `entries` is not one */
  readonly malformed?: string;
}

/** @throws LogError BUNDLE_ENTRY_TOO_LARGE */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bundle = new Uint8Array(entries.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > MAX_BUNDLE_ENTRY_BYTES) {
      const detail = `an entry of ${entry.length} bytes does not fit into a bundle: ${MAX_BUNDLE_ENTRY_BYTES} at most`;
      throw new LogError('BUNDLE_ENTRY_TOO_LARGE', detail);
    }
    bundle[at] = entry.length >> 8;
    bundle[at + 1] = entry.length & 0xff;
    bundle.set(entry, at + LENGTH_BYTES);
    at += LENGTH_BYTES + entry.length;
  }
  return bundle;
}

/** What a whole bundle that should hold `width` entries has wrong behind them, or undefined: it is their bytes and no more. */
export function bundleExcess({ entries, malformed }: ReadBundle, width: number): string | undefined {
  if (entries.length < width) return undefined;
  if (entries.length > width) return `it has ${entries.length} entries, not ${width}`;
  return malformed;
}

/** Reads at most `limit` entries; they share memory with the bundle. Input is untrusted. */
export function decodeBundle(bundle: Uint8Array, limit = Infinity): ReadBundle {
  const entries: Uint8Array[] = [];
  const ends: number[] = [];
  let at = 0;
  while (at < bundle.length && entries.length < limit) {
    const start = at + LENGTH_BYTES;
    const end = start + ((orNone(bundle[at]) << 8) | orNone(bundle[at + 1]));
    if (start > bundle.length || end > bundle.length) {
      return { entries, ends, malformed: `the bundle ends at byte ${bundle.length}, inside an entry` };
    }
    entries.push(bundle.subarray(start, end));
    ends.push(end);
    at = end;
  }
  return { entries, ends };
}
