/** The tour of CONTRIBUTING.md, followed literally on a scratch copy of the repository: every command does what the page says. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { pageOf, REPOSITORY } from './pages.ts';
import { commandsOf, runCommands } from './shell.ts';

const PAGE = 'CONTRIBUTING.md';
const TOUR = '## A tour: add one of each';
/** Neither sources nor needed by what the tour runs. */
const NOT_COPIED = new Set(['node_modules', '.git', '.cache', '.data', 'cdk.out']);
/** The compiler reads the whole product, on a machine that runs other tests. */
const PATIENCE_MS = 600_000;

const scratch = mkdtempSync(join(tmpdir(), 'nervous-tour-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it('ends with four things added, tested and within the rules', { timeout: PATIENCE_MS }, async () => {
  const folder = join(scratch, 'copy');
  cpSync(REPOSITORY, folder, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  const text = readFileSync(join(REPOSITORY, PAGE), 'utf8');
  const first = text.slice(0, text.indexOf(TOUR)).split('\n').length;
  const blocks = pageOf(PAGE, text).blocks.filter(({ line }) => line > first);
  const commands = blocks.flatMap((block) => commandsOf(block.text, block.line));
  expect(commands.length).toBeGreaterThan(20);
  const env = { NODE_COMPILE_CACHE: join(scratch, 'compiled') };
  expect(await runCommands(commands, { folder, env, patienceMs: PATIENCE_MS })).toEqual([]);
});
