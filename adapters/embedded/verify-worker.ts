/** A verifying thread: checks one stretch of the log on its own read-only connection. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Segment, TrustedRoot } from '../../core/ledger/index.ts';
import { verifyStretch } from './verify-stretch.ts';

export interface StretchJob {
  readonly dataDir: string;
  readonly root: TrustedRoot;
  readonly signatures: boolean;
  readonly from: number;
  /** exclusive */
  readonly to: number;
}

const segment: Segment = await verifyStretch(workerData as StretchJob);
parentPort?.postMessage(segment);
