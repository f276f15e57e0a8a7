import type { IsoInstant } from '../../brands/index.ts';

/** Points in time as entries write them: UTC with milliseconds, in one form, and such that a calendar has. */
const INSTANT = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const DAY_AT = 8;
const DAY_END = 10;
/** Every month has these; whether it has more is asked of the calendar, which takes ten times as long. */
const LAST_OF_EVERY_MONTH = '28';

/** `2026-02-30T…` has the form and is no day. */
export function isInstant(value: unknown): value is IsoInstant {
  if (typeof value !== 'string' || !INSTANT.test(value)) return false;
  if (value.slice(DAY_AT, DAY_END) <= LAST_OF_EVERY_MONTH) return true;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}
