/**
 * Reading a parsed JSON object whose keys may be hostile: own properties only, so `__proto__` and `constructor` are names
 * like any other; positions are RFC 6901 pointers.
 */
import { refuse } from './errors.ts';

export type JsonObject = { [key: string]: unknown };

export function pointerTo(parent: string, key: string): string {
  return `${parent}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

export interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly pointer: string;
}

/** The entry of an object that must have exactly one. */
export function onlyEntry(object: JsonObject, at: string, expected: string): Entry {
  const keys = Object.keys(object);
  const [key] = keys;
  if (key === undefined) return refuse(at, `a match expression is empty: write ${expected}`);
  if (keys.length > 1)
    return refuse(at, `a match expression has one key, got ${keys.length}: write one object for each`);
  return { key, value: object[key], pointer: pointerTo(at, key) };
}
