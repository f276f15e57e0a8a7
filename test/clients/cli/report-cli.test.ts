/** U9: who decided what, an entity's history and proofs, from a service, a data folder and an export: the same, and from entries alone. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportDataDir, exportToLake, startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import { approvalsPage } from '../../../clients/cli/output/approvals-page.ts';
import { csvText } from '../../../clients/cli/output/csv-output.ts';
import { createClient, type Client } from '../../../clients/sdk/index.ts';
import { leafHash } from '../../../core/canonical/index.ts';
import type { DecisionRow } from '../../../core/changes/index.ts';
import { must } from '../../../core/errors/index.ts';
import { config } from '../../support/plain-config.ts';
import { withoutTerminal } from '../../support/terminal.ts';
import { eventually } from '../../support/eventually.ts';

const CLI = join(import.meta.dirname, '../../../clients/cli/nervous.mjs');
const root = mkdtempSync(join(tmpdir(), 'nervous-report-'));
const data = join(root, 'data');
const exported = join(root, 'export');
const lake = join(root, 'lake');

let engine: Engine;
const ids: Record<string, string> = {};

function as(principal: string): Client {
  return createClient({ url: engine.url, token: engine.tokens[principal] ?? '' });
}

async function propose(name: string, limit: string, title = name): Promise<void> {
  const { change } = await as('budget-bot').propose({
    ...{ entityId: `account:${name}`, title, rationale: 'Asked' },
    operations: [{ type: 'state.put', payload: { limit } }],
  });
  ids[name] = change.id;
}

async function decide(
  who: string,
  name: string,
  decision: 'approve' | 'reject',
  options: { readonly reason?: string; readonly onBehalfOf?: string } = {},
): Promise<void> {
  const client = as(who);
  await client.decide(await client.changeSet(ids[name] ?? ''), decision, options);
}

async function ended(name: string, state: string): Promise<void> {
  await eventually(async () => expect((await as('eva').changeSet(ids[name] ?? '')).state).toBe(state));
}

beforeAll(async () => {
  engine = await startEngine({ config, dataDir: data, auditMinutes: 0 });
  await propose('executed', '20000.00');
  await decide('boris', 'executed', 'approve', { reason: 'fine' });
  await decide('clara', 'executed', 'approve');
  await ended('executed', 'executed');
  await propose('rejected', '900.00', '=HYPERLINK("evil"), really');
  await decide('boris', 'rejected', 'reject', { reason: 'no' });
  await propose('lent', '20000.00');
  const until = new Date(Date.now() + 86_400_000).toISOString();
  await as('boris').delegate({ to: 'clara', roles: ['owner'], until, reason: 'on leave' });
  await decide('clara', 'lent', 'approve', { onBehalfOf: 'boris' });
  await as('clara').revoke(ids['lent'] ?? '');
  await propose('glass', '20000.00');
  await as('eva').override(await as('eva').changeSet(ids['glass'] ?? ''), { ticket: 'INC-7', reason: 'payments fail' });
  await ended('glass', 'executed');
  await as('boris').review(ids['glass'] ?? '', { verdict: 'justified', reason: 'yes' });
  await engine.log.loop.flush();
  await exportDataDir({ dataDir: data, out: exported });
  await exportToLake({ source: { dataDir: data }, out: lake, region: 'local', accountId: 'main' });
});
afterAll(async () => {
  await engine.close();
  rmSync(root, { recursive: true });
});

async function nervous(...args: string[]): ReturnType<typeof withoutTerminal> {
  const env = { NERVOUS_TOKEN: engine.tokens['eva'] ?? '' };
  return withoutTerminal([process.execPath, CLI, ...args], { env });
}

const SOURCES = [
  ['a service', () => ['--url', engine.url]],
  ['a data folder', () => ['--data', data]],
  ['an export', () => ['--export', exported]],
] as const;

async function report(...args: string[]): Promise<readonly DecisionRow[]> {
  const { code, out, err } = await nervous('report', 'approvals', '--json', ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as { rows: DecisionRow[] }).rows;
}

const told = (rows: readonly DecisionRow[]): Partial<DecisionRow>[] =>
  rows.map(
    ({ at: _at, change: _change, entity: _entity, seq: _seq, position: _, hash: _hash, revision: _rev, ...rest }) =>
      rest,
  );

const BOT = { proposer: 'agent:budget-bot', sponsor: 'person:ana' };
const EVERY_DECISION: readonly (Partial<DecisionRow> & Pick<DecisionRow, 'person'>)[] = [
  {
    title: 'executed',
    decision: 'approve',
    person: 'boris',
    account: 'boris',
    level: 'L2',
    outcome: 'executed',
    reason: 'fine',
    ...BOT,
  },
  {
    title: 'executed',
    decision: 'approve',
    person: 'clara',
    account: 'clara',
    level: 'L2',
    outcome: 'executed',
    ...BOT,
  },
  {
    title: '=HYPERLINK("evil"), really',
    decision: 'reject',
    person: 'boris',
    account: 'boris',
    level: 'L1',
    outcome: 'rejected',
    reason: 'no',
    ...BOT,
  },
  {
    title: 'lent',
    decision: 'approve',
    person: 'boris',
    castBy: 'clara',
    account: 'clara',
    level: 'L2',
    outcome: 'pending',
    ...BOT,
  },
  { title: 'lent', decision: 'revoke', person: 'clara', account: 'clara', level: 'L2', outcome: 'pending', ...BOT },
  {
    title: 'glass',
    decision: 'override',
    person: 'eva',
    account: 'eva',
    level: 'L2',
    outcome: 'executed',
    reason: 'payments fail',
    ticket: 'INC-7',
    ...BOT,
  },
  {
    title: 'glass',
    decision: 'review: justified',
    person: 'boris',
    account: 'boris',
    level: 'L2',
    outcome: 'executed',
    reason: 'yes',
    ...BOT,
  },
];

describe.each(SOURCES)('U9: from %s', (_, from) => {
  it('every decision is reported, with what came of it', async () => {
    expect(told(await report(...from()))).toEqual(EVERY_DECISION);
  });

  it('decisions are found by person and time', async () => {
    expect(told(await report('--by', 'clara', ...from()))).toEqual(
      EVERY_DECISION.filter(({ person, castBy }) => person === 'clara' || castBy === 'clara'),
    );
    expect(await report('--to', '1h', ...from())).toEqual([]);
    expect(await report('--from', '1h', '--to', '2999-01-01', ...from())).toHaveLength(EVERY_DECISION.length);
  });

  it('an entity has a history, which can be searched; one that does not exist is said not to', async () => {
    const whole = await nervous('entities', 'history', 'account:executed', '--json', ...from());
    const entries = whole.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { body: { seq: number; type: string } });
    const recorded = (await as('eva').entries('account:executed')).entries.map(({ body: { seq, type } }) => [
      seq,
      type,
    ]);
    expect(entries.map(({ body: { seq, type } }) => [seq, type])).toEqual(recorded);
    const votes = await nervous('entities', 'history', '--type', 'change.voted', '--text', '"fine"', ...from());
    expect(votes.out.split('\n')).toHaveLength(2);
    expect(votes.out).toMatch(/^account:executed#\d+ {2}\S+ {2}change\.voted {2}by boris .*approve/);
    const none = await nervous('entities', 'history', 'account:typo', ...from());
    expect(none).toMatchObject({ code: 1, out: '' });
  });

  it('an entry can be proven with the public key alone', async () => {
    const file = join(root, `${from()[0]?.slice(2) ?? ''}.proof`);
    const made = await nervous('entities', 'proof', 'account:executed', '2', '--out', file, ...from());
    expect(made).toMatchObject({ code: 0 });
    const checked = await nervous('verify', 'proof', file, '--vkey', join(data, 'root.vkey'));
    expect(checked).toMatchObject({ code: 0, out: expect.stringContaining('"account:executed" #2') as string });
    const printed = await nervous('entities', 'proof', 'account:executed', '2', ...from());
    expect(printed.out).toBe(readFileSync(file, 'utf8'));
    expect(await nervous('entities', 'proof', 'account:executed', '999', ...from())).toMatchObject({
      code: 1,
      out: '',
    });
  });
});

describe('U9: the report', () => {
  it('has the same rows whatever it is made from, each with the entry that says so', async () => {
    const [first, ...others] = await Promise.all(
      [...SOURCES.map(([, from]) => from()), ['--lake', lake]].map((from) => report(...from)),
    );
    expect(others).toEqual(others.map(() => first));
    for (const { entity, seq, hash, position } of first ?? []) {
      const { entries } = await as('eva').entries(entity, { from: seq, limit: 1 });
      expect(entries[0]).toMatchObject({ seq, hash, position });
    }
  });

  it('is narrowed by level and entity', async () => {
    const [executed, all] = [
      await report('--entity', 'account:executed', '--lake', lake),
      await report('--data', data),
    ];
    expect(executed.map(({ person }) => person)).toEqual(['boris', 'clara']);
    for (const level of ['L1', 'L2'])
      expect(await report('--level', level, '--lake', lake)).toEqual(all.filter((row) => row.level === level));
  });

  it('believes no row that was forged in the store, and says from where on', async () => {
    const forged = join(root, 'forged');
    const copy = new DatabaseSync(join(data, 'ledger.db'), { readOnly: true });
    mkdirSync(forged);
    copy.exec(`VACUUM INTO '${join(forged, 'ledger.db')}'`);
    copy.close();
    const { entity, seq } = must((await report('--data', forged))[0], 'a row');
    const db = new DatabaseSync(join(forged, 'ledger.db'));
    const stored = db.prepare('SELECT note FROM entries WHERE chain = ? AND seq = ?').get(entity, seq);
    const note = Buffer.from(stored?.['note'] as Uint8Array).toString('utf8');
    expect(note).toContain('"personId":"boris"');
    const other = Buffer.from(note.replace('"personId":"boris"', '"personId":"clara"'));
    const change = db.prepare('UPDATE entries SET note = ?, hash = ? WHERE chain = ? AND seq = ?');
    expect(change.run(other, leafHash(other), entity, seq).changes).toBe(1);
    db.close();
    const { code, out, err } = await nervous('report', 'approvals', '--json', '--data', forged);
    expect(code).toBe(1);
    const told = JSON.parse(out) as { rows: DecisionRow[]; broken: object[]; notChecked: string[] };
    expect(told.rows).toEqual((await report('--data', data)).filter((row) => row.entity !== entity));
    expect(told.broken).toEqual([{ entity, seq }]);
    expect(told.notChecked.join()).toContain('who signed');
    expect(err).toContain(`breaks at entry #${seq}`);
  });

  it('is a page to print that runs nothing, whatever was written', async () => {
    const { code, out } = await nervous('report', 'approvals', '--html', '--lake', lake);
    expect(code).toBe(0);
    expect(out.match(/<tr>/g)).toHaveLength(EVERY_DECISION.length + 1);
    const [row] = await report('--data', data);
    const title = '</td><script>alert(1)</script><img src=x onerror="alert(1)">\u202e&amp;';
    const hostile = { ...must(row, 'a row'), title, reason: `'"><b>` };
    const columns = ['title', 'reason', 'hash'];
    const page = approvalsPage(columns, {
      source: '<i>',
      filter: { by: '<u>' },
      report: {
        rows: [hostile],
        changes: 1,
        entries: 1,
        unreadable: 1,
        broken: [{ entity: '<s>', seq: 0 }],
        notChecked: [],
      },
    });
    expect(page).not.toMatch(/<(script|img|b|i|u|s)[ >]|\u202e|<a |href|src="/);
    expect(page).toContain('&lt;/td&gt;&lt;script&gt;');
    expect(page).toContain(hostile.hash);
  });

  it('rests on entries: nothing else is read', async () => {
    const emptied = join(root, 'emptied');
    const copy = new DatabaseSync(join(data, 'ledger.db'), { readOnly: true });
    copy.exec(`VACUUM INTO '${join(root, 'emptied.db')}'`);
    copy.close();
    mkdirSync(emptied);
    renameSync(join(root, 'emptied.db'), join(emptied, 'ledger.db'));
    const db = new DatabaseSync(join(emptied, 'ledger.db'));
    db.exec('DELETE FROM items; DELETE FROM idempotency');
    db.close();
    expect(told(await report('--data', emptied))).toEqual(EVERY_DECISION);
  });

  it('is a table that no spreadsheet takes for formulas', async () => {
    const { code, out, err } = await nervous('report', 'approvals', '--csv', '--export', exported);
    expect(code).toBe(0);
    const lines = out.split('\r\n');
    expect(lines[0]).toBe(
      'at,decision,person,cast_by,account,change,entity,title,proposer,sponsor,level,revision,outcome,reason,ticket,seq,log_index,hash',
    );
    expect(lines).toHaveLength(EVERY_DECISION.length + 2);
    expect(lines[3]).toContain(`,"'=HYPERLINK(""evil""), really",`);
    expect(err).toContain('entries of export');
    expect(
      csvText(
        ['a', 'b'],
        [
          { a: 'x\ny', b: -1 },
          { a: '-1', b: 'plain' },
        ],
      ),
    ).toBe('a,b\r\n"x\ny",-1\r\n\'-1,plain\r\n');
  });

  it('is asked of one source', async () => {
    const both = await nervous('report', 'approvals', '--export', exported, '--data', data);
    expect(both).toMatchObject({ code: 2, out: '' });
    expect(await nervous('report', 'approvals', '--export', join(root, 'nowhere'))).toMatchObject({ code: 1, out: '' });
  });
});
