/** The sample executor as the function that the deployed configuration names; its code and its database are in this process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executorHandler, type ExecutorRequest } from '../../../clients/sdk/index.ts';
import { formatVerifierKey } from '../../../core/ledger/index.ts';
import { config, LIMITS_FUNCTION } from '../../support/executor-config.ts';
import { openSampleExecutor } from '../../support/sample-executor.ts';
import { output, publicKey } from './deployed.ts';
import { serveFunction } from './served-function.ts';

export interface ServedLimits {
  limits(): Readonly<Record<string, number | null>>;
  close(): Promise<void>;
}

export async function serveLimits(): Promise<ServedLimits> {
  const folder = mkdtempSync(join(tmpdir(), 'nervous-limits-'));
  const rootKeys = [formatVerifierKey(config.origin, await publicKey(output('RootKeyId')))];
  const { executor, limits } = openSampleExecutor(folder, rootKeys);
  const handle = executorHandler(executor);
  const served = await serveFunction(LIMITS_FUNCTION, (event) => handle(event as ExecutorRequest));
  return {
    limits: () => limits.all(),
    close: async () => {
      await served.close();
      limits.close();
      rmSync(folder, { recursive: true });
    },
  };
}
