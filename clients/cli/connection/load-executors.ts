/** The user's executors for the engine in this process: a module that makes them, imported where it stands. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CreateExecutors, Implementations } from '../../../adapters/embedded/index.ts';

/** @throws Error with a sentence that names the file and what is missing in it */
export async function loadExecutors(path: string, dataDir: string): Promise<Implementations> {
  const file = resolve(path);
  if (!existsSync(file)) throw new Error(`no executors at "${file}": name the module that exports "createExecutors"`);
  const create = (await load(file)).createExecutors;
  if (typeof create !== 'function')
    throw new Error(`"${file}" makes no executors: export a function "createExecutors" that returns them by name`);
  // The engine writes its key when it first starts, which is after its executors were made: so they ask at every call.
  const rootKeys = (): readonly string[] => [readFileSync(join(dataDir, 'root.vkey'), 'utf8').trim()];
  return await (create as CreateExecutors)({ rootKeys });
}

async function load(file: string): Promise<{ readonly createExecutors?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { readonly createExecutors?: unknown };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${file}: the executors cannot be loaded: ${why}`, { cause });
  }
}
