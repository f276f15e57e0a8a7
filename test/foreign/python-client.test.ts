/**
 * clients/python as somebody has it who installed it: its wheel is built, installed with pip into an environment with nothing else in it, and its
 * tests and the program of docs/python.md run there on a real engine. mypy judges the client, its tests and that program.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../adapters/embedded/index.ts';
import { config } from '../../nervous.config.ts';
import { pageAt } from '../docs/pages.ts';
import { openEngine, pythonWith, runTool, scratchDir } from './tools.ts';

const CLIENT = join(import.meta.dirname, '../../clients/python');
const TESTS = join(CLIENT, 'tests');
const PAGE = pageAt('docs/python.md');
const PROGRAM = PAGE.blocks.filter(({ language }) => language === 'python').map(({ text }) => text);

const dir = scratchDir();
let engine: Engine;
let tools: string;
/** has the wheel, and not even pip */
let python: string;

beforeAll(async () => {
  engine = await openEngine(config, join(dir, 'data'));
  tools = await pythonWith('python-client');
  const source = join(dir, 'source'); // setuptools builds beside what it reads
  for (const name of ['pyproject.toml', 'src']) cpSync(join(CLIENT, name), join(source, name), { recursive: true });
  await run(tools, '-m', 'pip', 'wheel', '--no-build-isolation', '--no-deps', '--no-index', '-q', '-w', dir, source);
  await run(tools, '-m', 'venv', '--without-pip', join(dir, 'venv'));
  python = join(dir, 'venv', 'bin', 'python');
  const wheel = readdirSync(dir).find((name) => name.endsWith('.whl')) ?? 'no wheel';
  await run(tools, '-m', 'pip', '--python', python, 'install', '--no-index', '-q', join(dir, wheel));
});
afterAll(() => engine.close());

/** As the principals of the sample, without bytecode in the working tree. */
async function run(program: string, ...args: string[]): Promise<string> {
  const { url, tokens } = engine;
  const env = {
    ...{ NERVOUS_URL: url, NERVOUS_TOKENS: JSON.stringify(tokens), PYTHONDONTWRITEBYTECODE: '1' },
    ...{ BANK_FEED_TOKEN: tokens['bank-feed'], BUDGET_ENGINE_TOKEN: tokens['budget-engine'] },
    BUDGET_BOT_TOKEN: tokens['budget-bot'],
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString('base64')}`,
  };
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const { code, said } = await runTool('env', [...given, program, ...args]);
  expect(code, said).toBe(0);
  return said;
}

describe('clients/python', () => {
  it('is installed with its types, and needs nothing but itself', async () => {
    const listed = await run(tools, '-m', 'pip', '--python', python, 'list', '--format', 'freeze');
    expect(listed.trim()).toMatch(/^nervous-system==\d+\.\d+\.\d+$/);
    await run(
      python,
      '-c',
      'import importlib.resources as r; assert (r.files("nervous_system") / "py.typed").is_file()',
    );
  });

  it.each(readdirSync(TESTS).filter((name) => name.startsWith('test_')))('passes %s', async (name) => {
    expect(await run(python, '-W', 'error::ResourceWarning', join(TESTS, name))).toMatch(
      /^Ran [1-9]\d* tests[^]*\nOK\n$/m,
    );
  });

  it('passes test_webhooks.py with cryptography', async () => {
    const source = `PYTHONPATH=${join(dir, 'source', 'src')}`;
    expect(await run('env', source, tools, join(TESTS, 'test_webhooks.py'))).toMatch(/\nOK\n$/);
    const has = ['-c', 'import cryptography'];
    expect((await runTool(python, has)).code).toBe(1);
    expect((await runTool(tools, has)).code).toBe(0);
  });

  it('says mypy, has types that hold, and so does who uses it', async () => {
    const program = join(dir, 'program.py');
    writeFileSync(program, PROGRAM.join('\n'));
    const strict = ['--strict', '--cache-dir', join(dir, 'mypy'), '--python-executable', python];
    await run(tools, '-m', 'mypy', ...strict, '--python-version', '3.11', TESTS, program);
    const source = join(dir, 'source', 'src');
    const ofTools = ['--strict', '--cache-dir', join(dir, 'mypy-tools')]; // there cryptography has its types
    await run(tools, '-m', 'mypy', ...ofTools, '--python-version', '3.11', source);
    writeFileSync(program, 'from nervous_system import Client\nClient("http://x").publish({"topic": 3})\n');
    const { code, said } = await runTool(tools, ['-m', 'mypy', ...strict, program]);
    expect(code, said).toBe(1);
  });
});

describe('docs/python.md', () => {
  it('shows a program that runs as it stands', async () => {
    expect(PROGRAM.length).toBeGreaterThan(2);
    const program = join(dir, 'shown.py');
    writeFileSync(program, PROGRAM.join('\n'));
    await run(python, program);
  });

  it('lists what it calls, and all that it leaves out', async () => {
    const { paths } = (await (await fetch(`${engine.url}/v1/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const methods = Object.values(paths).flatMap((path) => Object.values(path) as { operationId?: string }[]);
    const served = methods.flatMap(({ operationId }) => operationId ?? []);
    const source = readFileSync(join(CLIENT, 'src/nervous_system/operations.py'), 'utf8');
    const called = [...source.matchAll(/^ {4}"(\w+)": \(/gm)].map(([, name = '']) => name);
    const [, has = '', leftOut = ''] = PAGE.text.split(/^## (?:What it calls|What it leaves out)$/m);
    const named = (text: string): string[] =>
      [...text.matchAll(/`([a-z]+[A-Z]\w+)`/g)].map(([, name = '']) => name).sort();
    expect(named(has)).toEqual(called.toSorted());
    expect(named(leftOut)).toEqual(served.filter((name) => !called.includes(name)).sort());
  });
});
