/** One Node floor: what packages, templates, CI files, programs and the manual say of it is the same. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const floor = read('.nvmrc').trim();

it.each(['package.json', ...globSync('packages/{*,*/template}/package.json', { cwd: ROOT })])('%s', (path) => {
  const { engines } = JSON.parse(read(path)) as { engines?: { node?: string } };
  expect(engines?.node).toBe(`>=${floor}`);
});

it.each([
  ['the packages that bring it', 'package.json', /"node": "\^(\d+)\./],
  ['its types', 'package.json', /"@types\/node": "\^(\d+)\./],
  ['the CI of a new project', 'packages/create-nervous-system/template/github/workflows/ci.yml', /node-version: (\d+)/],
  ['npm create', 'packages/create-nervous-system/create.mjs', /^const NEEDED_MAJOR = (\d+);/m],
  ['the command line', 'clients/cli/nervous.mjs', /^const NEEDED_MAJOR = (\d+);/m],
  ['bundles of functions', 'lib/functions/bundling.ts', /target: 'node(\d+)'/],
  ['functions', 'lib/functions/nervous-function.ts', /Runtime\.NODEJS_(\d+)_X/],
  ['functions of an app', 'lib/functions/executor-function.ts', /Runtime\.NODEJS_(\d+)_X/],
  ['the manual', 'docs/packages.md', /^Node (\d+) is the one floor/m],
])('%s', (_, path, pattern) => {
  expect(pattern.exec(read(path))?.[1]).toBe(floor);
});

it('our own CI takes it from .nvmrc', () => {
  for (const path of globSync('.github/workflows/*.yml', { cwd: ROOT }))
    if (read(path).includes('actions/setup-node')) expect(read(path), path).toContain('node-version-file: .nvmrc');
});
