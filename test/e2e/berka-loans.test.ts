/**
 * Loans of the Berka data set as change-sets on the embedded engine: an agent proposes, people approve as the rules ask,
 * the large ones sit out their hour. What must be on the accounts in the end is computed here from the file alone.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { startEngine, verifyDataDir, type Engine } from '../../adapters/embedded/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { defineConfig, type NervousConfig } from '../../core/system/index.ts';
import { config } from '../../nervous.config.ts';
import { plainRisk } from '../support/plain-rules.ts';

const LOANS = join(import.meta.dirname, '../samples/berka/loan.csv');

const LOCK_MS = 3_600_000;
/** Loans on their way at once. */
const LANES = 16;
/** ana is left out: she answers for the agent. */
const APPROVERS: Readonly<Record<string, string>> = { owner: 'boris', peer: 'clara', risk: 'dan' };

/** Up to 100,000 one owner is enough (L1), up to 250,000 a peer looks too (L2); more takes risk and an hour (L3). */
function byAmount(): NervousConfig {
  const moved: Readonly<Record<string, readonly (string | number)[]>> = {
    small: ['<=', 100_000],
    'bounded money': ['>', 100_000, '<=', 250_000],
  };
  const rules = plainRisk.rules.map((rule) => {
    const numeric = moved[rule.name];
    return numeric === undefined
      ? rule
      : { ...rule, when: { entity: [{ prefix: 'account:' }], money: { moved: [{ numeric }] } } };
  });
  return defineConfig({ ...config, risk: { ...plainRisk, rules } });
}

interface Loan {
  readonly id: string;
  readonly entityId: string;
  /** whole units of currency */
  readonly amount: number;
  readonly document: { readonly loans: Readonly<Record<string, object>> };
}

/** Straight from the file, with none of the product's readers. */
function readLoans(): Loan[] {
  const [, ...lines] = readFileSync(LOANS, 'utf8').trim().split(/\r?\n/);
  return lines.map((line) => {
    const [id = '', account, date, amount = '', months, payment, status] = line.replaceAll('"', '').split(';');
    const loan = { amount, date, months: Number(months), payment, status };
    return { id, entityId: `account:${account}`, amount: Number(amount), document: { loans: { [id]: loan } } };
  });
}

const dir = mkdtempSync(join(tmpdir(), 'nervous-loans-'));
const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  vi.useRealTimers();
  rmSync(dir, { recursive: true, force: true });
});

it('grants every loan by the rules of its level', async () => {
  const loans = readLoans();
  const engine = await startEngine({ config: byAmount(), dataDir: dir, http: false });
  engines.push(engine);
  const { changes } = engine.system;

  const start = performance.now();
  const decided = await inLanes(loans, async (loan) => approved(engine, await proposed(engine, loan)));
  const [locked, free] = [decided.filter(isLocked), decided.filter((change) => !isLocked(change))];
  for (const { id } of free) await untilExecuted(engine, id);
  // Nothing moves before its time, whoever asks.
  for (const { id } of locked) expect(await changes.advance(id)).toMatchObject({ kind: 'wait' });
  expect(new Set(await inLanes(locked, async ({ id }) => (await shown(engine, id)).state))).toEqual(
    new Set(['approved']),
  );
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + LOCK_MS });
  await inLanes(locked, ({ id }) => changes.advance(id));
  const seconds = (performance.now() - start) / 1000;

  const granted = await inLanes(decided, ({ id }) => shown(engine, id));
  expect(granted.map(({ entityId, state, risk }) => [entityId, state, risk?.level])).toEqual(
    loans.map(({ entityId, amount }) => [entityId, 'executed', levelOf(amount)]),
  );
  for (const { votes, risk, proposer } of granted) {
    expect(votes.map(({ personId }) => personId)).toEqual(risk?.roles.map((role) => APPROVERS[role]));
    expect(proposer).toEqual({ kind: 'agent', id: 'budget-bot', logic: 'budget-bot@1.0.0' });
  }
  for (const { entityId, document } of loans)
    expect(await changes.document(who(engine, 'eva'), entityId)).toMatchObject({ version: 1, document });
  const levels = countBy(granted.map(({ risk }) => String(risk?.level)));
  expect(levels).toEqual({ L1: 34, L2: 19, L3: 7 });

  await engine.close();
  // What the ledger leads to is what is stored, of every entity; and the ledger itself is whole.
  for (const mode of ['state', 'full'] as const)
    expect(await verifyDataDir(dir, { scope: { mode } })).toMatchObject({ verdict: 'OK' });
  console.log(`${loans.length} loans ${JSON.stringify(levels)}: ${(loans.length / seconds).toFixed(1)} change-sets/s`);
});

const levelOf = (amount: number): string => (amount <= 100_000 ? 'L1' : amount <= 250_000 ? 'L2' : 'L3');
const isLocked = ({ risk }: ChangeView): boolean => risk?.timelockMinutes !== 0;

function who(engine: Engine, id: string): Principal {
  return engine.system.policy.principal(id) as Principal;
}

function shown(engine: Engine, id: string): Promise<ChangeView> {
  return engine.system.changes.get(who(engine, 'eva'), id);
}

async function proposed(engine: Engine, { id, entityId, document }: Loan): Promise<ChangeView> {
  const input = {
    ...{ entityId, title: `Grant loan ${id}`, rationale: 'The account has been in credit for a year.' },
    operations: [{ type: 'state.put', payload: document, baseVersion: 0 }],
  };
  return (await engine.system.changes.propose(who(engine, 'budget-bot'), input, `loan-${id}`)).change;
}

/** Asks whom the change-set says it still needs, until it needs nobody. */
async function approved(engine: Engine, proposal: ChangeView): Promise<ChangeView> {
  let change = proposal;
  for (let role = change.stillNeeded?.roles[0]; role !== undefined; role = change.stillNeeded?.roles[0]) {
    const { id, revision, contentHash, assessmentHash } = change;
    const decision = { revision, contentHash, assessmentHash, decision: 'approve', nonce: `${role}-${id}` };
    change = (await engine.system.changes.decide(who(engine, APPROVERS[role] ?? role), id, decision)).change;
  }
  return change;
}

/** The engine does it by itself. */
async function untilExecuted(engine: Engine, id: string): Promise<void> {
  while (['approved', 'executing'].includes((await shown(engine, id)).state)) await sleep(2);
}

/** Does it for all, some at once; the results in the order of the items. */
async function inLanes<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const lane = async (): Promise<void> => {
    for (const [at, item] of rest) results[at] = await act(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

function countBy(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((one) => one === name).length]));
}
