/** An auditing thread: verifies a data folder while the engine's own thread goes on serving. */
import { parentPort, workerData } from 'node:worker_threads';
import { verifyDataDir, type VerifyDataDirOptions } from './verify-data-dir.ts';

const { dataDir, options } = workerData as { readonly dataDir: string; readonly options: VerifyDataDirOptions };
parentPort?.postMessage(await verifyDataDir(dataDir, options));
