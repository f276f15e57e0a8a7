/** A replaying thread: who was entitled to decide in a data folder. */
import { parentPort, workerData } from 'node:worker_threads';
import { replayHere, type ReplayJob } from './replay-data-dir.ts';

parentPort?.postMessage(await replayHere(workerData as ReplayJob));
