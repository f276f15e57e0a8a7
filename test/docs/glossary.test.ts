/** The glossary: every term stands where it says, and what it says is not said here is neither a file nor an exported name. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from './pages.ts';

const text = readFileSync(join(REPOSITORY, 'docs/glossary.md'), 'utf8');
const [terms = '', notSaid = ''] = text.split('## Not said here');
const rows = (of: string): string[][] =>
  [...of.matchAll(/^\| (?!term\b|not\b|-)(.+) \|$/gm)].map(([, row = '']) => row.split(' | '));

const PRODUCT = globSync('{core,api,adapters,clients,lib,lambdas,testing}/**/*.ts', { cwd: REPOSITORY });
const EXPORTED = /^export (?:async |abstract )?(?:function|class|interface|type|const|let) (\w+)/gm;
/** Names of deployed resources, which stay. */
const DEPLOYED = /^lambdas\/(?:waker|burier)\//;

describe('the glossary', () => {
  it('has the terms that it says it has', () => {
    expect(rows(terms).length).toBeGreaterThan(40);
    expect(rows(notSaid).length).toBeGreaterThan(5);
  });

  it.each(rows(terms).map(([term = '', meaning = '', place = '']) => [term, meaning, place]))(
    'says where "%s" lives',
    (_term, _meaning, place) => {
      const [, name, file = ''] = /^(?:`(\w+)` in )?`([^`]+)`$/.exec(place) ?? [];
      expect(existsSync(join(REPOSITORY, file)), place).toBe(true);
      if (name !== undefined) expect(readFileSync(join(REPOSITORY, file), 'utf8'), place).toMatch(new RegExp(`\\b${name}\\b`));
    },
  );

  it.each(rows(notSaid).map(([not = '', but = '']) => [not, but]))('says not "%s" but "%s"', (not) => {
    const words = not.split(' ').join('[-_]?');
    const said = new RegExp(`(?:^|[-_/]|(?<=[a-z]))${words}(?:e?s)?(?:$|[-_./A-Z])`, 'i');
    const files = PRODUCT.filter((file) => !DEPLOYED.test(file) && said.test(basename(file, '.ts')));
    const names = PRODUCT.filter((file) => !DEPLOYED.test(file)).flatMap((file) =>
      [...readFileSync(join(REPOSITORY, file), 'utf8').matchAll(EXPORTED)].flatMap(([, name = '']) =>
        said.test(name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-')) ? [`${name} in ${file}`] : [],
      ),
    );
    expect([...files, ...names]).toEqual([]);
  });
});
