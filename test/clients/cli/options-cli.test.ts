/**
 * U4: whatever the command, what is said about the connection reaches the service that was named. The commands are those of the
 * program's own table, so a new one is tested as soon as it exists; only the network is replaced.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../../clients/cli/program.ts';
import { loadAllCommands } from '../../support/commands.ts';

const URL_OF_THE_OTHER = 'http://127.0.0.1:4999';
const ID = '019a7c2e-0000-7000-8000-000000000001';

const folder = mkdtempSync(join(tmpdir(), 'nervous-options-'));

beforeAll(() => {
  writeFileSync(join(folder, 'tokens.json'), JSON.stringify({ version: 1, tokens: { eva: 'token-of-eva' } }));
  writeFileSync(join(folder, 'object.json'), '{"topic":"transactions.new"}');
  writeFileSync(join(folder, 'lines.ndjson'), '{"topic":"transactions.new","payload":{}}\n');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

/** What stands for an argument or a mandatory option, where a word will not do. */
function valueFor(name: string, path: string): string {
  const values: Readonly<Record<string, string>> = {
    file: join(folder, path === 'events replay' ? 'lines.ndjson' : 'object.json'),
    evidence: join(folder, 'object.json'),
    old: 'catalog.json',
    against: 'catalog.json',
    payload: '{}',
    seq: '0',
    fence: '0',
    from: '0',
    to: '1',
    id: ID,
    until: '7d',
    since: '7d',
    verdict: 'justified',
    outcome: 'executed',
    pattern: '{}',
    format: 'qldb',
  };
  return values[name] ?? 'word';
}

interface Case {
  readonly path: readonly string[];
  readonly args: readonly string[];
  readonly takes: ReadonlySet<string>;
}

const commands = await loadAllCommands();

function casesOf(): Case[] {
  return [...commands]
    .filter(([, command]) => command.options.some(({ long }) => long === '--as'))
    .map(([name, command]) => {
      const mandatory = command.options.filter((option) => option.mandatory);
      const options = mandatory.flatMap((option) => [option.long ?? '', valueFor(option.attributeName(), name)]);
      const positional = command.registeredArguments
        .filter(({ required }) => required)
        .map((argument) => valueFor(argument.name(), name));
      const takes = new Set(command.options.map(({ long }) => long ?? ''));
      // What asks is told yes; what runs on is told to end; doctor needs no configuration of ours.
      const yes = [...(takes.has('--yes') ? ['--yes'] : []), ...(takes.has('--no-follow') ? ['--no-follow'] : [])];
      return { path: name.split(' '), args: [...positional, ...options, ...yes], takes };
    });
}

/** Runs it without a network. @returns where it would have gone, and as whom */
async function requested(words: readonly string[]): Promise<{ readonly url: string; readonly as: string | null }> {
  const seen: { url: string; as: string | null }[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    seen.push({ url, as: new Headers(init.headers).get('authorization') });
    const problem = {
      type: 'about:blank',
      title: 'no',
      status: 418,
      code: 'INTERNAL',
      detail: 'stop here',
      errors: [],
    };
    return new Response(JSON.stringify(problem), { status: 418 });
  });
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    await runProgram(words);
    if (seen.length === 0) throw new Error(`it said: ${stderr.mock.calls.join('')}`);
  } finally {
    vi.restoreAllMocks();
  }
  const [first] = seen;
  if (first === undefined) throw new Error(`nervous ${words.join(' ')} asked no service`);
  return first;
}

const CASES = casesOf().map((one) => [one.path.join(' '), one] as const);

describe('U4: connection options', () => {
  it('are tested with every command that has them', () => {
    expect(CASES.length).toBeGreaterThan(40);
    const names = CASES.map(([name]) => name);
    for (const name of ['guards reset', 'policy propose', 'subscriptions pause', 'catalog list', 'changes approve'])
      expect(names).toContain(name);
  });

  it.each(CASES)('nervous %s takes --url and --token', async (_, { path, args }) => {
    const words = [...path, ...args, '--url', URL_OF_THE_OTHER, '--token', 'a-token', '--json'];
    const { url, as } = await requested(words);
    expect(url.startsWith(`${URL_OF_THE_OTHER}/`)).toBe(true);
    if (path.join(' ') !== 'doctor') expect(as).toBe('Bearer a-token');
  });

  it.each(CASES)('nervous %s takes --as and --data', async (_, { path, args }) => {
    const words = [...path, ...args, '--url', URL_OF_THE_OTHER, '--as', 'eva', '--data', folder, '--json'];
    const { url, as } = await requested(words);
    expect(url.startsWith(`${URL_OF_THE_OTHER}/`)).toBe(true);
    expect(as).toBe('Bearer token-of-eva');
  });

  it.each(CASES.filter(([, { path }]) => path.length > 1))(
    'nervous %s takes them before its name and between its words, too',
    async (_, { path, args }) => {
      const [group = '', ...rest] = path;
      const before = ['--url', URL_OF_THE_OTHER, '--token', 'a-token'];
      for (const words of [
        [...before, ...path, ...args],
        [group, ...before, ...rest, ...args],
      ]) {
        const { url, as } = await requested(words);
        expect(url.startsWith(`${URL_OF_THE_OTHER}/`)).toBe(true);
        expect(as).toBe('Bearer a-token');
      }
    },
  );

  it('go before the environment, and the environment before the default', async () => {
    vi.stubEnv('NERVOUS_URL', 'http://127.0.0.1:4998');
    vi.stubEnv('NERVOUS_TOKEN', 'of-the-environment');
    expect(await requested(['changes', 'inbox', '--json'])).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:4998\//) as string,
      as: 'Bearer of-the-environment',
    });
    expect((await requested(['tray', '--url', URL_OF_THE_OTHER, '--token', 'x', '--json'])).as).toBe('Bearer x');
  });
});
