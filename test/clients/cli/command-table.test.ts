/** The table of commands: groups, names from before there were groups, what was probably meant, and how little help loads. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionsOf } from '../../../clients/cli/complete.ts';
import { findCommand } from '../../../clients/cli/find-command.ts';
import { GROUPS, ROWS } from '../../../clients/cli/table/index.ts';
import { loadAllCommands } from '../../support/commands.ts';
import { onTerminal, withoutTerminal } from '../../support/terminal.ts';

const NERVOUS = 'clients/cli/nervous.mjs';
const CLI = [process.execPath, NERVOUS];
const OLD = ROWS.flatMap(({ path, was = [] }) => was.map((name) => [name, path] as const));
/** Every command there was before the groups, as docs/cli.md of that time lists them. */
const FLAT =
  'publish tail propose inbox revise list show diff approve reject request-changes revoke override review resolve withdraw abort revert delegate delegations undelegate entity history proof reveal replay subscribe subscriptions dead-letters redrive reset guards match map keys'.split(
    ' ',
  );

const commands = await loadAllCommands();

function outputOf(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [NERVOUS, ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

describe('U12: commands stand in groups', () => {
  it('each has one name, a sentence, an implementation and an example that it could run', () => {
    expect(new Set(ROWS.map(({ path }) => path)).size).toBe(ROWS.length);
    for (const { path, about, examples } of ROWS) {
      expect(about, path).toMatch(/^[a-z].*[^.]$/);
      expect(commands.get(path)?.options.some(({ long }) => long === '--json') ?? false, path).toBe(
        path !== 'completion',
      );
      for (const example of examples) {
        const [, words = ''] = /nervous (.*)$/.exec(example) ?? [];
        const typed = words.replaceAll(/'[^']*'|"[^"]*"/g, 'x').split(/[\s)]+/);
        const found = findCommand(typed);
        expect(found, example).toMatchObject({ kind: 'command', row: { path } });
        expect(found, `${example}: an old name`).not.toHaveProperty('old');
        const known = new Set(commands.get(path)?.options.map(({ long }) => long));
        expect(
          typed.filter((word) => word.startsWith('--') && !known.has(word)),
          example,
        ).toEqual([]);
      }
    }
  });

  it('the name of a group begins its commands, and is no command itself', () => {
    for (const { name, rows } of GROUPS) {
      for (const { path } of rows) expect(path.split(' ')).toHaveLength(name === '' ? 1 : 2);
      for (const { path } of rows) expect(path.startsWith(name)).toBe(true);
      expect(ROWS.some(({ path }) => path === name)).toBe(false);
    }
  });

  it('each tells its examples in its help', () => {
    for (const [path, command] of commands) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) });
      command.outputHelp();
      expect(help, path).toContain(`Usage: nervous ${path}`);
      expect(help, path).toContain('Examples:');
    }
  });

  it.each([[['events']], [['changes']], [['verify']], [[]]])('nervous %s --help lists them', (words) => {
    const { code, out } = outputOf(...words, '--help');
    expect(code).toBe(0);
    const group = GROUPS.find(({ name }) => name === words[0]);
    for (const { path } of group?.rows ?? []) expect(out).toContain(path);
    if (group === undefined) for (const { name } of GROUPS) expect(out).toContain(name);
    expect(out).toContain('Examples:');
  });

  it('a group alone tells what is in it, as an error', () => {
    expect(outputOf('changes')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('approve') as string });
    expect(outputOf()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('changes') as string });
  });

  it.each([[['changes', '--json']], [['--json']]])('nervous %j tells programs so as JSON', (words) => {
    const { code, out, err } = outputOf(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(JSON.parse(err)).toMatchObject({
      code: 'USAGE',
      detail: expect.stringContaining('name a command') as string,
    });
  });

  it('nervous verify alone is nervous verify full', () => {
    expect(findCommand(['verify', '--data', 'x', '--json'])).toMatchObject({
      ...{ kind: 'command', row: { path: 'verify full' }, args: ['--data', 'x', '--json'] },
    });
    expect(findCommand(['verify', '--data', 'x'])).not.toHaveProperty('old');
  });

  it('help is an option of each, and a word', () => {
    expect(findCommand(['help', 'changes', 'show'])).toMatchObject({ row: { path: 'changes show' }, args: ['--help'] });
    expect(findCommand(['help'])).toEqual({ kind: 'help' });
    expect(findCommand(['help', 'changes'])).toMatchObject({ kind: 'help', group: { name: 'changes' } });
  });
});

