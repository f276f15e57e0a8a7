/**
 * One run of the lake exporter: ranges until the lake has what was published, or too little time is left. A range that was begun is
 * finished by the next run, and whoever runs beside it writes the same files.
 */
import { exportLake, type ExportedLake, type LakeExport } from '../../core/lake/index.ts';

/** So many entries of 64 KiB fit into the function's memory with all that is made of them. */
const MAX_RANGE = 5_000;
/** A range is begun if it may take this long; one takes seconds. */
const RANGE_MS = 120_000;

export interface ExportRun extends ExportedLake {
  /** entries that are published and not in the lake yet */
  readonly behind: number;
}

export async function exportInTime(
  options: LakeExport,
  { remainingMs }: { readonly remainingMs: () => number },
): Promise<ExportRun> {
  let behind = 0;
  const exported = await exportLake({
    maxRange: MAX_RANGE,
    ...options,
    mayGoOn: () => remainingMs() >= RANGE_MS,
    onProgress: ({ entries, of }) => {
      behind = of - entries;
    },
  });
  return { ...exported, behind };
}
