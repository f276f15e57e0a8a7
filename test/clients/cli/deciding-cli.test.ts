/** Decisions on the command line: nobody decides unasked, wherever output and input are led. Real processes, a real terminal. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Client } from '../../../clients/sdk/index.ts';
import { killDevEngines, startDevEngine, type DevEngine } from '../../e2e/dev-engine.ts';
import { onTerminal, withoutTerminal } from '../../support/terminal.ts';
import { eventually } from '../../support/eventually.ts';

const CLI = [process.execPath, join(import.meta.dirname, '../../../clients/cli/nervous.mjs')];

let folder: string;
let engine: DevEngine;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-deciding-'));
  engine = await startDevEngine(join(folder, 'data'), '0', '--config', 'test/support/plain-config.ts');
});
afterAll(() => {
  killDevEngines();
  rmSync(folder, { recursive: true });
});

function client(principal: string): Client {
  return createClient({ url: engine.url, token: engine.tokens[principal] ?? '' });
}

function env(principal: string): Record<string, string> {
  return { NERVOUS_URL: engine.url, NERVOUS_TOKEN: engine.tokens[principal] ?? '' };
}

let proposals = 0;

async function propose(limit = '20000.00'): Promise<string> {
  proposals += 1;
  const { change } = await client('budget-bot').propose({
    ...{ entityId: `account:deciding-${proposals}`, title: 'Set a limit', rationale: 'Asked' },
    operations: [{ type: 'state.put', payload: { limit } }],
  });
  return change.id;
}

/** How far every deciding command has come when its one act is done, asked of the service. */
const DECIDING: readonly (readonly [
  string,
  { who: string; options: string[]; prepare?: (id: string) => Promise<void> },
])[] = [
  ['approve', { who: 'boris', options: [] }],
  ['reject', { who: 'boris', options: ['--reason', 'no'] }],
  ['request-changes', { who: 'boris', options: ['--reason', 'why?'] }],
  ['override', { who: 'eva', options: ['--ticket', 'INC-7', '--reason', 'payments fail'] }],
  ['withdraw', { who: 'budget-bot', options: [] }],
  ['revoke', { who: 'boris', options: [], prepare: approveAs('boris') }],
  ['review', { who: 'boris', options: ['--verdict', 'justified', '--reason', 'yes'], prepare: overrideIt }],
];

/** Their change-sets cannot be brought about without a failing executor: they are refused, but only after they were asked about. */
const REFUSED: readonly (readonly [string, string[]])[] = [
  ['abort', ['--reason', 'stop']],
  ['resolve', ['--outcome', 'executed', '--reason', 'x', '--evidence', import.meta.filename]],
];

function approveAs(who: string): (id: string) => Promise<void> {
  return async (id) => {
    await client(who).decide(await client(who).changeSet(id), 'approve');
  };
}

async function overrideIt(id: string): Promise<void> {
  const eva = client('eva');
  await eva.override(await eva.changeSet(id), { ticket: 'INC-7', reason: 'payments fail' });
  await eventually(async () => expect((await eva.changeSet(id)).state).toBe('executed'));
}

async function stepsOf(id: string): Promise<number> {
  return (await client('eva').changeSet(id)).entries.length;
}

describe.each(DECIDING)('U2: nervous changes %s', (command, { who, options, prepare }) => {
  async function prepared(): Promise<string> {
    const id = await propose();
    await prepare?.(id);
    return id;
  }

  const ways: readonly (readonly [string, string, string[]])[] = [
    ['a yes on stdin, which nobody gave', 'y\n', []],
    ['nothing on stdin', '', []],
    ['--json, which is no yes', '', ['--json']],
  ];
  // All go through one function: one command tries every way, the others the likeliest.
  it.each(command === 'approve' ? ways : ways.slice(0, 1))(
    'decides nothing without a terminal: %s',
    async (_, input, more) => {
      const id = await prepared();
      const before = await stepsOf(id);
      const ended = await withoutTerminal([...CLI, 'changes', command, id, ...options, ...more], {
        env: env(who),
        input,
      });
      expect(ended).toMatchObject({ code: 2, out: '' });
      expect(ended.err).toContain('--yes');
      expect(await stepsOf(id)).toBe(before);
    },
  );

  it('decides with --yes without a terminal', async () => {
    const id = await prepared();
    const before = await stepsOf(id);
    const ended = await withoutTerminal([...CLI, 'changes', command, id, ...options, '--yes', '--json'], {
      env: env(who),
    });
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(await stepsOf(id)).toBeGreaterThan(before);
  });

  it('asks on the terminal although stdout is led to a file and stdin is empty, and takes no for no', async () => {
    const id = await prepared();
    const before = await stepsOf(id);
    const out = join(folder, `out-${command}`);
    const asked = { env: env(who), answer: 'n', out, stdinFromNull: true };
    const ended = await onTerminal([...CLI, 'changes', command, id, ...options], asked);
    expect(ended.screen).toContain(`${command} this? [y/N]`);
    // Who leads the output elsewhere still sees what they decide on.
    expect(ended.screen).toContain('/limit: "20000.00"');
    expect(readFileSync(out, 'utf8')).toContain('/limit: "20000.00"');
    expect(ended.code).toBe(1);
    expect(await stepsOf(id)).toBe(before);
  });

  it('does it after a yes on the terminal', async () => {
    const id = await prepared();
    const before = await stepsOf(id);
    const ended = await onTerminal([...CLI, 'changes', command, id, ...options], { env: env(who), answer: 'y' });
    expect(ended).toMatchObject({ code: 0 });
    expect(await stepsOf(id)).toBeGreaterThan(before);
  });
});

