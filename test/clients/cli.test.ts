/** The command line as a process: what it prints, where, and how it exits. One engine, started by the CLI itself. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERDICT_EXIT } from '../../clients/cli/exit-codes.ts';
import { printable } from '../../clients/cli/output.ts';
import { VERDICTS } from '../../core/ledger/index.ts';

const CLI = join(import.meta.dirname, '../../clients/cli/nervous.mjs');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let folder: string;
let dataDir: string;
let engine: ChildProcessWithoutNullStreams;
let started: { readonly url: string; readonly tokens: Readonly<Record<string, string>> };

function launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } });
}

async function nervous(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = launch(args, env);
  child.stdin.end();
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, out, err };
}

/** As a principal of the running engine. */
function as(principal: string, ...args: string[]): Promise<Ended> {
  return nervous(args, { NERVOUS_URL: started.url, NERVOUS_TOKEN: started.tokens[principal] ?? '' });
}

function json(ended: Ended): unknown {
  expect(ended).toMatchObject({ err: '' });
  return JSON.parse(ended.out);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-cli-'));
  dataDir = join(folder, 'data');
  engine = launch(['dev', '--port', '0', '--data', dataDir, '--json']);
  const [line] = (await once(createInterface({ input: engine.stdout }), 'line')) as [string];
  started = JSON.parse(line) as typeof started;
});
afterAll(async () => {
  if (engine.exitCode === null) {
    engine.kill('SIGKILL');
    await once(engine, 'exit');
  }
  rmSync(folder, { recursive: true });
});

const CREDIT = '{"amount":"5.00","kind":"credit"}';

