/** A verifying thread: checks one stretch of an export. */
import { parentPort, workerData } from 'node:worker_threads';
import { verifyExportStretch, type ExportStretchJob } from './export-stretch.ts';

parentPort?.postMessage(await verifyExportStretch(workerData as ExportStretchJob));
