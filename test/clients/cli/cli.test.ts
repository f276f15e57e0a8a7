/** The command line as a process: what it prints, where, and how it exits. One engine, started by the CLI itself. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERDICT_EXIT } from '../../../clients/cli/output/exit-codes.ts';
import { printable } from '../../../clients/cli/output/output.ts';
import { VERDICTS } from '../../../core/ledger/index.ts';
import { eventually } from '../../support/eventually.ts';

const CLI = join(import.meta.dirname, '../../../clients/cli/nervous.mjs');

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
    ['an unknown option', ['inbox', '--fast']],
    ['a missing option', ['publish', 'transactions.new']],
    ['a rejection without a reason', ['reject', 'c-1']],
    ['asking for changes without a reason', ['request-changes', 'c-1']],
    ['break-glass without a ticket', ['override', 'c-1', '--reason', 'x']],
    ['a verdict that is none', ['review', 'c-1', '--verdict', 'fine', '--reason', 'x']],
    ['a resolution without evidence', ['resolve', 'c-1', '--outcome', 'executed', '--reason', 'x']],
    ['a revert without a rationale', ['revert', 'c-1']],
    ['a port that is none', ['dev', '--port', '70000']],
    ['payload that is not JSON', ['publish', 'transactions.new', '--payload', '{"a":1,"a":2}']],
    ['a scope that is none', ['verify', 'everything']],
    ['a URL that is none', ['inbox', '--url', 'ledger']],
    ['--as without --data', ['inbox', '--as', 'ana']],
  ])('2 for %s, without a stack', async (_, args) => {
    const { code, out, err } = await nervous(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toMatch(/^\s+at /m);
    expect(err.trim()).not.toBe('');
  });

  it('3 when nobody answers, as a sentence or as JSON', async () => {
    const sentence = await nervous(['changes', 'inbox', '--url', 'http://127.0.0.1:1', '--token', 'x']);
    expect(sentence).toMatchObject({ code: 3, out: '' });
    expect(sentence.err).toMatch(
      /^nervous: cannot reach http:\/\/127\.0\.0\.1:1 .+\n {2}next: nervous dev starts one; .+\n$/,
    );
    const forMachines = await nervous(['changes', 'inbox', '--url', 'http://127.0.0.1:1', '--json']);
    expect(forMachines.code).toBe(3);
    expect(JSON.parse(forMachines.err)).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('1 when refused, with the reason', async () => {
    const args = [
      'events',
      'publish',
      'transactions.new',
      '--entity',
      'account:cli',
      '--payload',
      '{"amount":"5"}',
      '--json',
    ];
    const { code, err } = await as('bank-feed', ...args);
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ code: 'PAYLOAD_INVALID', status: 422 });
  });

  it('0 for help', async () => {
    const { code, out } = await nervous(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('subscriptions');
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
    const item = json(await as('eva', 'events', 'tail', '--no-follow', '--pattern', filter, '--json'));
    expect(item).toMatchObject({ event: { eventId: 'cli-1', entityId: 'account:cli' } });
    expect(json(await as('eva', 'entities', 'show', 'account:cli', '--json'))).toMatchObject({
      entity: { head: { seq: 0 } },
      entries: [{ seq: 0, body: { idem: expect.any(String) as string } }],
    });
    expect(json(await as('eva', 'verify', 'entity', 'account:cli', '--json'))).toMatchObject({
      verdict: 'OK',
      entries: 1,
    });
    expect((await as('eva', 'verify', 'full')).out).toMatch(/^OK: \d+ entries/);
  });

  it('tails live what a pattern matches, until it is stopped', async () => {
    const publish = async (id: string, amount: string): Promise<void> => {
      const payload = JSON.stringify({ amount, kind: 'credit' });
      const args = [
        'events',
        'publish',
        'transactions.new',
        '--entity',
        'account:tail',
        '--payload',
        payload,
        '--event-id',
        id,
      ];
      expect((await as('bank-feed', ...args)).code).toBe(0);
    };
    await publish('t-0', '1.00');
    const pattern = '{"detail":{"payload":{"amount":["1.00"]}}}';
    const args = [
      'events',
      'tail',
      '--topics',
      'transactions.*',
      '--entity',
      'account:tail',
      '--pattern',
      pattern,
      '--json',
    ];
    const tail = launch(args, { NERVOUS_URL: started.url, NERVOUS_TOKEN: started.tokens['eva'] ?? '' });
    const lines = createInterface({ input: tail.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<{ cursor: string; event: { eventId: string } }> =>
      JSON.parse((await lines.next()).value as string) as never;
    expect((await next()).event.eventId).toBe('t-0');
    await publish('t-1', '2.00');
    await publish('t-2', '1.00');
    const last = await next();
    expect(last.event.eventId).toBe('t-2');
    tail.kill('SIGINT');
    expect(await once(tail, 'exit')).toEqual([130, null]);
    const after = ['tail', '--entity', 'account:tail', '--after', last.cursor, '--no-follow', '--json'];
    expect(await as('eva', ...after)).toEqual({ code: 0, out: '', err: '' });
  });

  it('replays a file, says which lines were refused, and doubles nothing when run again', async () => {
    const file = join(folder, 'events.ndjson');
    const line = (id: number): string =>
      `{"eventId":"r-${id}","topic":"transactions.new","entityId":"account:r","payload":${CREDIT}}`;
    writeFileSync(file, [line(1), '{broken', line(2), '', line(3).replace('5.00', 'five'), line(4)].join('\n'));
    const first = await as('bank-feed', 'events', 'replay', file, '--batch', '2', '--json');
    expect(first).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(first.out)).toMatchObject({
      ...{ events: 5, accepted: 3, duplicates: 0, rejected: 2 },
      problems: [
        { line: 2, code: 'NOT_I_JSON' },
        { line: 5, code: 'PAYLOAD_INVALID' },
      ],
    });
    const again = await as('bank-feed', 'events', 'replay', file, '--json');
    expect(JSON.parse(again.out)).toMatchObject({ accepted: 0, duplicates: 3, rejected: 2 });
  });

  it('proposes, shows the inbox, and decides on what it showed', async () => {
    const file = join(folder, 'proposal.json');
    const operations = [{ type: 'state.put', payload: { limit: '500.00' } }];
    writeFileSync(file, JSON.stringify({ entityId: 'account:cs', title: 'Open', rationale: 'asked', operations }));
    const { change } = json(await as('budget-bot', 'changes', 'propose', file, '--key', 'open-cs', '--json')) as {
      change: { id: string };
    };
    expect((await as('budget-bot', 'changes', 'approve', change.id, '--yes', '--json')).code).toBe(1);
    const inbox = json(await as('boris', 'changes', 'inbox', '--json')) as { changes: { id: string }[] };
    expect(inbox.changes.map(({ id }) => id)).toContain(change.id);
    const shown = await as('boris', 'changes', 'inbox');
    expect(shown.out).toMatch(/^\d+ waits? for your decision \(.*1 L1.*\), the oldest for 0 min\n/);
    expect(shown.out).toContain('nobody has voted\n  your own vote counts');
    const approved = await as('boris', 'changes', 'approve', change.id, '--reason', 'fine', '--yes');
    expect(approved).toMatchObject({ code: 0 });
    expect(approved.out).toContain('"limit":"500.00"');
    expect(approved.out).toMatch(/approve recorded as seq \d+/);
  });

  it('proposes with files as evidence, and records which logic of the agent it was', async () => {
    const [file, statement] = [join(folder, 'shown.json'), join(folder, 'bank statement.txt')];
    const link = { url: 'https://bank.test/case/77', hash: 'ab'.repeat(32), title: 'Case 77' };
    const operations = [{ type: 'state.put', payload: { limit: '400.00' } }];
    const proposal = { entityId: 'account:shown', title: 'Open', rationale: 'asked', operations };
    writeFileSync(file, JSON.stringify({ ...proposal, evidence: [link] }));
    writeFileSync(statement, 'abc');
    const proposed = json(await as('budget-bot', 'changes', 'propose', file, '--evidence', statement, '--json'));
    // FIPS 180-2, B.1: the SHA-256 of "abc"
    const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(proposed).toMatchObject({
      change: {
        evidence: [link, { url: 'file:bank%20statement.txt', hash }],
        proposer: { kind: 'agent', id: 'budget-bot', logic: 'budget-bot@1.0.0' },
      },
    });
    const gone = await as('budget-bot', 'changes', 'propose', file, '--evidence', join(folder, 'gone.txt'));
    expect(gone).toMatchObject({ code: 2, err: expect.stringContaining('gone.txt" cannot be read') as string });
    for (const [evidence, sentence] of [
      [[{ ...link, hash: 'AB' }], 'must be a SHA-256 in lower-case hex'],
      [{ link }, 'evidence'],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...proposal, evidence }));
      const refused = await as('budget-bot', 'changes', 'propose', file, '--evidence', statement);
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(sentence) as string });
    }
  });

  it('says what a proposal would mean before it is made: the rule, its reasons, who would have to approve', async () => {
    const file = join(folder, 'dry.json');
    const operations = [{ type: 'state.put', payload: { limit: '20000.00' } }];
    writeFileSync(file, JSON.stringify({ entityId: 'account:dry', title: 'Open', rationale: 'asked', operations }));
    const dry = await as('budget-bot', 'changes', 'propose', file, '--dry-run');
    expect(dry).toMatchObject({ code: 0 });
    for (const line of [
      'dry run for account:dry: nothing was recorded',
      'risk: L2, soft',
      'rule "bounded money": L2, asks 2 of owner, peer, soft; because entity is "account:dry", money.touched is true, onEntity.recentMoved is 20000',
      // the sum of a day, by who proposes: other tests proposed 900
      'rule "bounded money of one person": L2, asks 2 of owner, peer, soft; because entity is "account:dry", money.touched is true',
      'needs: 2 more approvals: 1 owner, 1 peer',
      'as owner: boris',
      'as peer: clara',
      '+ /limit: "20000.00"',
    ])
      expect(dry.out).toContain(line);
    expect(json(await as('budget-bot', 'changes', 'propose', file, '--dry-run', '--json'))).toMatchObject({
      risk: { level: 'L2' },
    });
    expect((await as('eva', 'entities', 'show', 'account:dry')).code).not.toBe(0);
    const inbox = json(await as('boris', 'changes', 'inbox', '--json')) as { changes: { entityId: string }[] };
    expect(inbox.changes.map(({ entityId }) => entityId)).not.toContain('account:dry');
  });

  it('revokes, breaks the glass, has it looked at, and reverts', async () => {
    const file = join(folder, 'acts.json');
    const operations = [{ type: 'state.put', payload: { limit: '20000.00' } }];
    writeFileSync(
      file,
      JSON.stringify({ entityId: 'account:acts', title: 'Set a limit', rationale: 'Asked', operations }),
    );
    const { change } = json(await as('budget-bot', 'changes', 'propose', file, '--json')) as { change: { id: string } };
    const { id } = change;
    expect((await as('boris', 'changes', 'approve', id, '--yes')).code).toBe(0);
    expect((await as('boris', 'changes', 'revoke', id, '--yes', '--reason', 'too soon')).out).toMatch(
      /your vote is revoked: .+ is pending/,
    );
    expect((await as('boris', 'changes', 'revoke', id, '--yes')).out).toContain('(it was before)');
    expect((await as('clara', 'changes', 'request-changes', id, '--yes', '--reason', 'why?')).out).toContain(
      'request-changes recorded',
    );
    expect((await as('clara', 'changes', 'revoke', id, '--yes')).code).toBe(0);
    const emergency = ['--ticket', 'INC-7', '--reason', 'payments fail'];
    expect((await as('dan', 'changes', 'override', id, '--yes', ...emergency)).err).toContain('no right "overrides"');
    const overridden = await as('eva', 'changes', 'override', id, '--yes', ...emergency);
    expect(overridden.out).toContain('"limit":"20000.00"');
    expect(overridden.out).toMatch(/overridden: .+ is (approved|executed)/);
    const review = ['changes', 'review', id, '--yes', '--verdict', 'justified', '--reason', 'yes'];
    await eventually(async () => expect((await as('boris', ...review)).code).toBe(0));
    const keys = ['--evidence', file, '--outcome', 'executed', '--reason', 'x'];
    expect((await as('boris', 'changes', 'resolve', id, '--yes', ...keys)).err).toContain(
      'is not possible for a change-set that is executed',
    );
    expect((await as('boris', 'changes', 'resolve', id, '--yes', ...keys.with(1, join(folder, 'nowhere')))).code).toBe(
      2,
    );
    const reverted = json(await as('budget-bot', 'changes', 'revert', id, '--rationale', 'no', '--json'));
    expect(reverted).toMatchObject({ kind: 'created', change: { reverts: id, state: 'pending' } });
  });

  it('lists subscriptions and dead letters, and redrives', async () => {
    const body = JSON.stringify({ id: 'cli-sub', topics: ['transactions.*'] });
    const headers = {
      authorization: `Bearer ${started.tokens['budget-engine'] ?? ''}`,
      'content-type': 'application/json',
    };
    await fetch(`${started.url}/v1/subscriptions`, { method: 'POST', headers, body });
    expect(json(await as('budget-engine', 'subscriptions', 'list', '--json'))).toMatchObject({
      subscriptions: [{ id: 'cli-sub', stats: { deadLetters: 0 } }],
    });
    expect(json(await as('budget-engine', 'subscriptions', 'dead-letters', 'cli-sub', '--json'))).toEqual({
      deadLetters: [],
    });
    expect(json(await as('budget-engine', 'subscriptions', 'redrive', 'cli-sub', '--json'))).toEqual({ redriven: 0 });
  });

  it('makes a subscription, once however often it is asked to, and closes its breaker', async () => {
    const settings = join(folder, 'settings.json');
    writeFileSync(settings, JSON.stringify({ mode: 'targeted', startAt: 'earliest', delayMs: 1_000 }));
    const subscribe = ['subscribe', 'transactions.*', '--id', 'cli-made', '--settings', `@${settings}`, '--json'];
    const made = json(await as('budget-engine', ...subscribe));
    const wanted = { id: 'cli-made', topics: ['transactions.*'], mode: 'targeted', delayMs: 1_000, from: 0 };
    expect(made).toMatchObject({ subscription: wanted });
    expect(json(await as('budget-engine', ...subscribe))).toEqual(made);
    expect(json(await as('budget-engine', 'subscriptions', 'reset', 'cli-made', '--json'))).toEqual(made);
    const refused = await as(
      'budget-engine',
      'subscriptions',
      'create',
      'transactions.*',
      '--settings',
      '{"mode":"all"}',
    );
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('mode') as string });
    const pattern = ['--pattern', '{"detail-type":["transactions.new"]}'];
    expect(json(await as('budget-engine', 'subscriptions', 'redrive', 'cli-made', ...pattern, '--json'))).toEqual({
      redriven: 0,
    });
    const both = await as('budget-engine', 'subscriptions', 'redrive', 'cli-made', ...pattern, '--position', '1');
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('not both') as string });
  });

  it('takes a token from the data folder, and examines everything', async () => {
    const args = ['doctor', '--as', 'eva', '--data', dataDir, '--url', started.url, '--json'];
    expect(json(await nervous(args))).toMatchObject({ ok: true });
    const unknown = await nervous(['changes', 'inbox', '--as', 'mallory', '--data', dataDir]);
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
