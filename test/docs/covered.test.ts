/**
 * Every fenced block of every page is somebody's: a test runs its commands, compiles and runs its TypeScript, or it stands below
 * with the reason. Who adds a page or a language says who runs it.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageAt, REPOSITORY, TYPED_OUTSIDE } from './pages.ts';

/** Pages → the test that types their commands. The README and docs/ are test/docs/run.test.ts's, but for what TYPED_OUTSIDE says. */
const TYPED_BY: readonly (readonly [RegExp, string])[] = [
  ...Object.entries(TYPED_OUTSIDE).map(([page, test]) => [new RegExp(`^${page}$`), test] as const),
  [/^(?:README\.md|docs\/[^/]+\.md)$/, 'test/docs/run.test.ts'],
  [/^CONTRIBUTING\.md$/, 'test/docs/tour.test.ts'],
  [/^examples\/[^/]+\/README\.md$/, 'test/package/examples.test.ts'],
  [/^packages\/create-nervous-system\/template\/README\.md$/, 'test/package/readmes.test.ts'],
];
/** How many blocks of shell of a page no test runs. Each says why right above itself; fewer is better, more needs a reason here. */
const NOT_RUN: Readonly<Record<string, number>> = {
  'README.md': 2, // .ci/run does
  'docs/access.md': 1, // an auditor's token of a running ledger; test/e2e/access.test.ts does the same
  'docs/approvals.md': 2, // a rollback that has failed cannot be typed, and enrolling a key takes a day; tests do both
  'docs/auditing.md': 4, // AWS; a history, which a scenario makes; Go and Python, with which other tests run them
  'docs/cli.md': 1, // a log on somebody else's server
  'docs/deploy.md': 2, // an AWS account; npm run test:aws does the same on an emulator
  'docs/embedded.md': 1, // a program of the reader's own
  'docs/formats.md': 5, // OpenSSL and xxd; a test recomputes the same with Node
  'docs/lake.md': 2, // the packages of Parquet are asked of a registry; test/clients/cli/lake-cli.test.ts runs the same; AWS, as test/aws/lake.test.ts
  'docs/module-guide.md': 1, // npm would download; a test makes the same folder
  'docs/notices.md': 1, // a mail server; test/adapters/embedded/runtime/smtp-mail.test.ts has one
  'docs/subscriptions.md': 1, // an engine with a function; the block of TypeScript above it is run with that
  'docs/webhooks.md': 3, // a receiver at an address that webhooks may go to; test/e2e/webhooks sends the same requests
  'packages/nervous-system/README.md': 1, // its commands are the tutorial's
  'packages/create-nervous-system/README.md': 1, // as above, and test/package/aws.test.ts
};
/** Other languages → what is done with them. */
const LANGUAGES: Readonly<Record<string, string>> = {
  '': 'shown, not typed: layouts, formulas and what is read', // docs/formats.md: test/docs/formats.test.ts recomputes them
  text: 'output; that of the tutorial is compared',
  json: 'parsed below; those of docs/formats.md are recomputed',
  mermaid: 'a drawing; that of the life of a change is made from the table of steps',
  python: 'test/docs/executors.test.ts and test/verifier; docs/python.md: test/foreign/python-client.test.ts',
  diff: 'test/package/tutorial.test.ts',
  sql: 'the schema is read by test/docs/formats.test.ts; the other is for Athena on AWS',
  yaml: 'a part of a file of Prometheus; test/foreign checks ours with promtool',
};
/** Commands before the tour of CONTRIBUTING.md: those of .ci/run. */
const BEFORE_THE_TOUR = 1;

const PAGES = globSync(['*.md', 'docs/*.md', '{examples,packages}/*/README.md', 'packages/*/template*/README.md'], { cwd: REPOSITORY })
  .filter((path) => path !== 'CHANGELOG.md')
  .sort();
const BLOCKS = PAGES.flatMap((path) => pageAt(path).blocks.map((block) => ({ path, ...block })));
const shell = BLOCKS.filter(({ language }) => language === 'sh');

describe('a fenced block', () => {
  it('of shell is run by a test, or is one of the few that cannot be', () => {
    expect(shell.length).toBeGreaterThan(100);
    const unowned = shell.filter(({ path, notRun }) => notRun === undefined && !TYPED_BY.some(([page]) => page.test(path)));
    expect(unowned.map(({ path, line }) => `${path}:${line}`)).toEqual([]);
    const notRun = Map.groupBy(shell.filter((block) => block.notRun !== undefined), ({ path }) => path);
    const counted = [...notRun].map(([path, blocks]) => [path, blocks.length] as const);
    expect(counted.filter(([path, count]) => count > (NOT_RUN[path] ?? 0))).toEqual([]);
    expect(Object.keys(NOT_RUN).filter((path) => !notRun.has(path))).toEqual([]);
    const tour = readFileSync(join(REPOSITORY, 'CONTRIBUTING.md'), 'utf8').split('## A tour')[0] ?? '';
    expect(tour.match(/^```sh$/gm)).toHaveLength(BEFORE_THE_TOUR);
  });

  it('of TypeScript is compiled and run, or is the app that test/package/aws.test.ts deploys', () => {
    const owned = /^(?:README\.md|docs\/[^/]+\.md|packages\/nervous-system\/README\.md)$/;
    const others = BLOCKS.filter(({ path, language }) => language === 'ts' && !owned.test(path));
    expect(others.map(({ path }) => path)).toEqual(['packages/nervous-system-aws/README.md']);
  });

  it('is of a language that somebody looks after', () => {
    const known = new Set(['sh', 'ts', ...Object.keys(LANGUAGES)]);
    expect(BLOCKS.filter(({ language }) => !known.has(language)).map(({ path, line, language }) => `${path}:${line} ${language}`)).toEqual([]);
  });

  it('of JSON is JSON, one value or one a line', () => {
    const parses = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const wrong = BLOCKS.filter(({ language, text }) => language === 'json' && !parses(text) && !text.trim().split('\n').every(parses));
    expect(wrong.map(({ path, line }) => `${path}:${line}`)).toEqual([]);
  });
});
