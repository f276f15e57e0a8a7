/** A table as comma-separated values (RFC 4180), for spreadsheets: what others wrote must not become a formula there. */
import type { JsonObject, JsonValue } from '../../../core/canonical/index.ts';
import { orBlank } from '../../../core/values/index.ts';
import { printable } from './output.ts';

/** What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r]/;

/** @param columns names, in their order; also what is written where there are no rows */
export function csvText(columns: readonly string[], rows: readonly JsonObject[]): string {
  const lines = rows.map((row) => columns.map((name) => field(orBlank(row[name]))).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}

function field(value: JsonValue): string {
  const text = printable(typeof value === 'string' ? value : JSON.stringify(value));
  const safe = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
