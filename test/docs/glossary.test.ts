/** The glossary: every term is where the page says, and no name, comment, sentence or page uses a term that it rules out. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  createSourceFile,
  forEachChild,
  isIdentifier,
  isPrivateIdentifier,
  isStringLiteral,
  ScriptTarget,
  type Node,
} from 'typescript';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from './pages.ts';

const text = readFileSync(join(REPOSITORY, 'docs/glossary.md'), 'utf8');
const [terms = '', rest = ''] = text.split('## Not said here');
const [notSaid = '', notNamed = ''] = rest.split('## Not a name here');
const rows = (of: string): string[][] =>
  [...of.matchAll(/^\| (?!term\b|not\b|-)(.+) \|$/gm)].map(([, row = '']) => row.split(' | '));

/** Planted violations, installed packages and published vectors are not ours to word; this page and its test have to name what they forbid. */
const OURS = /^(?!.*node_modules\/|test\/architecture\/planted\/|test\/vectors\/|test\/docs\/glossary\.test\.ts)/;
const CODE = globSync('{core,api,adapters,clients,lib,lambdas,testing,bench,bin,examples,test}/**/*.{ts,mjs}', {
  cwd: REPOSITORY,
}).filter((file) => OURS.test(file));
const PAGES = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: REPOSITORY })].filter(
  (file) => file !== 'docs/glossary.md',
);

/** Names of deployed resources and answers to programs, which stay. */
const KEPT_NAMES =
  /lambdas\/(?:waker|burier)|(?<=['`"])(?:waker|burier|tray|stretch)(?=['`"])|\b(?:waker|burier)(?:Env|Permissions|\.test|:)|the function (?:waker|burier)|let the waker|tamper watch'/g;
/** Keys of the table of deployed functions. */
const KEPT_KEYS = /^(?:waker|burier)(?:Env|Permissions)?$/;
const LINT_KINDS = 'test/core/changes/lint/policy-lint.test.ts';
const KEPT_FILES = /^(?:lambdas|test\/lambdas)\/(?:waker|burier)/;

/** camelCase and CONSTANTS as words, lower case. */
function wordsOf(code: string): string {
  return code.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').replaceAll('_', ' ').toLowerCase();
}

interface Source {
  readonly file: string;
  /** every identifier, as words */
  readonly names: string;
  /** the code without one-word literals: names, comments and sentences */
  readonly prose: string;
}

function sourceOf(file: string): Source {
  const code = readFileSync(join(REPOSITORY, file), 'utf8');
  const root = createSourceFile(file, code, ScriptTarget.Latest);
  const names = new Set<string>();
  let prose = code;
  const visit = (node: Node): void => {
    if (isIdentifier(node) || isPrivateIdentifier(node)) names.add(node.text);
    else if (isStringLiteral(node) && !node.text.trim().includes(' '))
      prose = prose.slice(0, node.pos) + ' '.repeat(node.end - node.pos) + prose.slice(node.end);
    forEachChild(node, visit);
  };
  visit(root);
  return { file, names: wordsOf([...names].filter((name) => !KEPT_KEYS.test(name)).join('\n')), prose: prose.replaceAll(KEPT_NAMES, '') };
}

const SOURCES = CODE.map(sourceOf);
const pattern = (not: string): RegExp =>
  new RegExp(`(?<![a-z0-9])${not.split(' ').join('[ _-]?')}(?:e?s)?(?![a-z0-9])`, 'i');

describe('the glossary', () => {
  it('has the terms that it says it has', () => {
    expect(rows(terms).length).toBeGreaterThan(40);
    expect(rows(notSaid).length).toBeGreaterThan(10);
    expect(rows(notNamed).length).toBeGreaterThan(5);
  });

  it.each(rows(terms).map(([term = '', meaning = '', place = '']) => [term, meaning, place]))(
    'says where "%s" lives',
    (_term, _meaning, place) => {
      const [, name, file = ''] = /^(?:`(\w+)` in )?`([^`]+)`$/.exec(place) ?? [];
      expect(existsSync(join(REPOSITORY, file)), place).toBe(true);
      if (name !== undefined) expect(readFileSync(join(REPOSITORY, file), 'utf8'), place).toMatch(new RegExp(`\\b${name}\\b`));
    },
  );

  it.each(rows(notSaid).map(([not = '', but = '']) => [not, but]))('says nowhere "%s" but "%s"', (not) => {
    const said = pattern(not);
    const files = CODE.filter((file) => !KEPT_FILES.test(file) && said.test(basename(file)));
    const sources = SOURCES.filter(({ names, prose }) => said.test(names) || said.test(prose)).map(({ file }) => file);
    const pages = PAGES.filter((file) =>
      said.test(readFileSync(join(REPOSITORY, file), 'utf8').replaceAll(KEPT_NAMES, '').replaceAll(/^ *\|? ?`?DeadLettersBuried/gm, '')),
    );
    expect([...files, ...sources, ...pages]).toEqual([]);
  });

  it.each(rows(notNamed).map(([not = '', but = '']) => [not, but]))('names nothing "%s" but "%s"', (not) => {
    const said = new RegExp(`(?<![a-z0-9])${not}(?![a-z0-9])`);
    const kept = SOURCES.filter(({ file }) => not !== 'elsewhere' || file !== LINT_KINDS); // a kind that `policy lint` answers
    expect(kept.filter(({ names }) => said.test(names)).map(({ file }) => file)).toEqual([]);
  });

  it('would find a term in a name, a comment and a sentence', () => {
    expect(pattern('door').test(wordsOf('openDoor'))).toBe(true);
    expect(pattern('tamper watch').test(wordsOf('TAMPER_WATCH'))).toBe(true);
    expect(pattern('stretch').test('/** Two stretches of the log. */')).toBe(true);
    expect(pattern('door').test('indoors')).toBe(false);
  });
});
