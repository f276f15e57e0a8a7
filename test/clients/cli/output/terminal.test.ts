/** What people see on a terminal and programs do not: columns under a heading, and colours for who wants them. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { coloured } from '../../../../clients/cli/output/colours.ts';
import { onTerminal } from '../../../support/terminal.ts';
import { fits } from '../../../../clients/cli/output/pager.ts';
import { tableText } from '../../../../clients/cli/output/table.ts';
import { startRunning } from '../../../e2e/webhooks/webhook-fixture.ts';

/** A terminal with 16 colours, which asks the environment as Node's own do. */
function terminal(): NodeJS.WriteStream {
  const getColorDepth = (): number => (process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb' ? 4 : 1);
  return Object.assign(new PassThrough(), { isTTY: true, getColorDepth }) as unknown as NodeJS.WriteStream;
}

const PIPE = { isTTY: false } as unknown as NodeJS.WriteStream;
const GREEN = '\u001b[32m';
const RED = '\u001b[31m';
const END = '\u001b[39m';

beforeEach(() => {
  for (const name of ['CI', 'FORCE_COLOR', 'NO_COLOR']) vi.stubEnv(name, undefined);
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('colours', () => {
  const DIFFERENCE = ['  on version 1:', '    + /a: 1', '    - /b: 2', '    ~ /c: 1 → 2'].join('\n');

  it('tell what comes from what goes', () => {
    const text = coloured(DIFFERENCE, terminal());
    expect(text).toContain(`${GREEN}    + /a: 1${END}`);
    expect(text).toContain(`${RED}    - /b: 2${END}`);
    expect(text).toContain('\u001b[33m    ~ /c: 1 → 2');
    expect(text).toContain('  on version 1:\n');
  });

  it('tell a verdict, a check that failed, and a warning', () => {
    expect(coloured('OK: 7 entries', terminal())).toBe(`${GREEN}OK${END}: 7 entries`);
    for (const text of [
      'LINK_BROKEN: 7 entries',
      'FAIL  keys: none',
      '  DO NOT APPROVE: its hash differs',
      'first bad: x',
    ])
      expect(coloured(text, terminal())).toContain(RED);
  });

  it.each([
    ['NO_COLOR is set', { NO_COLOR: '1' }],
    ['the terminal is dumb', { TERM: 'dumb' }],
  ])('are none where %s', (_, env) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect(coloured(DIFFERENCE, terminal())).toBe(DIFFERENCE);
  });

  it('are none in what is led elsewhere', () => {
    expect(coloured(DIFFERENCE, PIPE)).toBe(DIFFERENCE);
  });
});

describe('nervous doctor on a terminal', () => {
  const DOCTOR = [
    process.execPath,
    'clients/cli/nervous.mjs',
    'doctor',
    '--data',
    'nowhere',
    '--url',
    'http://127.0.0.1:9',
  ];

  it('shows in red what failed, unless nobody wants colours', async () => {
    const env = { TERM: 'xterm' };
    const { screen, code } = await onTerminal(DOCTOR, { env, answer: '' });
    expect(code).toBe(1);
    expect(screen).toContain(`${RED}FAIL${END}  reachability`);
    const plain = await onTerminal(DOCTOR, { env: { TERM: 'xterm', NO_COLOR: '1' }, answer: '' });
    expect(plain.screen).toContain('FAIL  reachability');
    expect(plain.screen).not.toContain('\u001b[');
  });
});

describe('tables', () => {
  const ROWS = [
    ['a', 'pending', 'one'],
    ['bcd', 'x', 'the second'],
  ];

  it('stand in columns under a heading, for people', () => {
    expect(tableText(['id', 'state', 'title'], ROWS, true).split('\n')).toEqual([
      'ID   STATE    TITLE',
      'a    pending  one',
      'bcd  x        the second',
    ]);
  });

  it('are rows and nothing else where a program reads', () => {
    expect(tableText(['id', 'state', 'title'], ROWS, false)).toBe('a  pending  one\nbcd  x  the second');
  });
});

describe('a list that is longer than the terminal', () => {
  const LIST = [
    process.execPath,
    'clients/cli/nervous.mjs',
    'catalog',
    'list',
    '--config',
    'test/support/many-topics.ts',
  ];
  const on = async (PAGER: string, ...args: string[]): Promise<{ screen: string; code: number | null }> =>
    onTerminal([...LIST, ...args], { env: { PAGER, TERM: 'dumb' }, answer: '' });

  it('goes to the pager of whoever looks', async () => {
    const { screen, code } = await on("sed 's/^/paged /'");
    expect(code).toBe(0);
    expect(screen).toMatch(/^paged TOPIC/);
    expect(screen.match(/^paged many\.topic_/gm)).toHaveLength(40);
  });

  it.each([
    ['nobody wants one', '', []],
    ['it would be cat', 'cat', []],
    ['--no-pager says so', 'sed s/^/paged/', ['--no-pager']],
    ['there is no such program', 'no-such-pager', []],
    ['a program reads', 'sed s/^/paged/', ['--json']],
  ])('is written at once where %s', async (_, pager, args) => {
    const { screen, code } = await on(pager, ...args);
    expect(code).toBe(0);
    expect(screen).toContain('many.topic_39');
    expect(screen).not.toContain('paged');
  });

  it('is also the history of a ledger, which comes entry by entry', async () => {
    const running = await startRunning();
    await running.publish(...Array.from({ length: 40 }, (_, i) => `account:${i}`));
    const history = [...LIST.slice(0, 2), 'entities', 'history', '--data', running.dataDir, '--type', 'event'];
    const env = { PAGER: "sed 's/^/paged /'", TERM: 'dumb' };
    const { screen, code } = await onTerminal(history, { env, answer: '' });
    expect(code).toBe(0);
    expect(screen.match(/^paged .*account:\d+/gm)).toHaveLength(40);
    const plain = await onTerminal([...history, '--no-pager'], { env, answer: '' });
    expect(plain.screen.match(/^(?!paged).*account:\d+/gm)).toHaveLength(40);
    await running.end();
  });

  it('is one that needs more lines than there are, long lines counted', () => {
    const screen = { isTTY: true, rows: 4, columns: 10 };
    expect(fits('a\nb\nc', screen)).toBe(true);
    expect(fits('a\nb\nc\nd', screen)).toBe(false);
    expect(fits(`a\nb\n${'c'.repeat(11)}`, screen)).toBe(false);
    expect(fits('a\n'.repeat(99), { ...screen, isTTY: false })).toBe(true);
  });
});
