/** What a bench writes into a page of docs/ stands between two markers, and nothing else of the page changes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');

export function writeIntoPage(page: string, part: string, text: string): void {
  const path = join(DOCS, page);
  writeFileSync(path, withPart(readFileSync(path, 'utf8'), part, text));
}

/** @throws Error when the page has no such part */
export function withPart(page: string, part: string, text: string): string {
  const [begin, end] = [`<!-- ${part}: written by npm run bench -->`, `<!-- end of ${part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no "${begin}" followed by "${end}"`);
  return `${page.slice(0, from)}${begin}\n\n${text.trim()}\n\n${page.slice(to)}`;
}

/** The first column is words, the others are figures. */
export function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
