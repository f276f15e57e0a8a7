import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '../../docs/adr');
const ROW = /^\| \[(\d{4})\]\((.+?)\)\s*\| (.+?)\s*\| (.+?)\s*\|$/gm;

/** Number, file, title and status, as the page itself says. */
function pages(): string[][] {
  return globSync(join(FOLDER, '[0-9]*.md'))
    .sort()
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      const [, number = '', title = ''] = /^# (\d{4}) (.+)$/m.exec(text) ?? [];
      const [, status = ''] = /^Status: (.+)$/m.exec(text) ?? [];
      return [number, basename(path), title, status.trim()];
    });
}

it('lists every decision in order, with the title and the status of its page', () => {
  const index = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  const listed = [...index.matchAll(ROW)].map(([, ...columns]) => columns);
  expect(pages().length).toBeGreaterThan(17);
  expect(listed).toEqual(pages());
});

it('numbers them one after the other', () => {
  expect(pages().map(([number]) => Number(number))).toEqual(pages().map((_, i) => i + 1));
});
