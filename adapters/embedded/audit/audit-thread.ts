/** An auditing thread: verifies data folders while the engine's own thread continues to serve. */
import { parentPort } from 'node:worker_threads';
import { giveWay } from '../machine/give-way.ts';
import { verifyDataDir, type VerifyDataDirOptions } from './verify-data-dir.ts';

export interface AuditJob {
  readonly dataDir: string;
  readonly options: VerifyDataDirOptions;
}

giveWay();
parentPort?.on('message', (job: AuditJob) => void audit(job));

async function audit({ dataDir, options }: AuditJob): Promise<void> {
  parentPort?.postMessage(await verifyDataDir(dataDir, { ...options, besideEngine: true }));
}
