/** docs/cli.md tells the commands of the table, no more and no fewer, with what they take; and nothing names them as they were. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROWS } from '../../clients/cli/table/index.ts';
import { loadAllCommands, usageOf } from '../support/commands.ts';
import { REPOSITORY } from './pages.ts';

const PAGE = readFileSync(join(REPOSITORY, 'docs/cli.md'), 'utf8');
const CHANGELOG = readFileSync(join(REPOSITORY, 'CHANGELOG.md'), 'utf8');
const OLD = ROWS.flatMap(({ path, was = [] }) => was.map((name) => [name, path] as const));
/** Where names are told as they were: the table, its test, what changed when, and past decisions. */
const MAY_NAME_OLD = /^(?:CHANGELOG\.md|clients\/cli\/table\/|test\/(?:clients\/cli\/command-table|docs\/commands)\.test\.ts|docs\/adr\/)/;

const commands = await loadAllCommands();

describe('docs/cli.md', () => {
  it('has one row for each command, in order, with its arguments and options', () => {
    const section = PAGE.slice(PAGE.indexOf('\n## Commands\n'), PAGE.indexOf('\n## Differences\n'));
    const rows = [...section.matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, usage]) => usage);
    expect(rows).toEqual([...commands].map(([path, command]) => usageOf(path, command)));
  });
});

describe('CHANGELOG.md', () => {
  it.each(OLD)('tells that %s is %s now', (old, path) => {
    expect(CHANGELOG).toContain(`| \`nervous\` | \`${old}\` | \`${path}\` |`);
  });
});

/** `nervous keys` is an old name, `nervous keys audit` is none. */
function oldNameIn(text: string): string | undefined {
  for (const [, words = ''] of text.matchAll(/(?<![\w./-])nervous ((?:[a-z-]+ ?){1,2})/g)) {
    const [one = '', two = ''] = words.trim().split(' ');
    const isNew = ROWS.some(({ path }) => path === `${one} ${two}` || path === one);
    const old = OLD.find(([name]) => name === `${one} ${two}` || name === one);
    if (old !== undefined && (!isNew || old[0] === `${one} ${two}`)) return `nervous ${old[0]}`;
  }
  return undefined;
}

describe('names from before there were groups', () => {
  it('stand in no text of the product, its pages, examples, templates and tests', () => {
    const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
      ...{ cwd: REPOSITORY, encoding: 'utf8' },
    });
    const paths = listed.split('\0').filter((path) => /\.(?:ts|mjs|md|json|yml|py)$/.test(path) && !MAY_NAME_OLD.test(path));
    const found = paths.flatMap((path) => {
      const old = oldNameIn(readIfThere(path));
      return old === undefined ? [] : [`${path}: ${old}`];
    });
    expect(paths.length).toBeGreaterThan(500);
    expect(found).toEqual([]);
  });

  it.each([
    ['see "nervous keys" for them', 'nervous keys'],
    ['npx nervous approve <id>', 'nervous approve'],
    ['nervous export verify x', 'nervous export verify'],
    ['nervous keys audit', undefined],
    ['nervous export --data x', undefined],
    ['nervous changes approve <id>', undefined],
    ['nervous guards list', undefined],
  ])('%j: %s', (text, found) => {
    expect(oldNameIn(text)).toBe(found);
  });
});

/** Removed, and not yet committed: it names nothing. */
function readIfThere(path: string): string {
  try {
    return readFileSync(join(REPOSITORY, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