describe.each(REFUSED)('U2: nervous changes %s', (command, options) => {
  it('asks first, and is refused with the reason', async () => {
    const id = await propose();
    const unasked = await withoutTerminal([...CLI, 'changes', command, id, ...options], { env: env('boris') });
    expect(unasked).toMatchObject({ code: 2, out: '' });
    const ended = await onTerminal([...CLI, 'changes', command, id, ...options], { env: env('boris'), answer: 'y' });
    expect(ended.screen).toContain(`${command} this? [y/N]`);
    expect(ended.code).toBe(1);
  });
});

describe('U2: the question', () => {
  it.each([
    ['end of input', '', 1],
    ['Ctrl-C', '^C', 130],
    ['nothing but Enter', '\n', 1],
  ])('%s is no', async (_, answer, code) => {
    const id = await propose();
    const before = await stepsOf(id);
    const ended = await onTerminal([...CLI, 'changes', 'approve', id], { env: env('boris'), answer });
    expect(ended.code).toBe(code);
    expect(ended.screen).toContain('nothing was decided');
    expect(await stepsOf(id)).toBe(before);
  });

  it('is not asked about what would be refused: U12', async () => {
    const id = await propose();
    const ended = await onTerminal([...CLI, 'changes', 'approve', id], { env: env('ana'), answer: 'y' });
    expect(ended.screen).toContain('answers for its proposer: someone else must decide');
    expect(ended.screen).not.toContain('[y/N]');
    expect(ended.code).toBe(1);
  });

  it('is asked before a subscription is deleted', async () => {
    await client('budget-engine').createSubscription({ id: 'asked', topics: ['transactions.*'] });
    const remove = [...CLI, 'subscriptions', 'delete', 'asked'];
    expect(await withoutTerminal(remove, { env: env('budget-engine') })).toMatchObject({ code: 2 });
    expect(await onTerminal(remove, { env: env('budget-engine'), answer: 'n' })).toMatchObject({ code: 1 });
    expect(await client('budget-engine').subscription('asked')).toMatchObject({ id: 'asked' });
    expect(await onTerminal(remove, { env: env('budget-engine'), answer: 'y' })).toMatchObject({ code: 0 });
    expect(await client('budget-engine').subscriptions()).toEqual([]);
  });

  it('does not delete another subscription whose name begins so, where nobody sees which it is', async () => {
    await client('budget-engine').createSubscription({ id: 'asked-2', topics: ['transactions.*'] });
    const remove = [...CLI, 'subscriptions', 'delete', 'asked'];
    expect(await withoutTerminal([...remove, '--yes'], { env: env('budget-engine') })).toMatchObject({ code: 1 });
    expect(await client('budget-engine').subscription('asked-2')).toMatchObject({ id: 'asked-2' });
    expect(await onTerminal(remove, { env: env('budget-engine'), answer: 'y' })).toMatchObject({
      ...{ code: 0, screen: expect.stringContaining('asked-2: deleted') as string },
    });
  });
});

