import type { IsoInstant } from '../../brands/index.ts';

/** Points in time as entries write them: UTC with milliseconds, in one form, and such that a calendar has. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** `2026-02-30T…` has the form and is no day. */
export function isInstant(value: unknown): value is IsoInstant {
  if (typeof value !== 'string' || !INSTANT.test(value)) return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}