describe('exit codes', () => {
  it('give every verdict its own', () => {
    expect(new Set(VERDICTS.map((verdict) => VERDICT_EXIT[verdict])).size).toBe(VERDICTS.length);
    expect(VERDICT_EXIT.OK).toBe(0);
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['fly']],
    ['an unknown option', ['tray', '--fast']],
    ['a missing option', ['publish', 'transactions.new']],
    ['a rejection without a reason', ['reject', 'c-1']],
    ['a port that is none', ['dev', '--port', '70000']],
    ['payload that is not JSON', ['publish', 'transactions.new', '--payload', '{"a":1,"a":2}']],
    ['a scope that is none', ['verify', 'everything']],
    ['a URL that is none', ['tray', '--url', 'ledger']],
    ['--as without --data', ['tray', '--as', 'ana']],
  ])('2 for %s, without a stack', async (_, args) => {
    const { code, out, err } = await nervous(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toMatch(/^\s+at /m);
    expect(err.trim()).not.toBe('');
  });

  it('3 when nobody answers, as a sentence or as JSON', async () => {
    const sentence = await nervous(['tray', '--url', 'http://127.0.0.1:1', '--token', 'x']);
    expect(sentence).toMatchObject({ code: 3, out: '' });
    expect(sentence.err).toMatch(/^nervous: cannot reach http:\/\/127\.0\.0\.1:1 .+\n$/);
    const forMachines = await nervous(['tray', '--url', 'http://127.0.0.1:1', '--json']);
    expect(forMachines.code).toBe(3);
    expect(JSON.parse(forMachines.err)).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('1 when refused, with the reason', async () => {
    const args = ['publish', 'transactions.new', '--entity', 'account:cli', '--payload', '{"amount":"5"}', '--json'];
    const { code, err } = await as('bank-feed', ...args);
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ code: 'PAYLOAD_INVALID', status: 422 });
  });

  it('0 for help', async () => {
    const { code, out } = await nervous(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('dead-letters');
  });
});

describe('output', () => {
  it('lets nothing from the ledger steer the terminal', () => {
    expect(printable('a\u001b[2Jb\u202ec\td\n')).toBe('a\\u001b[2Jb\\u202ec\td\n');
  });
});

describe('against a running engine', () => {
  it('publishes, and shows it in tail, entity and verify', async () => {
    const publish = [
      'publish',
      'transactions.new',
      '--entity',
      'account:cli',
      '--payload',
      CREDIT,
      '--event-id',
      'cli-1',
    ];
    expect(json(await as('bank-feed', ...publish, '--json'))).toMatchObject({ status: 'accepted', seq: 0 });
    expect(json(await as('bank-feed', ...publish, '--json'))).toMatchObject({ status: 'duplicate', seq: 0 });
    const filter = '{"detail":{"eventId":["cli-1"]}}';
    const item = json(await as('eva', 'tail', '--no-follow', '--filter', filter, '--json'));
    expect(item).toMatchObject({ event: { eventId: 'cli-1', entityId: 'account:cli' } });
    expect(json(await as('eva', 'entity', 'account:cli', '--json'))).toMatchObject({
      entity: { head: { seq: 0 } },
      entries: [{ seq: 0, body: { idem: expect.any(String) as string } }],
    });
    expect(json(await as('eva', 'verify', 'entity', 'account:cli', '--json'))).toMatchObject({
      verdict: 'OK',
      entries: 1,
    });
    expect((await as('eva', 'verify', 'full')).out).toMatch(/^OK: \d+ entries/);
  });

  it('replays a file, says which lines were refused, and doubles nothing when run again', async () => {
    const file = join(folder, 'events.ndjson');
    const line = (id: number): string =>
      `{"eventId":"r-${id}","topic":"transactions.new","entityId":"account:r","payload":${CREDIT}}`;
    writeFileSync(file, [line(1), '{broken', line(2), '', line(3).replace('5.00', 'five'), line(4)].join('\n'));
    const first = await as('bank-feed', 'replay', file, '--batch', '2', '--json');
    expect(first).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(first.out)).toMatchObject({
      ...{ events: 5, accepted: 3, duplicates: 0, rejected: 2 },
      problems: [
        { line: 2, code: 'NOT_I_JSON' },
        { line: 5, code: 'PAYLOAD_INVALID' },
      ],
    });
    const again = await as('bank-feed', 'replay', file, '--json');
    expect(JSON.parse(again.out)).toMatchObject({ accepted: 0, duplicates: 3, rejected: 2 });
  });

  it('proposes, shows the tray, and decides on what it showed', async () => {
    const file = join(folder, 'proposal.json');
    const operations = [{ type: 'state.put', payload: { limit: '500.00' } }];
    writeFileSync(file, JSON.stringify({ entityId: 'account:cs', title: 'Open', rationale: 'asked', operations }));
    const { change } = json(await as('budget-bot', 'propose', file, '--key', 'open-cs', '--json')) as {
      change: { id: string };
    };
    expect((await as('budget-bot', 'approve', change.id, '--json')).code).toBe(1);
    const tray = json(await as('boris', 'tray', '--json')) as { changes: { id: string }[] };
    expect(tray.changes.map(({ id }) => id)).toContain(change.id);
    const approved = await as('boris', 'approve', change.id, '--reason', 'fine');
    expect(approved).toMatchObject({ code: 0 });
    expect(approved.out).toContain('"limit":"500.00"');
    expect(approved.out).toMatch(/approve recorded as seq \d+/);
  });

  it('lists subscriptions and dead letters, and redrives', async () => {
    const body = JSON.stringify({ id: 'cli-sub', topics: ['transactions.*'] });
    const headers = {
      authorization: `Bearer ${started.tokens['budget-engine'] ?? ''}`,
      'content-type': 'application/json',
    };
    await fetch(`${started.url}/v1/subscriptions`, { method: 'POST', headers, body });
    expect(json(await as('budget-engine', 'subscriptions', '--json'))).toMatchObject({
      subscriptions: [{ id: 'cli-sub', stats: { deadLetters: 0 } }],
    });
    expect(json(await as('budget-engine', 'dead-letters', 'cli-sub', '--json'))).toEqual({ deadLetters: [] });
    expect(json(await as('budget-engine', 'redrive', 'cli-sub', '--json'))).toEqual({ redriven: 0 });
  });

  it('takes a token from the data folder, and examines everything', async () => {
    const args = ['doctor', '--as', 'eva', '--data', dataDir, '--url', started.url, '--json'];
    expect(json(await nervous(args))).toMatchObject({ ok: true });
    const unknown = await nervous(['tray', '--as', 'mallory', '--data', dataDir]);
    expect(unknown.code).toBe(2);
  });
});

describe('stopping', () => {
  it('ends in good order on SIGTERM, and the folder verifies', async () => {
    const exited = once(engine, 'exit');
    engine.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(json(await nervous(['verify', 'full', '--data', dataDir, '--json']))).toMatchObject({ verdict: 'OK' });
    const missing = await nervous(['verify', 'full', '--data', join(folder, 'nowhere')]);
    expect(missing).toMatchObject({ code: 1, out: '' });
  });
});
