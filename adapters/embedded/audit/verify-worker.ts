/** A verifying thread: checks one stretch of the log on its own read-only connection. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Segment } from '../../../core/ledger/index.ts';
import { verifyStretch, type StretchJob } from './verify-stretch.ts';

const segment: Segment = await verifyStretch(workerData as StretchJob);
parentPort?.postMessage(segment);
