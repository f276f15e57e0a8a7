/** A module of the user's that makes something for the engine in this process, imported where it stands. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Maker = (given: object) => unknown;

/** @throws Error with a sentence that names the file and what is missing in it */
export async function loadMaker(
  path: string,
  { what, name }: { readonly what: string; readonly name: string },
): Promise<{ readonly file: string; readonly maker: Maker }> {
  const file = resolve(path);
  if (!existsSync(file)) throw new Error(`no ${what} at "${file}": name the module that exports "${name}"`);
  const maker = (await load(file, what))[name];
  if (typeof maker !== 'function')
    throw new Error(`"${file}" makes no ${what}: export a function "${name}" that returns them by name`);
  return { file, maker: maker as Maker };
}

async function load(file: string, what: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${file}: the ${what} cannot be loaded: ${why}`, { cause });
  }
}
