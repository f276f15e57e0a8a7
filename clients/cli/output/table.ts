/** Rows in columns: for people aligned, under a heading; elsewhere one row a line, with two spaces between, as ever. */
import { must } from '../../../core/errors/index.ts';
import { orBlank } from '../../../core/values/index.ts';

/** @param heading a name for each column @param rows a text for each column; the last one may be long */
export function tableText(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  isForPeople: boolean = process.stdout.isTTY,
): string {
  if (!isForPeople) return rows.map(lineOf).join('\n');
  const all = [heading.map((name) => name.toUpperCase()), ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => orBlank(row[column]).length)));
  return all
    .map((row) => lineOf(row.map((cell, column) => cell.padEnd(must(widths[column], 'a column')))).trimEnd())
    .join('\n');
}

function lineOf(cells: readonly string[]): string {
  return cells.join('  ');
}
