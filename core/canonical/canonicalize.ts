/**
 * RFC 8785 (JSON Canonicalization Scheme) text of a JSON value, refusing what I-JSON (RFC 7493) refuses: the same value
 * has one text on every machine, and a value that would be changed by writing it down is an error, never a silent repair.
 * It knows nothing of entries; what an entry may hold beyond this is core/ledger's business.
 */
import { CanonicalError } from './errors.ts';

/** Levels of nesting accepted anywhere; deeper input is refused before it can exhaust a stack. */
export const MAX_DEPTH = 64;

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

export interface CanonicalOptions {
  /** Accept only integers |n| < 2^53: a decimal must be written as a string. Default: any finite double (RFC 8785). */
  readonly integersOnly?: boolean;
}

/**
 * The canonical text of `value`; its UTF-8 encoding is the canonical form.
 * @throws CanonicalError NOT_I_JSON (undefined, NaN, function, class instance, lone surrogate, …) or TOO_DEEP, with the pointer
 */
export function canonicalize(value: unknown, options: CanonicalOptions = {}): string {
  return write(value, options.integersOnly === true, []);
}

/** True when `text` is exactly the canonical text of `value`, which was parsed from it, and holds nothing that `options` refuse. */
export function isCanonical(text: string, value: unknown, options: CanonicalOptions = {}): boolean {
  // JSON.stringify writes numbers and strings as RFC 8785 asks (both follow ECMA-262). It does not sort keys, and it
  // escapes lone surrogates and nests as deep as it can, which canonicalize refuses: those take the slow way.
  const isPlain = isPlainValue(value, MAX_DEPTH, options.integersOnly === true) && !text.includes('\\ud');
  return (isPlain && JSON.stringify(value) === text) || canonicalOrUndefined(value, options) === text;
}

function write(value: unknown, integersOnly: boolean, path: string[]): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, path);
    case 'number':
      return writeNumber(value, integersOnly, path);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (path.length >= MAX_DEPTH)
        throw new CanonicalError('TOO_DEEP', pointerOf(path), `nested deeper than ${MAX_DEPTH} levels`);
      return Array.isArray(value) ? writeArray(value, integersOnly, path) : writeObject(value, integersOnly, path);
    default:
      throw refuse(path, `a ${typeof value} is not JSON`);
  }
}

function writeArray(items: readonly unknown[], integersOnly: boolean, path: string[]): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) {
    path.push(String(i));
    text += (i === 0 ? '' : ',') + write(items[i], integersOnly, path);
    path.pop();
  }
  return text + ']';
}

function writeObject(object: object, integersOnly: boolean, path: string[]): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refuse(path, `a ${object.constructor.name} is not a plain object: convert it to JSON values first`);
  }
  const keys = Object.keys(object);
  if (!isSorted(keys)) keys.sort(); // by UTF-16 code units, RFC 8785 section 3.2.3
  let text = '{';
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    path.push(key);
    text +=
      (i === 0 ? '' : ',') +
      writeString(key, path) +
      ':' +
      write((object as Record<string, unknown>)[key], integersOnly, path);
    path.pop();
  }
  return text + '}';
}

function writeString(value: string, path: string[]): string {
  if (!value.isWellFormed()) throw refuse(path, 'a string with a lone surrogate is not Unicode text');
  return JSON.stringify(value);
}

function writeNumber(value: number, integersOnly: boolean, path: string[]): string {
  if (!Number.isFinite(value)) throw refuse(path, `${value} is not a JSON number`);
  if (integersOnly && !Number.isSafeInteger(value)) {
    throw refuse(
      path,
      `${value} is not an integer between -(2^53-1) and 2^53-1: write decimals and larger numbers as a string`,
    );
  }
  return JSON.stringify(value);
}

function refuse(path: readonly string[], detail: string): CanonicalError {
  return new CanonicalError('NOT_I_JSON', pointerOf(path), detail);
}

/** RFC 6901 JSON pointer of a path of keys and indices. */
export function pointerOf(path: readonly (string | number | symbol)[]): string {
  return path.map((step) => '/' + String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('');
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] as string) > (keys[i] as string)) return false;
  return true;
}

/** Keys are sorted, numbers are integers where they must be, and it is nested no deeper than `depth`. */
function isPlainValue(value: unknown, depth: number, integersOnly: boolean): boolean {
  if (typeof value === 'number') return !integersOnly || Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isPlainValue(item, depth - 1, integersOnly));
  const keys = Object.keys(value);
  return (
    isSorted(keys) &&
    keys.every((key) => isPlainValue((value as Record<string, unknown>)[key], depth - 1, integersOnly))
  );
}

/** Integer-like keys come first in a JavaScript object whatever the text said, so the fast comparison can fail on honest text. */
function canonicalOrUndefined(value: unknown, options: CanonicalOptions): string | undefined {
  try {
    return canonicalize(value, options);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}
