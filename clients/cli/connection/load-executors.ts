/** The user's executors for the engine in this process: a module that makes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateExecutors, Implementations } from '../../../adapters/embedded/index.ts';
import { loadMaker } from './load-maker.ts';

/** @throws Error with a sentence that names the file and what is missing in it */
export async function loadExecutors(path: string, dataDir: string): Promise<Implementations> {
  const { maker } = await loadMaker(path, { what: 'executors', name: 'createExecutors' });
  // The engine writes its key when it first starts, which is after its executors were made: so they ask at every call.
  const rootKeys = (): readonly string[] => [readFileSync(join(dataDir, 'root.vkey'), 'utf8').trim()];
  return await (maker as CreateExecutors)({ rootKeys });
}
