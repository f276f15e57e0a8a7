/**
 * What `--json` writes is an interface: each command's fields are those that docs/cli.md names, and their types those of the
 * snapshot beside this file. A field may be added (and both told); none may go or change its type unnoticed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import { runProgram } from '../../../clients/cli/program.ts';
import { ROWS } from '../../../clients/cli/table/index.ts';
import { defineConfig } from '../../../core/system/index.ts';
import { startReceiver } from '../../e2e/webhooks/receiver.ts';
import { config } from '../../support/plain-config.ts';
import { eventually } from '../../support/eventually.ts';

const CONFIG = 'test/support/plain-config.ts';
/** They run until they are stopped, write no JSON, or stop the engine that the others need: other tests read what they write. */
const READ_BY_OTHERS = [
  'dev',
  'witness',
  'canonicalize',
  'completion',
  'login',
  'keys rotate',
  'keys revoke',
  'changes abort',
  'changes resolve',
  'catalog reference',
  'policy propose',
  'webhooks listen',
];

/** Their fields are those of their formats. */
const DOCUMENTS = ['catalog schema', 'catalog asyncapi', 'catalog snapshot'];

const root = mkdtempSync(join(tmpdir(), 'nervous-json-'));
const data = join(root, 'data');
const file = (name: string): string => join(root, name);
const written = new Map<string, string[]>();
let engine: Engine;

type Shape = string | { readonly [key: string]: Shape };
const DEPTH = 3;

function shapeOf(value: unknown, depth = DEPTH): Shape {
  if (Array.isArray(value)) return mergedShape(value, depth);
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  if (depth === 0) return 'object';
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, shapeOf(one, depth - 1)]),
  );
}

/** Of a list: the fields of all members; those that only some have end in "?". */
function mergedShape(list: readonly unknown[], depth: number): Shape {
  if (list.length === 0) return 'empty list';
  const shapes = list.map((one) => shapeOf(one, depth));
  const objects = shapes.filter((one) => typeof one === 'object');
  if (objects.length < shapes.length) return `list of ${[...new Set(shapes.map(String))].join(' | ')}`;
  const keys = [...new Set(objects.flatMap((one) => Object.keys(one)))].sort();
  const fields = keys.map((key): [string, Shape] => {
    const name = objects.every((one) => key in one) ? key : `${key}?`;
    return [name, objects.find((one) => key in one)?.[key] ?? ''];
  });
  return { 'list of': Object.fromEntries(fields) };
}

/** Runs it in this process. @returns its lines of JSON */
async function run(path: string, ...args: string[]): Promise<unknown[]> {
  const out: string[] = [];
  const err: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text, done?: unknown) => {
    out.push(typeof text === 'string' ? text : Buffer.from(text).toString('utf8'));
    if (typeof done === 'function') (done as () => void)();
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  const code = await runProgram([...path.split(' '), ...args, '--json']);
  vi.restoreAllMocks();
  process.exitCode = undefined;
  expect({ code, err: err.join('') }, path).toEqual({ code: undefined, err: '' });
  const lines = out.join('').split('\n').slice(0, -1);
  expect(lines, path).not.toEqual([]);
  written.set(path, lines);
  return lines.map((line) => JSON.parse(line) as unknown);
}

function as(who: string): string[] {
  return ['--as', who, '--data', data];
}

function jsonFile(name: string, value: unknown): string {
  writeFileSync(file(name), JSON.stringify(value));
  return file(name);
}

let proposals = 0;

async function proposed(): Promise<string> {
  proposals += 1;
  const operations = [{ type: 'state.put', payload: { limit: '20000.00' } }];
  const evidence = [{ url: 'https://example.com/statement', hash: 'a'.repeat(64) }];
  const proposal = {
    entityId: `account:json-${proposals}`,
    title: 'A limit',
    rationale: 'Asked',
    operations,
    evidence,
  };
  const [made] = await run('changes propose', jsonFile('proposal.json', proposal), ...as('budget-bot'));
  return (made as { change: { id: string } }).change.id;
}

async function ended(id: string): Promise<void> {
  await run('changes watch', id, ...as('eva')).catch(() => undefined);
  process.exitCode = undefined;
}

beforeAll(async () => {
  vi.stubEnv('XDG_CONFIG_HOME', file('config'));
  const allowing = defineConfig({ ...config, webhooks: { allow: ['http', 'loopback'] } });
  engine = await startEngine({ config: allowing, dataDir: data, auditMinutes: 0 });
  await events();
  await webhooks();
  await changes();
  await governance();
  await engine.log.loop.flush();
  await ledger();
});
afterAll(async () => {
  await engine.close();
  rmSync(root, { recursive: true });
});

