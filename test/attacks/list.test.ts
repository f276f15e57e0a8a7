/** No attack without a test, no control without a place in the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';

const ROWS = 35;
const DOC = readFileSync('docs/approvals.md', 'utf8');

it('has a test for every row, and the document has every row', () => {
  const folder = join('test', 'attacks');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  const tests = sources.flatMap((name) => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(/^ *attack\(\s*(\d+),/gm),
  ]);
  const rows = Array.from({ length: ROWS }, (_, i) => i + 1);
  expect([...new Set(tests.map(([, row]) => Number(row)))].sort((a, b) => a - b)).toEqual(rows);
  expect(rows.filter((row) => !new RegExp(`^\\| ${row} \\|`, 'm').test(DOC))).toEqual([]);
});

it.each(MUTANTS)('can switch off: $control', ({ edits }) => {
  for (const { file, find } of edits) expect([find, readFileSync(file, 'utf8').split(find).length]).toEqual([find, 2]);
});
