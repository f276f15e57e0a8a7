/** A time on a command line: ISO 8601, or how long from now (`7d`, `24h`, `30m`). Which way that goes, the option says. */
import { MS_PER_MINUTE } from '../../../core/values/index.ts';
import { UsageError } from '../output/output.ts';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** A calendar date is its first moment, in UTC. */
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * @param option for the message @param direction where a span goes: `past` for what was, `future` for what shall be
 * @returns ISO 8601 UTC @throws UsageError with an example
 */
export function parseTime(
  text: string,
  { option, direction, now = Date.now() }: { option: string; direction: 'past' | 'future'; now?: number },
): string {
  const [, count, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  const span = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (Number.isFinite(span)) return new Date(direction === 'past' ? now - span : now + span).toISOString();
  const at = ISO.test(text) ? Date.parse(text) : Number.NaN;
  // 2026-02-30 is read as 2 March: what was typed must be what is meant.
  if (!Number.isNaN(at) && isRealDate(text)) return new Date(at).toISOString();
  const example = direction === 'past' ? '7d, 24h (ago)' : '7d, 24h (from now)';
  throw new UsageError(`${option} "${text}" is not a time: write ${example}, 2026-12-01 or 2026-12-01T08:00:00Z`);
}

/** A span (`90m`, `2h`, `7d`), or minutes alone. @throws UsageError with an example */
export function parseMinutes(text: string, option: string): number {
  const [, count, unit = 'm'] = /^([1-9]\d{0,6})([mhdw])?$/.exec(text) ?? [];
  const spanMs = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (Number.isFinite(spanMs)) return spanMs / MS_PER_MINUTE;
  throw new UsageError(`${option} "${text}" is not a span: write 90m, 2h or 7d`);
}

function isRealDate(text: string): boolean {
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