async function events(): Promise<void> {
  const CREDIT = '{"amount":"5.00","kind":"credit"}';
  await run('subscriptions create', 'transactions.*', '--id', 'json', ...as('budget-engine'));
  await run('events publish', 'transactions.new', '--entity', 'account:1', '--payload', CREDIT, ...as('bank-feed'));
  writeFileSync(file('events.ndjson'), `{"topic":"transactions.new","entityId":"account:1","payload":${CREDIT}}\n`);
  await run('events replay', file('events.ndjson'), ...as('bank-feed'));
  writeFileSync(file('audit.csv'), 'account,at\n1,2019-03-01\n2\n');
  await run('import', 'csv', file('audit.csv'), '--entity', 'account:{account}', '--dry-run', ...as('bank-feed'));
  await run('events tail', '--no-follow', ...as('eva'));
  const pair = [jsonFile('rule.json', { source: ['a'] }), jsonFile('event.json', { source: 'a' })] as const;
  await run('events match', '--rule', pair[0], '--event', pair[1]);
  await run('events map', ...as('eva'));
  const login = ['user.login', '--entity', 'user:1', '--payload', '{"method":"password","ip":"203.0.113.9"}'];
  await run('events publish', ...login, ...as('agent-layer'));
  await run('entities reveal', 'user:1', '0', ...as('eva'));
  await run('subscriptions list', ...as('budget-engine'));
  await run('subscriptions show', 'json', ...as('budget-engine'));
  await run('subscriptions change', 'json', '--settings', '{"delayMs":null}', ...as('budget-engine'));
  for (const verb of ['pause', 'resume', 'reset', 'dead-letters', 'redrive'])
    await run(`subscriptions ${verb}`, 'json', ...as('budget-engine'));
  await run('subscriptions delete', 'json', '--yes', ...as('budget-engine'));
  await run('guards list', ...as('eva'));
  await run('guards reset', 'transactions.new', ...as('eva'));
  await run('work claim', 'json', '--description', 'Do it', ...as('budget-bot'));
  await run('work renew', 'json', '--fence', '0', '--ttl', '30s', ...as('budget-bot'));
  await run('work list', '--state', 'claimed', ...as('budget-bot'));
  await run('work show', 'json', ...as('budget-bot'));
  await run('work steal', 'json', '--reason', 'it hangs', ...as('eva'));
  await run('work release', 'json', '--fence', '2', '--reason', 'not mine', ...as('eva'));
  await run('work claim', 'json', '--session', 's1', ...as('budget-bot'));
  await run('work complete', 'json', '--fence', '4', '--result', 'done', ...as('budget-bot'));
  for (const verb of ['list', 'snapshot', 'asyncapi']) await run(`catalog ${verb}`, '--config', CONFIG);
  writeFileSync(file('catalog.json'), (written.get('catalog snapshot') ?? []).join('\n'));
  await run('catalog diff', file('catalog.json'), '--config', CONFIG);
  await run('catalog check', '--against', file('catalog.json'), '--config', CONFIG);
  await run('catalog schema', 'transactions.new', '--config', CONFIG);
}

async function noticesOf(who: string): Promise<unknown> {
  const [page] = await run('notices list', '--all', ...as(who));
  return (page as { notices: unknown }).notices;
}

async function webhooks(): Promise<void> {
  const receiver = await startReceiver();
  const owner = as('budget-engine');
  const settings = ['--settings', JSON.stringify({ startAt: 'earliest' })];
  await run('webhooks create', receiver.url, 'transactions.new', '--id', 'hook', ...settings, ...owner);
  await run('webhooks keys', ...owner);
  await run('webhooks rotate', 'hook', '--overlap', '2h', ...owner);
  await run('webhooks verify', 'hook', ...owner);
  await run('webhooks test', 'hook', ...owner);
  const [first] = await receiver.until(1);
  await run('webhooks attempts', 'hook', ...owner);
  const { ledger: place } = JSON.parse(first?.body ?? '{}') as { ledger: { position: number } };
  await run('webhooks resend', 'hook', String(place.position), ...owner);
  await run('webhooks recover', 'hook', '24h', ...owner);
  await run('webhooks disable', 'hook', ...owner);
  await run('webhooks enable', 'hook', ...owner);
  await run('webhooks show', 'hook', ...owner);
  await run('webhooks list', ...owner);
  await run('webhooks delete', 'hook', '--yes', ...owner);
  await receiver.close();
}

async function changes(): Promise<void> {
  const [first, second, third, fourth] = [await proposed(), await proposed(), await proposed(), await proposed()];
  const why = ['--reason', 'said why'];
  await run('changes show', first, ...as('boris'));
  await run('changes diff', first, ...as('boris'));
  await run('changes inbox', ...as('boris'));
  await eventually(async () => expect(await noticesOf('boris')).not.toEqual([]));
  await run('notices read', ...as('boris'));
  await run('changes approve', first, '--yes', ...as('boris'));
  await run('changes revoke', first, '--yes', ...as('boris'));
  await run('changes request-changes', first, ...why, '--yes', ...as('boris'));
  const operations = [{ type: 'state.put', payload: { limit: '500.00' } }];
  const revision = jsonFile('revision.json', { title: 'Less', rationale: 'As discussed', operations });
  await run('changes revise', first, revision, ...as('budget-bot'));
  await run('changes approve', first, '--yes', ...as('boris'));
  await ended(first);
  await run('changes revert', first, '--rationale', 'Wrong', ...as('ana'));
  await run('changes reject', second, ...why, '--yes', ...as('boris'));
  await run('changes withdraw', third, '--yes', ...as('budget-bot'));
  await run('changes override', fourth, '--ticket', 'INC-7', ...why, '--yes', ...as('eva'));
  await ended(fourth);
  await run('changes review', fourth, '--verdict', 'justified', ...why, '--yes', ...as('boris'));
  await run('changes list', ...as('eva'));
}

