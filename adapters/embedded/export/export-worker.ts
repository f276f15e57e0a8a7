/** A verifying thread: checks one segment of an export. */
import { parentPort, workerData } from 'node:worker_threads';
import { verifyExportSegment, type ExportSegmentJob } from './export-segment.ts';

parentPort?.postMessage(await verifyExportSegment(workerData as ExportSegmentJob));
