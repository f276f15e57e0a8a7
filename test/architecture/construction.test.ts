/**
 * One way to make things, told by the verb: `createX` does no I/O and is there at once, `openX` does, `startX` begins what
 * goes on by itself and gives something that stops it. There is no fourth verb.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PRODUCT = ['core', 'api', 'adapters', 'lambdas', 'clients'];
const OTHER_VERBS = /^(make|build|lay|setup|init|construct)[A-Z]/;
const STOPS = /\b(stop|close)\b/;

interface Source {
  readonly path: string;
  readonly text: string;
}

function sources(): readonly Source[] {
  const listed = execFileSync('git', ['ls-files', '-z', ...PRODUCT], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  return listed
    .filter((path) => path.endsWith('.ts') && existsSync(join(ROOT, path)))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** What breaks the rule, as `path: name: why`. */
function violations(files: readonly Source[]): readonly string[] {
  const parsed = files.map(({ path, text }) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  const interfaces = new Map(
    parsed.flatMap((file) =>
      file.statements.filter(ts.isInterfaceDeclaration).map((one): [string, string] => [one.name.text, one.getText()]),
    ),
  );
  return parsed.flatMap((file) =>
    file.statements.filter(ts.isFunctionDeclaration).flatMap((one) => {
      const why = isExported(one) ? fault(one, interfaces) : undefined;
      return why === undefined ? [] : [`${file.fileName}: ${one.name?.text ?? ''}: ${why}`];
    }),
  );
}

function fault(one: ts.FunctionDeclaration, interfaces: ReadonlyMap<string, string>): string | undefined {
  const name = one.name?.text ?? '';
  const returns = one.type?.getText() ?? '';
  if (OTHER_VERBS.test(name)) return 'say create, open or start';
  if (/^create[A-Z]/.test(name) && (isAsync(one) || returns.startsWith('Promise<')))
    return 'what has to wait is opened';
  if (!/^start[A-Z]/.test(name)) return undefined;
  const [, given = ''] = /^(?:Promise<)?(\w+)/.exec(returns) ?? [];
  return STOPS.test(interfaces.get(given) ?? '') ? undefined : 'what is started can be stopped';
}

function isExported(one: ts.FunctionDeclaration): boolean {
  return one.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function isAsync(one: ts.FunctionDeclaration): boolean {
  return one.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
}

describe('construction', () => {
  it('has one style', () => {
    const files = sources();
    expect(files.length).toBeGreaterThan(400);
    expect(violations(files)).toEqual([]);
  });

  it.each([
    ['export async function createStore() {}', 'what has to wait is opened'],
    ['export function createStore(): Promise<Store> {}', 'what has to wait is opened'],
    ['export function makeStore(): Store {}', 'say create, open or start'],
    ['export function startLoop(): void {}', 'what is started can be stopped'],
    ['interface Loop { wake(): void }\nexport function startLoop(): Loop {}', 'what is started can be stopped'],
  ])('would find %j', (text, why) => {
    expect(violations([{ path: 'planted.ts', text }])).toEqual([expect.stringMatching(new RegExp(`: ${why}$`))]);
  });

  it('takes what keeps to it', () => {
    const text = `interface Loop { stop(): Promise<void> }
      export function createStore(): Store {}
      export async function openStore(): Promise<Store> {}
      export async function startLoop(): Promise<Loop> {}`;
    expect(violations([{ path: 'planted.ts', text }])).toEqual([]);
  });
});