async function governance(): Promise<void> {
  const [made] = await run('delegations create', 'clara', '--until', '7d', '--reason', 'on leave', ...as('boris'));
  await run('delegations list', ...as('boris'));
  await run('delegations end', (made as { id: string }).id, ...as('boris'));
  // A reading of the journal is journaled whatever the policy says.
  await fetch(`${engine.url}/v1/access`, { headers: { authorization: `Bearer ${engine.tokens['eva']}` } });
  await run('access', ...as('eva'));
  await run('policy show', ...as('eva'));
  await run('policy diff', '--config', CONFIG, ...as('eva'));
  await run('policy lint', '--runs', '1', '--config', CONFIG);
  await run('policy create-key', 'eva', '--out', file('eva.key.json'));
  await run('executor test', 'examples/executor/subject.ts');
  await run('token', 'eva', '--data', data);
  await run('console', '--as', 'eva', '--data', data);
  writeFileSync(file('token'), 'not-a-token-of-anybody');
  await run('profiles add', 'json', '--url', 'http://127.0.0.1:1', '--token-file', file('token'));
  await run('profiles list');
  await run('profiles use', 'json');
  await run('profiles remove', 'json');
  await run('doctor', '--config', CONFIG, ...as('eva'));
}

async function ledger(): Promise<void> {
  const [chain, vkey] = ['account:1', join(data, 'root.vkey')];
  await run('entities show', 'account:json-1', ...as('eva'));
  await run('entities history', chain, '--data', data);
  await run('entities proof', chain, '0', '--data', data);
  const [{ proof }] = (await run('entities proof', chain, '0', '--data', data)) as [{ proof: string }];
  writeFileSync(file('entry.proof'), proof);
  await run('verify full', '--data', data);
  await run('verify entity', chain, '--data', data);
  await run('verify range', '0', '2', '--data', data);
  await run('verify state', '--data', data);
  await run('verify remember', file('checkpoint'), '--data', data);
  await run('verify since', file('checkpoint'), '--data', data);
  await run('verify proof', file('entry.proof'), '--vkey', vkey);
  await run('verify log', join(data, 'log'), '--vkey', vkey);
  await run('report approvals', '--data', data);
  await run('keys list', '--data', data);
  await run('keys audit', '--data', data);
  await run('backup', file('backup'), '--data', data);
  await run('export', '--data', data, '--out', file('export'));
  await run('verify export', file('export'), '--vkey', vkey);
  await run('lake export', '--export', file('export'), '--out', file('lake'));
  await run('lake verify', file('lake'), '--vkey', vkey);
  await run('lake ask', 'votes', '--lake', file('lake'));
  await run('restore', '--from', file('export'), '--data', file('restored'), '--vkey', vkey);
}

const PAGE = readFileSync('docs/cli.md', 'utf8');
const TOLD = new Map(
  [...PAGE.slice(PAGE.indexOf('\n## What `--json` writes\n')).matchAll(/^\| `([a-z -]+)` \| `\{([^}`]*)\}` \|/gm)].map(
    ([, path = '', fields = '']) => [path, fields.split(', ')] as const,
  ),
);

describe('what --json writes', () => {
  it('is run for every command that writes some', () => {
    const missing = ROWS.map(({ path }) => path).filter((path) => !written.has(path) && !READ_BY_OTHERS.includes(path));
    expect(missing).toEqual([]);
  });

  it('has the fields that docs/cli.md names', () => {
    expect([...TOLD.keys()].sort()).toEqual([...written.keys()].sort());
    for (const [path, lines] of written) {
      const fields = lines.map((line) => Object.keys(JSON.parse(line) as object));
      const told = TOLD.get(path) ?? [];
      const names = told.map((name) => name.replace(/[?…]$/, ''));
      if (names.includes('')) continue; // a document: its fields are its format's
      for (const one of fields) {
        expect(
          one.filter((name) => !names.includes(name)),
          `${path} has what is not told`,
        ).toEqual([]);
        const certain = told.filter((name) => !name.endsWith('?'));
        expect(
          certain.filter((name) => !one.includes(name)),
          `${path} lacks what is told`,
        ).toEqual([]);
      }
    }
  });

  it('has the types that it had', async () => {
    const shapes = Object.fromEntries(
      [...written]
        .filter(([path]) => !DOCUMENTS.includes(path))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([path, lines]) => [
          path,
          shapeOf(
            lines.map((line) => JSON.parse(line) as unknown),
            DEPTH,
          ),
        ]),
    );
    await expect(`${JSON.stringify(shapes, null, 1)}\n`).toMatchFileSnapshot('./json-output.snapshot');
  });
});
