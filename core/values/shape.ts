/**
 * Forms of stored values, checked where they stand: an object has the fields it was written with, each of its kind, and no
 * other. Made for what is read often and in functions whose size counts; what people send in is parsed by zod.
 */
import type { EpochMs, IsoInstant } from '../brands/index.ts';
import type { JsonObject, JsonValue } from '../canonical/index.ts';
import { describeIssues, pointerTo, type Problem } from '../errors/index.ts';

declare const shaped: unique symbol;

/** What keeps a value from being a T; undefined: it is one. */
export interface Shape<T> {
  (value: unknown): Problem | undefined;
  /** never there: it makes shapes of different values different types */
  readonly [shaped]?: T;
}

type Of<S> = S extends Shape<infer T> ? T : never;

interface Optional<T> {
  readonly optional: Shape<T>;
}

/** Every field of T, so that a new one is forgotten nowhere. */
type Fields<T> = {
  readonly [Name in keyof T]-?: undefined extends T[Name] ? Optional<Exclude<T[Name], undefined>> : Shape<T[Name]>;
};

export const text: Shape<string> = (value) => (typeof value === 'string' ? undefined : misfit(value, 'text'));
export const flag: Shape<boolean> = (value) =>
  typeof value === 'boolean' ? undefined : misfit(value, 'true or false');
export const number: Shape<number> = (value) => (Number.isFinite(value) ? undefined : misfit(value, 'a number'));
export const epochMs: Shape<EpochMs> = (value) => number(value);
/** A count or a place: from 0 on. */
export const whole: Shape<number> = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : misfit(value, 'a whole number from 0 on');
/** ISO 8601 in UTC, as clocks here write it. */
export const instant: Shape<IsoInstant> = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'a time in UTC');
const hex: Shape<string> = matching(/^[0-9a-f]{64}$/, 'a hash in hex');
/** Of the kind that the field has by its type. */
export function hash<Kind extends string>(): Shape<Kind> {
  return hex as Shape<Kind>;
}
export const json: Shape<JsonValue> = (value) => (value === undefined ? misfit(value, 'a value') : undefined);
export const jsonObject: Shape<JsonObject> = (value) => (isObject(value) ? undefined : misfit(value, 'an object'));

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function matching<T extends string = string>(pattern: RegExp, what: string): Shape<T> {
  return (value) => (typeof value === 'string' && pattern.test(value) ? undefined : misfit(value, what));
}

export function oneOf<const T extends string | number | boolean>(...values: readonly T[]): Shape<T> {
  const known: ReadonlySet<unknown> = new Set(values);
  return (value) =>
    known.has(value) ? undefined : misfit(value, values.map((one) => JSON.stringify(one)).join(' or '));
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? undefined : shape(value));
}

export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape };
}

export function list<T>(of: Shape<T>): Shape<T[]> {
  return (value) => {
    if (!Array.isArray(value)) return misfit(value, 'a list');
    for (let i = 0; i < value.length; i += 1) {
      const problem = of(value[i]);
      if (problem !== undefined) return inside(String(i), problem);
    }
    return undefined;
  };
}

export function dictionary<T>(of: Shape<T>): Shape<Record<string, T>> {
  return (value) => {
    if (!isObject(value)) return misfit(value, 'an object');
    for (const name of Object.keys(value)) {
      const problem = of(value[name]);
      if (problem !== undefined) return inside(name, problem);
    }
    return undefined;
  };
}

export function object<T extends object>(fields: Fields<T>): Shape<T> {
  const known = Object.entries<Shape<unknown> | Optional<unknown>>(fields).map(([name, field]) =>
    'optional' in field ? { name, shape: field.optional, isOptional: true } : { name, shape: field, isOptional: false },
  );
  return (value) => {
    if (!isObject(value)) return misfit(value, 'an object');
    let present = 0;
    for (const { name, shape, isOptional } of known) {
      if (Object.hasOwn(value, name)) present += 1;
      else if (isOptional) continue;
      else return { pointer: pointerTo([name]), detail: 'is missing' };
      const problem = shape(value[name]);
      if (problem !== undefined) return inside(name, problem);
    }
    const names = Object.keys(value);
    if (names.length === present) return undefined;
    const extra = names.find((name) => !Object.hasOwn(fields, name));
    return { pointer: pointerTo([String(extra)]), detail: 'is no field of it' };
  };
}

/** Objects of several forms, told apart by what they say in one field. */
export function byTag<Shapes extends Readonly<Record<string, Shape<object>>>>(
  tag: string,
  shapes: Shapes,
): Shape<Of<Shapes[keyof Shapes]>> {
  const tags = oneOf(...Object.keys(shapes));
  return (value) => {
    if (!isObject(value)) return misfit(value, 'an object');
    const found = value[tag];
    const problem = tags(found);
    if (problem !== undefined) return inside(tag, problem);
    return typeof found === 'string' ? shapes[found]?.(value) : undefined;
  };
}

/** One of several forms that need no tag; where none fits, what the last one says. */
export function anyOf<Shapes extends readonly Shape<unknown>[]>(...shapes: Shapes): Shape<Of<Shapes[number]>> {
  return (value) => {
    let problem: Problem | undefined;
    for (const shape of shapes) {
      problem = shape(value);
      if (problem === undefined) return undefined;
    }
    return problem;
  };
}

interface Schema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { path: readonly PropertyKey[]; message: string }[] };
      };
}

/** For what has a zod schema already, which must only check: what it would fill in or rewrite stays as it is. */
export function ofSchema<T>(schema: Schema<T>): Shape<T> {
  return (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? undefined : describeIssues(parsed.error.issues).problems[0];
  };
}

function misfit(found: unknown, wanted: string): Problem {
  return { pointer: '', detail: `is ${inWords(found)}, not ${wanted}` };
}

/** Kinds, no texts: what is stored may be confidential. */
function inWords(found: unknown): string {
  if (found === undefined) return 'missing';
  if (typeof found === 'string') return `text of ${found.length} characters`;
  if (Array.isArray(found)) return 'a list';
  return typeof found === 'object' && found !== null ? 'an object' : JSON.stringify(found);
}

function inside(name: string, { pointer, detail }: Problem): Problem {
  return { pointer: pointerTo([name]) + pointer, detail };
}
