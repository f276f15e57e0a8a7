/** Reads the semicolon-separated files of the Berka data set line by line, in constant memory. A bad line is named. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

export type Row = Readonly<Record<string, string>>;

export class CsvError extends Error {}

/** @throws CsvError naming the line */
export async function* readCsv(path: string, columns: readonly string[]): AsyncGenerator<{ row: Row; line: number }> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  let line = 0;
  for await (const text of lines) {
    line += 1;
    const fields = splitLine(text, line);
    if (line === 1) {
      if (fields.join() !== columns.join())
        throw new CsvError(`line 1: the header is "${fields.join(';')}", expected "${columns.join(';')}"`);
      continue;
    }
    if (fields.length !== columns.length)
      throw new CsvError(`line ${line}: ${fields.length} fields, expected ${columns.length}`);
    yield { row: Object.fromEntries(columns.map((name, i) => [name, fields[i] ?? ''])), line };
  }
  if (line === 0) throw new CsvError(`"${path}" is empty: expected a header`);
}

/** The field when it has the form, a CsvError that names line, column and value when not. */
export function field(row: Row, column: string, form: RegExp, line: number): string {
  const value = row[column] ?? '';
  if (!form.test(value))
    throw new CsvError(`line ${line}: ${column} is "${value.slice(0, 50)}", expected ${form.source}`);
  return value;
}

/** 930101 → 1993-01-01; the data set ends before 2000. */
export function isoDate(row: Row, line: number): string {
  const [, year, month, day] = /^(\d\d)(\d\d)(\d\d)$/.exec(field(row, 'date', /^\d{6}$/, line)) ?? [];
  return `19${year}-${month}-${day}`;
}

/** Fields may be quoted; a doubled quote inside quotes is a quote. */
function splitLine(text: string, line: number): string[] {
  const fields: string[] = [];
  const one = /(?:"((?:[^"]|"")*)"|([^";]*))(;|$)/y;
  for (;;) {
    const match = one.exec(text);
    if (match === null) throw new CsvError(`line ${line}: a quote is not closed or stands inside a field`);
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return fields;
  }
}