describe('names from before there were groups', () => {
  it('are all kept', () => {
    expect(FLAT.filter((name) => !OLD.some(([old]) => old === name))).toEqual([]);
    expect(new Set(OLD.map(([old]) => old)).size).toBe(OLD.length);
  });

  it.each(OLD)('nervous %s does what nervous %s does', (old, path) => {
    const row = ROWS.find((one) => one.path === path);
    expect(findCommand([...old.split(' '), '--data', 'x', '--json'])).toEqual({
      ...{ kind: 'command', row, args: ['--data', 'x', '--json'], old },
    });
  });

  it('tell the new name once, on a terminal', async () => {
    const { screen } = await onTerminal([...CLI, 'subscribe', '--nonsense', 'x'], { env: {}, answer: '' });
    expect(screen.split('"subscribe" is now "subscriptions create"')).toHaveLength(2);
  });

  it('say nothing with --json, and nothing where nobody looks', async () => {
    const json = await onTerminal([...CLI, 'match', '--json', '--rule', 'x'], { env: {}, answer: '' });
    expect(json.screen).not.toContain('is now');
    const { err } = await withoutTerminal([...CLI, 'match', '--rule', 'x'], { env: {} });
    expect(err).not.toContain('is now');
  });
});

describe('what was probably meant', () => {
  it.each([
    [['publsh'], 'did you mean nervous events publish? See nervous --help'],
    [['chagnes'], 'did you mean nervous changes? See nervous --help'],
    [['changes', 'aprove'], 'did you mean nervous changes approve? See nervous changes --help'],
    [['undelgate'], 'did you mean nervous delegations end?'],
    [
      ['events', 'tail', '--topcis', 'x'],
      "unknown option '--topcis': did you mean --topics? See nervous events tail --help",
    ],
    [['events', 'publish', 'x', '--payloud', 'x'], "unknown option '--payloud': did you mean --payload?"],
    [['events', 'publish', 'x'], 'see nervous events publish --help'],
    [['--nonsense'], "unknown option '--nonsense'"],
  ])('nervous %j', (words, said) => {
    expect(outputOf(...words)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(said) as string });
  });
});

describe('what a shell completes', () => {
  it.each([
    [['ev'], ['events']],
    [
      ['changes', 're'],
      ['revise', 'reject', 'request-changes', 'revoke', 'revert', 'review', 'resolve'],
    ],
    [['changes', 'list', '--st'], ['--state']],
    [
      ['changes', 'list', '--state', 'exec'],
      ['executing', 'executed'],
    ],
    [
      ['verify', 's'],
      ['state', 'since'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nonsense', ''], []],
  ])('%j', async (words, found) => {
    expect(await completionsOf(words)).toEqual(found);
  });

  it('bash takes the script', () => {
    const { out } = outputOf('completion', 'bash');
    const script = `${out}
nervous() { '${process.execPath}' '${NERVOUS}' "$@"; }
COMP_WORDS=(nervous changes app); COMP_CWORD=2; _nervous; echo "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: 'approve\n', stderr: '' });
  });
});

describe('nervous --help is told at once', () => {
  /** Writes what was loaded to stderr, when the process ends. */
  const COUNTER = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    process.on('exit', () => process.stderr.write(JSON.stringify(loaded)));`)}`;

  function loadedBy(...args: string[]): string[] {
    const { stderr } = spawnSync(process.execPath, ['--import', COUNTER, NERVOUS, ...args], { encoding: 'utf8' });
    return (JSON.parse(stderr) as string[]).filter((url) => url.startsWith('file:'));
  }

  it.each([[['--help']], [['changes', '--help']], [['--version']]])('%j loads only what tells it', (args) => {
    const loaded = loadedBy(...args).map((url) => url.slice(url.indexOf('/clients/cli/')));
    expect(loaded.filter((url) => !url.startsWith('/clients/cli/'))).toEqual([]);
    expect(loaded.length).toBeLessThanOrEqual(14);
  });
});
