/** Profiles: what is stored, who may read it, when it counts, and that no token is ever shown or sent elsewhere. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import { targetOf } from '../../../clients/cli/connection/connect.ts';
import { profilesFile, storeProfile, useProfile } from '../../../clients/cli/connection/profiles.ts';
import { config } from '../../support/plain-config.ts';
import { onTerminal, withoutTerminal, type Ended } from '../../support/terminal.ts';

const CLI = [process.execPath, join(import.meta.dirname, '../../../clients/cli/nervous.mjs')];
const ASKED = { at: 'not shown): ' };
const [HERE, THERE] = ['http://127.0.0.1:4101', 'http://127.0.0.1:4102'];

const root = mkdtempSync(join(tmpdir(), 'nervous-profiles-'));
let engine: Engine;
let token: string;
let home = '';
let homes = 0;

beforeAll(async () => {
  engine = await startEngine({ config, dataDir: join(root, 'data'), auditMinutes: 0 });
  token = engine.tokens['eva'] ?? '';
});
afterAll(async () => {
  await engine.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  homes += 1;
  home = join(root, `home-${homes}`);
  vi.stubEnv('XDG_CONFIG_HOME', home);
  for (const name of ['NERVOUS_URL', 'NERVOUS_TOKEN', 'NERVOUS_PROFILE']) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const nervous = (args: readonly string[], input = ''): Promise<Omit<Ended, 'screen'>> =>
  withoutTerminal([...CLI, ...args], { env: { XDG_CONFIG_HOME: home }, input });
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('nervous login', () => {
  const login = (answer: string): ReturnType<typeof onTerminal> =>
    onTerminal([...CLI, 'login', 'bank', '--url', engine.url], { env: { XDG_CONFIG_HOME: home }, answer, ...ASKED });

  it('keeps what the service knows, where only its owner reads, and shows no token', async () => {
    const { code, screen } = await login(token);
    expect({ code, screen }).toEqual({ code: 0, screen: expect.stringContaining(`bank: ${engine.url}`) as string });
    expect(screen).not.toContain(token);
    expect([modeOf(profilesFile()), modeOf(dirname(profilesFile()))]).toEqual([0o600, 0o700]);
    expect(await nervous(['changes', 'list', '--json'])).toMatchObject({ code: 0, out: '{"changes":[]}\n' });
    const listed = await nervous(['profiles', 'list']);
    expect(listed.out).toBe(`bank  ${engine.url}  has a token  used\n`);
  });

  it.each([
    ['a token that the service does not know', 'nobody', 1],
    ['what is no token', 'two words', 2],
    ['Ctrl-C', '^C', 130],
  ])('stores nothing after %s', async (_, answer, code) => {
    expect(await login(answer)).toMatchObject({ code });
    expect(existsSync(profilesFile())).toBe(false);
  });

  it('asks for the address, too', async () => {
    const ended = await onTerminal([...CLI, 'login'], {
      env: { XDG_CONFIG_HOME: home },
      answer: 'gopher://x',
      at: 'service: ',
    });
    expect(ended).toMatchObject({ code: 2, screen: expect.stringContaining('is not an http(s) URL') as string });
  });

  it('does nothing without a terminal, and says how a program does it', async () => {
    const ended = await nervous(['login', '--url', engine.url], `${token}\n`);
    expect(ended).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--token-file -') as string });
    expect(
      (await nervous(['profiles', 'add', 'ci', '--url', engine.url, '--token-file', '-'], `${token}\n`)).code,
    ).toBe(0);
    expect((await nervous(['changes', 'list', '--profile', 'ci'])).code).toBe(0);
    expect((await nervous(['--profile', 'ci', 'changes', 'list'])).code).toBe(0);
  });
});

describe('a profile', () => {
  beforeEach(() => {
    storeProfile('one', { url: HERE, token: 'token-of-one' });
    storeProfile('two', { url: THERE, token: 'token-of-two' });
    useProfile('one');
  });

  it('counts where nothing else says where or who, and where it is named', () => {
    expect(targetOf({})).toEqual({ url: HERE, token: 'token-of-one' });
    expect(targetOf({ profile: 'two' })).toEqual({ url: THERE, token: 'token-of-two' });
    vi.stubEnv('NERVOUS_PROFILE', 'two');
    expect(targetOf({})).toEqual({ url: THERE, token: 'token-of-two' });
    expect(targetOf({ profile: 'one' })).toEqual({ url: HERE, token: 'token-of-one' });
  });

  it('sends its token to no other address, and no other token to its own', () => {
    expect(targetOf({ url: THERE })).toEqual({ url: THERE });
    expect(targetOf({ token: 'typed' })).toEqual({ url: 'http://127.0.0.1:4150', token: 'typed' });
    vi.stubEnv('NERVOUS_URL', THERE);
    expect(targetOf({})).toEqual({ url: THERE });
    vi.stubEnv('NERVOUS_URL', undefined);
    vi.stubEnv('NERVOUS_TOKEN', 'of-the-environment');
    expect(targetOf({ token: 'of-the-environment' })).toEqual({
      url: 'http://127.0.0.1:4150',
      token: 'of-the-environment',
    });
    expect(targetOf({ token: 'of-the-environment', profile: 'two' })).toEqual({ url: THERE, token: 'token-of-two' });
  });

  it.each([[{ url: THERE }], [{ token: 'typed' }], [{ as: 'eva' }], [{ data: '.data' }]])(
    'is not mixed with %j',
    (other) => {
      expect(() => targetOf({ profile: 'one', ...other })).toThrow('--profile says where and who');
    },
  );

  it('that is not there is told with those that are', () => {
    expect(() => targetOf({ profile: 'tow' })).toThrow('there is no profile "tow": there are one, two');
  });

  it('is forgotten with its token, and nothing takes its place', async () => {
    expect((await nervous(['profiles', 'remove', 'one'])).code).toBe(0);
    expect(readFileSync(profilesFile(), 'utf8')).not.toContain('token-of-one');
    expect(targetOf({})).toEqual({ url: 'http://127.0.0.1:4150' });
    expect(await nervous(['profiles', 'use', 'one'])).toMatchObject({ code: 2 });
  });

  it('is never printed with its token', async () => {
    for (const args of [['list'], ['list', '--json'], ['use', 'two'], ['remove', 'two', '--json']]) {
      const { code, out, err } = await nervous(['profiles', ...args]);
      expect(code).toBe(0);
      expect(out + err).not.toContain('token-of');
    }
  });

  it('that others may read is warned about, and closed with the next change', () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    chmodSync(profilesFile(), 0o644);
    targetOf({});
    expect(said.mock.calls.join('')).toContain('others may read the tokens');
    useProfile('two');
    expect(modeOf(profilesFile())).toBe(0o600);
  });
});

it.each([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['a name that is none', '{"profiles":{"../x":{"url":"http://a"}}}'],
  ['no address', '{"profiles":{"x":{}}}'],
])('a file with %s is named, not guessed', (_, text) => {
  mkdirSync(dirname(profilesFile()), { recursive: true });
  writeFileSync(profilesFile(), text, { mode: 0o600 });
  expect(() => targetOf({})).toThrow('is no file of profiles: mend it or remove it');
});

it.each([['../x'], ['-x'], ['a b'], ['']])('%j is no name', (name) => {
  expect(() => storeProfile(name, { url: HERE })).toThrow('cannot name a profile');
});
