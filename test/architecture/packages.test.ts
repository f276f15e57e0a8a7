/**
 * S3: no idle packages. What runs in an engine, a function or a client is a dependency; what tests, builds or synthesises is not.
 * lib/ and bin/ are run by the CDK's own CLI, a development tool, so what they import is one too.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinModules } from 'node:module';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const RUNTIME = ['core/', 'api/', 'adapters/', 'lambdas/', 'clients/', 'testing/', 'nervous.config.ts'];
/** Packages that no file names: they bring types, a runtime or a program that npm scripts call. */
const NAMELESS: ReadonlySet<string> = new Set(['node', 'prettier', 'typescript', 'eslint', 'aws-cdk', 'knip']);

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const dependencies = Object.keys(manifest.dependencies);
const devDependencies = Object.keys(manifest.devDependencies);

/** An import that is there when the code runs; `import type` is not. */
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|(?:^|\n)import\s+'([^']+)'|import\('([^']+)'\)/g;

function filesUnder(...folders: string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...folders], { cwd: ROOT });
  return listed
    .toString('utf8')
    .split('\n')
    .filter((path) => /\.(?:ts|mjs|cjs|json)$/.test(path));
}

function packageOf(specifier: string): string | undefined {
  if (/^[.#/]|^node:/.test(specifier) || builtinModules.includes(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function importedBy(text: string): string[] {
  return [...text.matchAll(IMPORT)].flatMap(([, type, from, bare, lazy]) => {
    const specifier = from ?? bare ?? lazy;
    return type !== undefined || specifier === undefined ? [] : (packageOf(specifier) ?? []);
  });
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const atRuntime = new Set(filesUnder(...RUNTIME).flatMap((path) => importedBy(read(path))));

it('S3: every dependency is imported by what runs', () => {
  expect(dependencies.filter((name) => !atRuntime.has(name))).toEqual([]);
});

it('S3: what runs imports no development package, and nothing that is not named', () => {
  expect([...atRuntime].filter((name) => devDependencies.includes(name))).toEqual([]);
  expect([...atRuntime].filter((name) => !dependencies.includes(name))).toEqual([]);
});

it('S3: every development package is used by a test, a tool or the synthesis', () => {
  const others = filesUnder('.').filter((path) => !/^package(?:-lock)?\.json$/.test(path));
  const texts = others.map(read);
  const isUsed = (name: string): boolean =>
    NAMELESS.has(name) || name.startsWith('@types/') || texts.some((text) => text.includes(name));
  expect(devDependencies.filter((name) => !isUsed(name))).toEqual([]);
});

it('S3: sees an import that is there when the code runs, however it is written, and no type', () => {
  const text = `import { a } from 'one';\nimport type { B } from 'two';\nimport 'three';\nawait import('@four/x/y');\nimport {\n  c,\n} from 'six/sub';`;
  expect(importedBy(text).sort()).toEqual(['@four/x', 'one', 'six', 'three']);
});
