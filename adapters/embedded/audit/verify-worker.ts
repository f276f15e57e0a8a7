/** A verifying thread: checks one segment of the log on its own read-only connection. */
import { parentPort, workerData } from 'node:worker_threads';
import { replayBuffers, type Segment } from '../../../core/ledger/index.ts';
import { verifyFolderSegment, type SegmentJob } from './verify-folder-segment.ts';

const segment: Segment = await verifyFolderSegment(workerData as SegmentJob);
// What grows with the log is handed over, not copied.
parentPort?.postMessage(segment, segment.replay === undefined ? [] : replayBuffers(segment.replay));
