/** Decisions signed on the command line: a key is made, enrolled, and signs; without it nobody decides. A real engine, real processes. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient, type Client } from '../../../clients/sdk/index.ts';
import { config as plain } from '../../support/plain-config.ts';
import { killDevEngines, startDevEngine, type DevEngine } from '../../e2e/dev-engine.ts';
import { withoutTerminal } from '../../support/terminal.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CLI = [process.execPath, join(ROOT, 'clients/cli/nervous.mjs')];
const people = plain.roster.people.map(({ personId }) => personId);

let folder: string;
let engine: DevEngine;
const keyOf = (personId: string): string => join(folder, `${personId}.json`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-signing-'));
  const credentials: unknown[] = [];
  for (const personId of people) {
    const made = await nervous('policy', 'create-key', personId, '--out', keyOf(personId), '--json');
    credentials.push(JSON.parse(made.out));
  }
  const file = join(folder, 'signing.config.ts');
  writeFileSync(
    file,
    `import { config as plain } from '${join(ROOT, 'test/support/plain-config.ts')}';
    import { defineConfig } from '${join(ROOT, 'core/system/index.ts')}';
    const rules = plain.risk.rules.map((rule) => ({ ...rule, assertion: 'signed' }));
    export const config = defineConfig({ ...plain, risk: { ...plain.risk, rules }, credentials: ${JSON.stringify(credentials)} });`,
  );
  engine = await startDevEngine(join(folder, 'data'), '0', '--config', file);
}, 240_000);
afterAll(() => {
  killDevEngines();
  rmSync(folder, { recursive: true });
});

function nervous(...args: string[]): ReturnType<typeof withoutTerminal> {
  return withoutTerminal([...CLI, ...args], { env: {} });
}

function nervousAs(principal: string, ...args: string[]): ReturnType<typeof withoutTerminal> {
  const env = { NERVOUS_URL: engine.url, NERVOUS_TOKEN: engine.tokens[principal] ?? '' };
  return withoutTerminal([...CLI, ...args], { env });
}

function client(principal: string): Client {
  return createClient({ url: engine.url, token: engine.tokens[principal] ?? '' });
}

let proposals = 0;

async function propose(): Promise<string> {
  proposals += 1;
  const { change } = await client('budget-bot').propose({
    ...{ entityId: `account:signing-${proposals}`, title: 'Set a limit', rationale: 'Asked' },
    operations: [{ type: 'state.put', payload: { limit: '20000.00' } }],
  });
  return change.id;
}

it('makes a key that only its owner reads, and never writes over one', async () => {
  const file = join(folder, 'again.json');
  const { out } = await nervous('policy', 'create-key', 'boris', '--out', file);
  expect(out).toContain('"kind":"key"');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const before = readFileSync(file, 'utf8');
  const again = await nervous('policy', 'create-key', 'boris', '--out', file);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining('never written over')]);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

it('approves with the enrolled key, and the ledger verifies', async () => {
  const id = await propose();
  const approved = await nervousAs('boris', 'changes', 'approve', id, '--sign-with', keyOf('boris'), '--yes');
  expect([approved.code, approved.out]).toEqual([0, expect.stringContaining('approve recorded')]);
  const { votes } = await client('boris').changeSet(id);
  expect(votes.map(({ personId }) => personId)).toEqual(['boris']);
  const verified = await nervous('verify', '--data', join(folder, 'data'), '--json');
  expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('"verdict":"OK"')]);
});

it.each([
  ['no key', (): string[] => [], 'ASSERTION_REQUIRED'],
  ['another person’s key', (): string[] => ['--sign-with', keyOf('eva')], 'ASSERTION_INVALID'],
  ['a key that is not enrolled', (): string[] => ['--sign-with', join(folder, 'again.json')], 'ASSERTION_INVALID'],
])('refuses %s', async (_, options, code) => {
  const id = await propose();
  const refused = await nervousAs('boris', 'changes', 'approve', id, ...options(), '--yes', '--json');
  expect([refused.code, `${refused.out}${refused.err}`]).toEqual([1, expect.stringContaining(code)]);
  expect((await client('boris').changeSet(id)).votes).toEqual([]);
});

it('says beforehand that a key is needed', async () => {
  const { code, err } = await nervousAs('boris', 'changes', 'reject', await propose(), '--reason', 'no', '--json');
  expect([code, err]).toEqual([expect.any(Number), expect.stringMatching(/--yes|--sign-with/)]);
});

it.each([
  ['is not there', 'nowhere.json', undefined],
  ['is no JSON', 'text.json', 'hello'],
  ['holds something else', 'other.json', '{"personId":"boris"}'],
  [
    'holds a key of another kind',
    'pem.json',
    '{"personId":"boris","keyId":"a","privateKey":"-----BEGIN PRIVATE KEY-----"}',
  ],
])('names a key file that %s', async (_, name, text) => {
  const file = join(folder, name);
  if (text !== undefined) writeFileSync(file, text);
  const { code, err } = await nervousAs('boris', 'changes', 'approve', await propose(), '--sign-with', file, '--yes');
  expect([code, err]).toEqual([2, expect.stringMatching(/cannot read the key|is no key of a person/)]);
});

it('signs an override', async () => {
  const id = await propose();
  const why = ['--ticket', 'INC-7', '--reason', 'payments fail', '--yes'];
  const bare = await nervousAs('eva', 'changes', 'override', id, ...why);
  expect([bare.code, bare.err]).toEqual([1, expect.stringContaining('must sign')]);
  const signed = await nervousAs('eva', 'changes', 'override', id, ...why, '--sign-with', keyOf('eva'));
  expect([signed.code, signed.err]).toEqual([0, expect.any(String)]);
});
