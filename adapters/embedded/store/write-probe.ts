/** Can the ledger be written, now? Writes a page and waits for the disk, as an append does; and looks at the space that is left. */
import { statfsSync } from 'node:fs';
import type { ValidationReport } from '../../../core/system/index.ts';

/** Enough for the log, its tiles and what SQLite needs to tidy up. */
const MIN_FREE_BYTES = 64 * 2 ** 20;
const MIB = 2 ** 20;
/** Whoever asks more often is told the last answer: each probe costs the disk a flush. */
const FRESH_MS = 1_000;

type Check = ValidationReport['checks'][number];

export interface Probed {
  /** @throws LedgerError STORE_UNAVAILABLE */
  readonly probe: () => void;
}

export function createWriteProbe(store: Probed, dataDir: string): () => Check {
  let last: { readonly at: number; readonly check: Check } | undefined;
  return () => {
    const at = performance.now();
    if (last === undefined || at - last.at >= FRESH_MS) last = { at, check: probe(store, dataDir) };
    return last.check;
  };
}

function probe(store: Probed, dataDir: string): Check {
  const name = 'writing';
  try {
    store.probe();
    const { bavail, bsize } = statfsSync(dataDir);
    const free = bavail * bsize;
    const detail = `a write took place; ${Math.floor(free / MIB)} MiB are free`;
    return free >= MIN_FREE_BYTES
      ? { name, ok: true, detail }
      : {
          name,
          ok: false,
          detail: `${detail}, at least ${MIN_FREE_BYTES / MIB} MiB should be: make space before writes fail`,
        };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
