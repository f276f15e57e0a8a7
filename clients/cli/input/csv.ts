/** Comma-separated values (RFC 4180) with a header, record by record, in constant memory. It knows nothing of what they mean. */
import { orBlank } from '../../../core/values/index.ts';
import { must } from '../../../core/errors/index.ts';
export type CsvRecord = Readonly<Record<string, string>>;

/** A record, or what is wrong with it, with the number of its first line. */
export type CsvRow =
  | { readonly kind: 'record'; readonly line: number; readonly record: CsvRecord }
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string };

/** The file as a whole cannot be read as what it should be. */
export class CsvError extends Error {}

/** @param lines of the file; @param separator one character @throws CsvError when there is no usable header */
export async function* readCsv(lines: AsyncIterable<string>, separator: string): AsyncGenerator<CsvRow> {
  let header: readonly string[] | undefined;
  for await (const { text, line } of wholeRecords(lines)) {
    if (text.trim() === '') continue;
    const fields = splitRecord(text, separator);
    if (header === undefined) header = headerOf(fields, separator);
    else if (fields === undefined)
      yield { kind: 'bad', line, reason: 'a quote is not closed, or stands inside a field' };
    else if (fields.length !== header.length)
      yield { kind: 'bad', line, reason: `${fields.length} fields, the header has ${header.length}` };
    else
      yield { kind: 'record', line, record: Object.fromEntries(header.map((name, i) => [name, orBlank(fields[i])])) };
  }
  if (header === undefined) throw new CsvError('the file is empty: its first line must name the columns');
}

/** @throws CsvError */
export function headerOf(fields: readonly string[] | undefined, separator: string): readonly string[] {
  const names = fields?.map((name) => name.trim().replace(/^\ufeff/, '')) ?? [];
  const doubled = names.find((name, i) => name === '' || names.indexOf(name) !== i);
  if (fields === undefined || doubled !== undefined)
    throw new CsvError(`its first line must name each column once, separated by "${separator}"`);
  return names;
}

/** A line break inside quotes is part of the field, so a record may take several lines. */
async function* wholeRecords(
  lines: AsyncIterable<string>,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  let begun: { text: string; line: number } | undefined;
  let line = 0;
  for await (const text of lines) {
    line += 1;
    begun = begun === undefined ? { text, line } : { ...begun, text: `${begun.text}\n${text}` };
    if (isQuoteOpen(begun.text) && begun.text.length < MAX_RECORD_CHARS) continue;
    yield begun;
    begun = undefined;
  }
  if (begun !== undefined) yield begun;
}

/** A quote that is never closed must not swallow the file. */
const MAX_RECORD_CHARS = 65_536;

function isQuoteOpen(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes += 1;
  return quotes % 2 === 1;
}

/** Fields may be quoted; a doubled quote inside quotes is a quote. undefined: quotes that stand wrong */
export function splitRecord(text: string, separator: string): string[] | undefined {
  const sep = separator.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  const one = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${sep}]*))(${sep}|$)`, 'y');
  const fields: string[] = [];
  for (;;) {
    const match = one.exec(text);
    if (match === null) return undefined;
    fields.push(must(match[1]?.replaceAll('""', '"') ?? match[2], 'a field'));
    if (match[3] === '') return fields;
  }
}
