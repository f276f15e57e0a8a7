/** What runs at night is there, reads the counts that it is given, and is told of. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LONG_SUITES } from '../long/suites.ts';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: Record<string, string> };
const page = readFileSync('docs/testing.md', 'utf8');

it.each(LONG_SUITES.map((suite) => [suite.name, suite] as const))('%s', (name, { args, env }) => {
  const [verb = '', script = ''] = args;
  expect(Object.keys(scripts)).toContain(verb === 'run' ? script : verb);
  const files = args.filter((arg) => arg.endsWith('.test.ts'));
  const sources = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  expect(Object.keys(env).filter((variable) => !sources.includes(`process.env['${variable}']`))).toEqual([]);
  expect(page).toContain(`\`${name}\``);
});

it('every script that tests is told of', () => {
  const tests = Object.keys(scripts).filter((name) => name.startsWith('test'));
  expect(tests.filter((name) => !page.includes(`npm ${name === 'test' ? '' : 'run '}${name}`))).toEqual([]);
  expect(globSync('vitest*.config.ts').length).toBeGreaterThan(4);
});