describe('U8: verbs about change-sets', () => {
  const run = async (who: string, ...args: string[]): Promise<unknown> => {
    const ended = await withoutTerminal([...CLI, ...args, '--json'], { env: env(who) });
    expect(ended).toMatchObject({ code: 0, err: '' });
    return JSON.parse(ended.out);
  };

  it('shows one by a short id, with what it changes, who may decide, and its steps', async () => {
    const id = await propose();
    // The last one proposed: 35 characters tell it from every other.
    const shown = await withoutTerminal([...CLI, 'changes', 'show', id.slice(0, 35)], { env: env('boris') });
    expect(shown).toMatchObject({ code: 0, err: '' });
    for (const text of [id, '+ /limit: "20000.00"', 'your own vote counts', 'steps:', 'proposed'])
      expect(shown.out).toContain(text);
    const asProposer = await withoutTerminal([...CLI, 'changes', 'show', id], { env: env('ana') });
    expect(asProposer.out).toContain('you cannot decide: ana proposed or edited');
    const diff = await withoutTerminal([...CLI, 'changes', 'diff', id], { env: env('boris') });
    expect(diff.out).toContain('+ /limit: "20000.00"');
  });

  it('refuses a short id that stands for several, or for none', async () => {
    await propose();
    await propose();
    const several = await withoutTerminal([...CLI, 'changes', 'show', (await propose()).slice(0, 6)], {
      env: env('boris'),
    });
    expect(several).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /is the beginning of several change-sets: give more of it\n  [0-9a-f-]{36}  pending  Set a limit\n/,
      ) as string,
    });
    const none = await withoutTerminal([...CLI, 'changes', 'show', 'ffffff'], { env: env('boris') });
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('no change-set that you may see') as string });
  });

  it('lists by state, person, entity, level and time', async () => {
    const [small, large] = [await propose('900.00'), await propose('30000.00')];
    await approveAs('boris')(large);
    const ids = async (...filter: string[]): Promise<string[]> => {
      const { changes } = (await run('eva', 'changes', 'list', ...filter)) as { changes: { id: string }[] };
      return changes.map(({ id }) => id);
    };
    expect(await ids('--level', 'L1')).toContain(small);
    expect(await ids('--level', 'L1')).not.toContain(large);
    expect(await ids('--entity', (await client('eva').changeSet(large)).entityId)).toEqual([large]);
    expect(await ids('--person', 'boris')).toContain(large);
    expect(await ids('--person', 'boris')).not.toContain(small);
    // Who answers for the agent that proposed it.
    expect(await ids('--person', 'ana')).toEqual(expect.arrayContaining([small, large]));
    expect(await ids('--state', 'pending', '--from', '1h')).toEqual(expect.arrayContaining([small, large]));
    expect(await ids('--state', 'rejected', '--person', 'dan')).toEqual([]);
    expect(await ids('--to', '1h')).toEqual([]);
    expect(await ids('--limit', '1')).toHaveLength(1);
    const wrong = await withoutTerminal([...CLI, 'changes', 'list', '--from', 'yesterday'], { env: env('eva') });
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('7d, 24h (ago), 2026-12-01') as string });
  });

  it('revises: votes given so far are void', async () => {
    const id = await propose();
    await approveAs('boris')(id);
    const file = join(folder, 'revision.json');
    const operations = [{ type: 'state.put', payload: { limit: '500.00' } }];
    writeFileSync(file, JSON.stringify({ title: 'Less', rationale: 'As discussed', operations }));
    const revised = (await run('budget-bot', 'changes', 'revise', id, file)) as { change: unknown };
    expect(revised.change).toMatchObject({ id, revision: 2, votes: [], risk: { level: 'L1' } });
  });

  it('revises with the file that was proposed, and refuses one about another entity', async () => {
    const entityId = 'account:revised-from-file';
    const file = join(folder, 'proposal.json');
    const write = (entity: string, limit: string): void => {
      const operations = [{ type: 'state.put', payload: { limit } }];
      writeFileSync(file, JSON.stringify({ entityId: entity, title: 'A limit', rationale: 'Asked', operations }));
    };
    write(entityId, '20000.00');
    const { change } = (await run('budget-bot', 'changes', 'propose', file)) as { change: { id: string } };
    write(entityId, '500.00');
    const revised = (await run('budget-bot', 'changes', 'revise', change.id, file)) as { change: unknown };
    expect(revised.change).toMatchObject({ id: change.id, entityId, revision: 2, risk: { level: 'L1' } });
    write('account:another', '500.00');
    const refused = await withoutTerminal([...CLI, 'changes', 'revise', change.id, file], { env: env('budget-bot') });
    const why = `the file is about "account:another", ${change.id} about "${entityId}": propose it instead`;
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining(why) as string });
    expect((await client('eva').changeSet(change.id)).revision).toBe(2);
  });

  it('reveals a confidential field, and says that it is recorded', async () => {
    const payload = { method: 'password', ip: '203.0.113.9' } as const;
    const entityId = 'user:revealed';
    await client('agent-layer').publish({ topic: 'user.login', entityId, payload });
    const revealed = await run('eva', 'entities', 'reveal', entityId, '0');
    expect(revealed).toMatchObject({ journaledAt: 1, fields: [{ kind: 'value', value: '203.0.113.9' }] });
    const refused = await withoutTerminal([...CLI, 'entities', 'reveal', entityId, '0'], { env: env('boris') });
    expect(refused).toMatchObject({ code: 1, out: '' });
  });

  it('pauses and resumes a subscription', async () => {
    await client('budget-engine').createSubscription({ id: 'turned', topics: ['transactions.*'] });
    expect(await run('budget-engine', 'subscriptions', 'pause', 'turned')).toMatchObject({
      subscription: { status: 'paused' },
    });
    expect(await run('budget-engine', 'subscriptions', 'resume', 'turned')).toMatchObject({
      subscription: { status: 'active' },
    });
    expect(await run('budget-engine', 'subscriptions', 'list')).toMatchObject({ subscriptions: [{ id: 'turned' }] });
  });

  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await withoutTerminal([...CLI, '--version'], { env: {} })).toEqual({
      code: 0,
      out: `${version}\n`,
      err: '',
    });
  });
});
