/**
 * Replays who was entitled to decide in a data folder, on its own read-only connection. Where there is much to replay that is
 * done on a thread of its own: the calling one may be an engine's, which has other callers.
 */
import { Worker } from 'node:worker_threads';
import { replayBuffers, type ReplayIndex, type ReplayReport } from '../../../core/ledger/index.ts';
import { indexForReplay, replayLog } from '../../../core/system/index.ts';
import { openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';

/** Fewer are replayed on the calling thread: starting a worker takes about 100 ms. */
const MIN_DECISIVE_FOR_WORKER = 500;
const MIN_ENTRIES_FOR_WORKER = 5_000;
const YOUNG_MB = 16;

export interface ReplayJob {
  readonly dataDir: string;
  readonly ledger: string;
  /** what matters, when that is known already; it may be handed over, and is the caller's no more */
  readonly index?: ReplayIndex;
  /** one past the last log index, when it is not */
  readonly size?: number;
}

export function replayDataDir(job: ReplayJob): Promise<ReplayReport> {
  const { index, size = 0 } = job;
  const isSmall =
    index === undefined
      ? size < MIN_ENTRIES_FOR_WORKER
      : index.decisive.length < MIN_DECISIVE_FOR_WORKER && index.keys.length < MIN_ENTRIES_FOR_WORKER;
  return isSmall ? replayHere(job) : replayOnWorker(job);
}

export async function replayHere({ dataDir, ledger, index, size = 0 }: ReplayJob): Promise<ReplayReport> {
  const db = openForReading(dataDir);
  try {
    const entries = new SqliteStore(db);
    const sources = { ledger, entries };
    return await replayLog(sources, index ?? (await indexForReplay(sources, size)));
  } finally {
    db.close();
  }
}

function replayOnWorker(job: ReplayJob): Promise<ReplayReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./replay-worker.ts', import.meta.url), {
      workerData: job,
      transferList: job.index === undefined ? [] : replayBuffers(job.index),
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the replaying thread ended with code ${code}`)));
  });
}
