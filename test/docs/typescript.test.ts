/** Docs that cannot drift: the TypeScript of every page is type-checked with the product's own options, and run. */
import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pages, REPOSITORY, TYPED_OUTSIDE } from './pages.ts';
import { SNIPPETS, type Surroundings } from './snippets.ts';

/** What the options of the project forbid and a snippet may do: name what it does not use. */
const FOR_SNIPPETS: ts.CompilerOptions = { noUnusedLocals: false, noUnusedParameters: false };

const inClone = pages().filter(({ path }) => !(path in TYPED_OUTSIDE));
const blocks = inClone.flatMap(({ path, blocks: all }) =>
  all.filter(({ language }) => language === 'ts').map((block) => ({ path, at: `${path}:${block.line}`, ...block })),
);
const named = blocks.filter(({ info }) => info !== '');
const unnamed = [...Map.groupBy(blocks.filter(({ info }) => info === ''), ({ path }) => path)].flatMap(([path, ofPage]) =>
  ofPage.map((block, i) => ({ ...block, around: SNIPPETS[path]?.[i] })),
);
const programs = unnamed.flatMap(({ at, around, text }) =>
  around !== undefined && 'before' in around ? [{ at, text: whole(around, text) }] : [],
);
/** For a loaded machine; what has not ended then hangs. */
const PATIENCE_MS = 600_000;
const folder = mkdtempSync(join(tmpdir(), 'nervous-typescript-'));
/** They load the same modules: compiled once. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, '.compiled') };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  for (const name of readdirSync(REPOSITORY))
    if (!name.startsWith('.')) symlinkSync(join(REPOSITORY, name), join(folder, name));
  for (const { at, text } of programs) writeFileSync(join(folder, fileOf(at)), text);
  const guide = join(folder, 'guide'); // a module's own folder, as docs/module-guide.md makes it
  mkdirSync(join(guide, 'node_modules'), { recursive: true });
  writeFileSync(join(guide, 'package.json'), '{"type":"module"}');
  symlinkSync(REPOSITORY, join(guide, 'node_modules/nervous-system'));
  for (const name of ['zod', '@types']) symlinkSync(join(REPOSITORY, 'node_modules', name), join(guide, 'node_modules', name));
  for (const { info, text } of named) writeFileSync(join(guide, info), text);
});

describe('the TypeScript of the pages', () => {
  it('U13: has surroundings that make it whole, block by block', () => {
    expect(unnamed.filter(({ around }) => around === undefined).map(({ at }) => at)).toEqual([]);
    const perPage = Object.entries(SNIPPETS).map(([path, all]) => [path, all.length]);
    expect(perPage).toEqual(Object.keys(SNIPPETS).map((path) => [path, unnamed.filter((one) => one.path === path).length]));
    expect(new Set(named.map(({ path }) => path))).toEqual(new Set(['docs/module-guide.md'])); // its test runs them
  });

  it('U13: is what the types allow', () => {
    const files = [...programs.map(({ at }) => fileOf(at)), ...named.map(({ info }) => `guide/${info}`)];
    expect(diagnosesOf(files)).toEqual([]);
  });

  it('would not pass with a wrong name, a wrong type or a missing import', () => {
    writeFileSync(join(folder, 'wrong.ts'), "import { caused } from 'nervous-system/sdk';\ncaused(7);\nnothing();\n");
    expect(diagnosesOf(['wrong.ts']).map((one) => /TS\d+/.exec(one)?.[0])).toEqual(['TS2345', 'TS2304']);
  });

  it.concurrent.each(programs.map(({ at }) => at))('U13: %s runs', async (at) => {
    const { stderr } = await promisify(execFile)(process.execPath, [fileOf(at)], { cwd: folder, timeout: PATIENCE_MS, env });
    expect(stderr).toBe('');
  });

  it('is shown as it stands in the file it is part of', () => {
    for (const { at, around, text } of unnamed) {
      if (around === undefined || !('of' in around)) continue;
      expect(plain(readFileSync(join(REPOSITORY, around.of), 'utf8')), at).toContain(plain(text));
    }
  });

  it('is in ts blocks only', () => {
    const other = globSync('docs/*.md', { cwd: REPOSITORY }).filter((path) =>
      /^ *```(?:typescript|js|javascript|tsx)\b/m.test(readFileSync(join(REPOSITORY, path), 'utf8')),
    );
    expect(other).toEqual([]);
  });
});

function whole({ before, after = '' }: Surroundings, text: string): string {
  return `${before}\n${text}\n${after}\nexport {};\n`;
}

function fileOf(at: string): string {
  return `${at.replaceAll(/\W+/g, '-')}.ts`;
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** @returns errors of these files, with the lines they are about */
function diagnosesOf(files: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(REPOSITORY, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as {
    readonly config: { readonly compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, ...FOR_SNIPPETS }, folder);
  const program = ts.createProgram(files.map((file) => join(folder, file)), options);
  return files.flatMap((file) => {
    const source = program.getSourceFile(join(folder, file));
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ code, messageText, start = 0 }) => {
        const { line } = source === undefined ? { line: 0 } : ts.getLineAndCharacterOfPosition(source, start);
        const said = ts.flattenDiagnosticMessageText(messageText, '\n');
        return `${file}:${line + 1} TS${code}: ${said}: ${source?.text.split('\n')[line] ?? ''}`;
      },
    );
  });
}
