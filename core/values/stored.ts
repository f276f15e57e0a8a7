/**
 * What schemas of stored items are made of beside zod's own words. A schema here only checks: nothing is filled in or rewritten,
 * because an item is handed on as it was stored.
 */
import * as z from 'zod';
import type { EpochMs, IsoInstant } from '../brands/index.ts';
import type { JsonObject, JsonValue } from '../canonical/index.ts';
import { isObject } from './is-object.ts';

/** Each field of T by name, so that a new one is forgotten nowhere, and no other field. */
export function stored<T>(fields: Fields<T>): z.ZodType<T> {
  return z.strictObject(fields) as unknown as z.ZodType<T>;
}

type Fields<T> = {
  readonly [Name in keyof T]-?: undefined extends T[Name]
    ? z.ZodExactOptional<z.ZodType<Exclude<T[Name], undefined>>>
    : z.ZodType<T[Name]>;
};

/** A count or a place: from 0 on. */
export const whole = z.int().nonnegative();
export const epochMs = branded<EpochMs>(z.number());
/** ISO 8601 in UTC, as clocks here write it. */
export const instant = branded<IsoInstant>(z.iso.datetime());
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'no SHA-256 in hex');
/** SHA-256 in lower-case hex, of the kind that the field has by its type. */
export function hash<Kind extends string>(): z.ZodType<Kind> {
  return branded<Kind>(sha256);
}
/** Text or a number that its schema let pass, which is all that a brand says. */
export function branded<Kind extends string | number>(schema: z.ZodType<string | number>): z.ZodType<Kind> {
  return schema as unknown as z.ZodType<Kind>;
}
export const json = z.custom<JsonValue>((value) => value !== undefined, 'missing');
export const jsonObject = z.custom<JsonObject>(isObject, 'no object');
