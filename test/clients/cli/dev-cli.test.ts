/** `nervous dev` towards people: tokens once, the engine found on whatever port, and what of the configuration is not in force. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { findEngine } from '../../../adapters/embedded/index.ts';
import { isLoopback } from '../../../clients/cli/connection/connect.ts';
import { parseTime } from '../../../clients/cli/input/times.ts';
import { withoutTerminal } from '../../support/terminal.ts';
import { eventually } from '../../support/eventually.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const CLI = join(REPOSITORY, 'clients/cli/nervous.mjs');
const root = mkdtempSync(join(tmpdir(), 'nervous-dev-'));
// Configurations stand beside their packages, as a user's does.
symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
const running = new Set<ChildProcessWithoutNullStreams>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(() => rmSync(root, { recursive: true }));

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ready: { readonly url: string; readonly tokensFile: string; readonly tokens?: Record<string, string> };
  readonly errors: () => string;
}

async function dev(data: string, ...more: string[]): Promise<Started> {
  const args = [CLI, 'dev', '--port', '0', '--data', data, '--json', ...more];
  const child = spawn(process.execPath, args, { cwd: REPOSITORY });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, ready: JSON.parse(line) as Started['ready'], errors: () => errors };
}

async function stop({ child }: Started, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

function nervous(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ReturnType<typeof withoutTerminal> {
  return withoutTerminal([process.execPath, CLI, ...args], { env });
}

describe('nervous dev', () => {
  it('U11: prints tokens once, and again only when told to; nervous token gives one', async () => {
    const data = join(root, 'tokens');
    const first = await dev(data);
    const eva = first.ready.tokens?.['eva'] ?? '';
    expect(eva).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(first.ready.tokensFile).toBe(join(data, 'tokens.json'));
    await stop(first);
    const second = await dev(data);
    expect(second.ready).not.toHaveProperty('tokens');
    expect(await nervous(['token', 'eva', '--data', data])).toEqual({ code: 0, out: `${eva}\n`, err: '' });
    expect(await nervous(['token', 'mallory', '--data', data])).toMatchObject({ code: 2, out: '' });
    await stop(second);
    const third = await dev(data, '--print-tokens');
    expect(third.ready.tokens?.['eva']).toBe(eva);
    await stop(third);
  });

  it('U11: warns when tokens may travel unencrypted', async () => {
    const engine = await dev(join(root, 'open'), '--host', '0.0.0.0');
    await eventually(() => expect(engine.errors()).toContain('tokens travel unencrypted'));
    await stop(engine);
    const far = await nervous(['changes', 'inbox', '--url', 'http://ledger.invalid', '--token', 'x']);
    expect(far.err).toContain('the token goes to ledger.invalid unencrypted');
    const near = await nervous(['changes', 'inbox', '--url', 'http://127.0.0.1:1', '--token', 'x']);
    expect(near.err).not.toContain('unencrypted');
    expect(['127.0.0.1', '::1', 'localhost'].filter((host) => !isLoopback(host))).toEqual([]);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.evil.example'].filter(isLoopback)).toEqual([]);
  });

  it('U12: --data finds the engine on its port, and does not believe what a killed one left behind', async () => {
    const data = join(root, 'found');
    const engine = await dev(data);
    const file = join(data, 'engine.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(findEngine(data)).toEqual({ kind: 'running', url: engine.ready.url });
    // No --url, and not the default port.
    expect(await nervous(['changes', 'inbox', '--data', data, '--as', 'boris'])).toMatchObject({
      code: 0,
      out: 'nothing waits for your decision\n',
    });
    const other = { NERVOUS_URL: 'http://127.0.0.1:1' };
    expect(await nervous(['changes', 'inbox', '--data', data, '--as', 'boris'], other)).toMatchObject({ code: 0 });
    await stop(engine, 'SIGKILL');
    expect(existsSync(file)).toBe(true);
    expect(findEngine(data)).toEqual({ kind: 'none' });
    expect(await nervous(['changes', 'inbox', '--data', data, '--as', 'boris'], other)).toMatchObject({
      code: 3,
      err: expect.stringContaining('http://127.0.0.1:1') as string,
    });
    const again = await dev(data);
    expect(findEngine(data)).toEqual({ kind: 'running', url: again.ready.url });
    await stop(again);
    expect(existsSync(file)).toBe(false);
  });

  it('U7: says that an edited roster is not in force, what differs, and the command that proposes it', async () => {
    const [data, file] = [join(root, 'edited'), join(root, 'edited.config.ts')];
    const sample = join(REPOSITORY, 'nervous.config.ts');
    const configWith = (people: string): void =>
      writeFileSync(
        file,
        `import { config as sample } from ${JSON.stringify(sample)};\nexport default { ...sample, roster: { ...sample.roster, people: [...sample.roster.people, ${people}] } };\n`,
      );
    configWith('');
    const first = await dev(data, '--config', file);
    const proposal = join(root, 'proposal.json');
    const operations = [{ type: 'state.put', payload: { limit: '5.00' } }];
    writeFileSync(proposal, JSON.stringify({ entityId: 'account:1', title: 'T', rationale: 'R', operations }));
    // The first proposal adopts the configuration's roster; from then on it changes by change-sets only.
    expect(await nervous(['changes', 'propose', proposal, '--data', data, '--as', 'budget-bot'])).toMatchObject({
      code: 0,
    });
    await stop(first);
    expect(first.errors()).toBe('');
    configWith(`{ personId: 'zoe', name: 'Zoe Malik', accounts: ['zoe'], roles: ['risk'] }`);
    const second = await dev(data, '--config', file);
    await eventually(() => expect(second.errors()).toContain('NOT in force: the ledger goes by version 1'));
    expect(second.errors()).toContain('+ person zoe: risk (Zoe Malik; accounts zoe)');
    const command = `nervous policy propose --rationale "why" --config ${file} --data ${data} --as ana`;
    expect(second.errors()).toContain(command);
    // The command as it is printed: it proposes exactly that.
    const args = ['policy', 'propose', '--rationale', 'why', '--config', file, '--data', data, '--as', 'ana', '--json'];
    const proposed = await nervous(args);
    expect(proposed).toMatchObject({ code: 0, err: '' });
    const { change } = JSON.parse(proposed.out) as { change: { id: string } };
    // U6: what the approvers read.
    const shown = await nervous(['changes', 'show', change.id, '--data', data, '--as', 'dan']);
    expect(shown.out).toContain('+ person zoe: risk (Zoe Malik; accounts zoe)');
    expect(shown.out).not.toContain('"personId":"clara"');
    await stop(second);
  });
});

describe('U12: hints', () => {
  it('says where a configuration is wrong: file, line and path', async () => {
    const file = join(root, 'wrong.config.ts');
    const sample = readFileSync(join(REPOSITORY, 'nervous.config.ts'), 'utf8')
      .replaceAll('./core/system/index.ts', join(REPOSITORY, 'core/system/index.ts'))
      .replace("roles: ['peer'] }", "roles: ['pear'] }")
      .replace('approvals: 1,', 'approvals: 99,');
    writeFileSync(file, sample);
    const ended = await nervous(['doctor', '--config', file, '--data', join(root, 'none')]);
    for (const text of ["roles: ['pear'] }", 'approvals: 99,']) {
      const line = sample.slice(0, sample.indexOf(text)).split('\n').length;
      expect(ended.out).toContain(`${file}:${line}`);
    }
    expect(ended.out).not.toMatch(/^\s+at /m);
  });

  it.each([
    ['a syntax error', 'export default {\n  ledger: \n};\n', /broken\.config\.ts:3/],
    ['no object', 'export default 7;\n', /exports no configuration/],
    ['an empty one', 'export default {};\n', /broken\.config\.ts.*\n?.*ledger/s],
  ])('says it of %s', async (_, text, message) => {
    const file = join(root, 'broken.config.ts');
    writeFileSync(file, text);
    const ended = await nervous(['dev', '--config', file, '--data', join(root, 'none')]);
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(ended.err).toMatch(message);
    expect(ended.err).not.toMatch(/^\s+at |^ {2}: /m);
  });

  it.each([
    ['an empty folder', ['inbox', '--data', '', '--as', 'eva'], '--data is empty'],
    ['an empty file', ['propose', ''], '<file> is empty'],
    ['an empty configuration', ['dev', '--config', ''], '--config is empty'],
  ])('refuses %s', async (_, args, message) => {
    expect(await nervous(args)).toMatchObject({ code: 2, err: expect.stringContaining(message) as string });
  });

  it('says on a command line what to type when nobody said who they are, and what a topic is called', async () => {
    const data = join(root, 'hints');
    const engine = await dev(data);
    const unnamed = await nervous(['changes', 'inbox', '--url', engine.ready.url]);
    expect(unnamed.err).toContain('--as <principal> --data <dir>');
    expect(unnamed.err).not.toContain('Bearer');
    const as = ['--data', data, '--as', 'eva', '--no-follow'];
    expect(await nervous(['events', 'tail', '--topics', 'transaction.new', ...as])).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean "transactions.new"') as string,
    });
    expect(await nervous(['events', 'tail', '--topics', 'transactions.*,budget.updated', ...as])).toMatchObject({
      code: 0,
    });
    await stop(engine);
  });

  it('reads times as people write them', () => {
    const now = Date.parse('2026-11-21T12:00:00Z');
    const past = { option: '--from', direction: 'past', now } as const;
    expect(parseTime('7d', past)).toBe('2026-11-14T12:00:00.000Z');
    expect(parseTime('24h', { ...past, direction: 'future' })).toBe('2026-11-22T12:00:00.000Z');
    expect(parseTime('2026-12-01', past)).toBe('2026-12-01T00:00:00.000Z');
    expect(parseTime('2026-12-01T08:00:00+01:00', past)).toBe('2026-12-01T07:00:00.000Z');
    for (const wrong of ['yesterday', '7', '2026-02-30', '2026-13-01', '12/01/2026', '2026-12-01T08:00'])
      expect(() => parseTime(wrong, past)).toThrow('7d, 24h (ago), 2026-12-01 or 2026-12-01T08:00:00Z');
  });

  it.each([
    ['replay:berka', ['examples/berka/replay.ts', '--fly'], 2],
    ['replay:berka', ['examples/berka/replay.ts', '--help'], 0],
    ['bench', ['bench/run.ts', '--fly'], 2],
  ])('npm run %s has no stack for an option it does not know: %s', async (_, [script = '', ...args], code) => {
    const ended = await withoutTerminal([process.execPath, join(REPOSITORY, script), ...args], { env: {} });
    expect(ended.code).toBe(code);
    expect(`${ended.out}${ended.err}`).not.toMatch(/^\s+at /m);
    expect(`${ended.out}${ended.err}`).toContain('npm run');
  });
});

it('U11: a restored folder is for its owner only', async () => {
  mkdirSync(join(root, 'export-of'), { recursive: true });
  const data = join(root, 'to-restore');
  await stop(await dev(data));
  const out = join(root, 'exported');
  expect(await nervous(['export', '--data', data, '--out', out])).toMatchObject({ code: 0 });
  const restored = join(root, 'restored');
  const args = ['restore', '--from', out, '--data', restored, '--root-key', join(data, 'root.key')];
  expect(await nervous(args)).toMatchObject({ code: 0 });
  expect(statSync(restored).mode & 0o777).toBe(0o700);
  expect(statSync(join(restored, 'root.key')).mode & 0o777).toBe(0o600);
});
