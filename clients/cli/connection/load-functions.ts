/** The user's functions for subscriptions of the engine in this process: a module that makes them, imported where it stands. */
import type { EngineOptions } from '../../../adapters/embedded/index.ts';
import { loadMaker } from './load-maker.ts';

type Functions = NonNullable<EngineOptions['functions']>;

/** @throws Error with a sentence that names the file and what is missing in it */
export async function loadFunctions(path: string): Promise<Functions> {
  const { file, maker } = await loadMaker(path, { what: 'functions', name: 'createFunctions' });
  const functions = await maker({});
  if (typeof functions === 'object' && functions !== null && Object.values(functions).every(isFunction))
    return functions as Functions;
  throw new Error(`"${file}" makes no functions: "createFunctions" must return an object of functions by name`);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
