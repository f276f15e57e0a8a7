/** A verifying thread: checks one segment of the log on its own read-only connection. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Segment } from '../../../core/ledger/index.ts';
import { verifyFolderSegment, type SegmentJob } from './verify-folder-segment.ts';

const segment: Segment = await verifyFolderSegment(workerData as SegmentJob);
parentPort?.postMessage(segment);
