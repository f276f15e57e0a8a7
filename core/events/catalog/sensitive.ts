/**
 * Confidential fields: marked in the catalog, taken out of the payload before it is recorded, with a commitment in their
 * place. Decides which fields those are; how they are kept is the vault's business.
 */
import * as z from 'zod';
import { isObject } from '../../values/index.ts';
import type { JsonObject, JsonValue } from '../../canonical/index.ts';

/** `sensitive(z.string())`: the field is kept beside the ledger, encrypted and erasable. Only fields of objects can be. */
export function sensitive<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), sensitive: true });
}

/** A field taken out of a payload. */
export interface SensitiveField {
  /** JSON pointer into the payload */
  readonly path: string;
  readonly value: JsonValue;
}

/** @returns JSON pointers of the marked fields. @throws Error when a mark stands where no single field is */
export function sensitivePaths(schema: z.ZodType): readonly string[] {
  return walk(schema, '', false);
}

/** The payload without these fields, and what was in them. The payload itself is not changed. */
export function takeSensitive(
  payload: JsonObject,
  paths: readonly string[],
): { readonly payload: JsonObject; readonly taken: readonly SensitiveField[] } {
  let rest = payload;
  const taken: SensitiveField[] = [];
  for (const path of paths) {
    const keys = path.slice(1).split('/').map(unescape);
    const value = at(rest, keys);
    if (value === undefined) continue;
    taken.push({ path, value });
    rest = without(rest, keys);
  }
  return { payload: rest, taken };
}

/** @param isInside the schema is part of something that has no one place in the payload */
function walk(schema: z.ZodType, path: string, isInside: boolean): string[] {
  const isMarked = schema.meta()?.['sensitive'] === true;
  if (isMarked && (isInside || path === ''))
    throw new Error(`a sensitive mark under "${path}" is not on a field of an object: mark the whole field`);
  if (isMarked) return [path];
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([key, member]) =>
      walk(member, `${path}/${escape(key)}`, isInside),
    );
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return walk(schema.unwrap() as z.ZodType, path, isInside);
  return innerSchemas(schema).flatMap((inner) => walk(inner, path, true));
}

function innerSchemas(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType];
  if (schema instanceof z.ZodUnion) return [...(schema.options as readonly z.ZodType[])];
  if (schema instanceof z.ZodRecord) return [schema.valueType as z.ZodType];
  if (schema instanceof z.ZodTuple) return [...(schema.def.items as readonly z.ZodType[])];
  if (schema instanceof z.ZodIntersection) return [schema.def.left as z.ZodType, schema.def.right as z.ZodType];
  return [];
}

function at(value: JsonValue, keys: readonly string[]): JsonValue | undefined {
  let here: JsonValue | undefined = value;
  for (const key of keys) {
    if (!isObject(here) || !Object.hasOwn(here, key)) return undefined;
    here = here[key];
  }
  return here;
}

function without(object: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject {
  if (rest.length === 0) return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
  return { ...object, [key]: without(object[key] as JsonObject, rest) };
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unescape(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
