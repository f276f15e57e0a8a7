/** A point in time as somebody gives it: itself, or how long ago. What it is counted from is known to whoever has the clock. */
import { later, msOf, type EpochMs } from '../brands/index.ts';
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from './time-units.ts';

/** `text`: as it was given */
export type Moment = { readonly text: string } & ({ readonly at: EpochMs } | { readonly agoMs: number });

const UNIT_MS: Readonly<Record<string, number>> = {
  ...{ s: MS_PER_SECOND, m: MS_PER_MINUTE, h: MS_PER_HOUR },
  ...{ d: MS_PER_DAY, w: 7 * MS_PER_DAY },
};
const DAYS =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))';
const [HOUR, SIXTIETH] = ['(?:[01][0-9]|2[0-3])', '[0-5][0-9]'];
/** As JSON Schema has it too: an RFC 3339 time with its zone, or a span. */
export const MOMENT_FORM = `^(?:[0-9]{4}-${DAYS}T${HOUR}:${SIXTIETH}:${SIXTIETH}(?:\\.[0-9]{1,9})?(?:Z|[+-]${HOUR}:${SIXTIETH})|[0-9]{1,5}[smhdw])$`;
const FORM = new RegExp(MOMENT_FORM);
const SPAN = /^(\d+)([smhdw])$/;
const DAY_LENGTH = 10;

/** @returns undefined: it is neither a time (RFC 3339) nor a span such as `15m` */
export function parseMoment(text: string): Moment | undefined {
  if (!FORM.test(text)) return undefined;
  const [, count, unit = ''] = SPAN.exec(text) ?? [];
  if (count !== undefined) return { text, agoMs: Number(count) * (UNIT_MS[unit] ?? NaN) };
  const at = msOf(text);
  // 29 February of a common year would be read as 1 March.
  const day = Date.parse(`${text.slice(0, DAY_LENGTH)}T00:00:00Z`);
  const isReal = !Number.isNaN(at) && new Date(day).toISOString().startsWith(text.slice(0, DAY_LENGTH));
  return isReal ? { text, at } : undefined;
}

export function timeOfMoment(moment: Moment, now: EpochMs): EpochMs {
  return 'at' in moment ? moment.at : later(now, -moment.agoMs);
}
