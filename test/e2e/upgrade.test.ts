/**
 * A data folder of the last release (test/golden/a3e27e8), opened by this one: everything in it is as it was left, goes on from there,
 * and verifies afterwards.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngine, verifyDataDir, type Engine } from '../../adapters/embedded/index.ts';
import { checkIndex } from '../../adapters/embedded/store/rebuild-index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { config, FORGETFUL } from '../support/executor-config.ts';
import { openSampleExecutor } from '../support/sample-executor.ts';
import { newDir, removeDirs, rowsOf, type Row } from './tamper-fixture.ts';
import { eventually } from '../support/eventually.ts';

const GOLDEN = join(import.meta.dirname, '../golden/a3e27e8/everything.tgz');
/** What its writer said, oldest change-set first. */
const STATES = [
  ...['pending', 'approved', 'rejected', 'cancelled', 'pending', 'executed', 'executed', 'failed'],
  ...['rolled_back', 'rollback_failed', 'executed'],
];
const LEFT_OVER = { waitMs: 20_000 };

let dir = '';
let before: readonly Row[] = [];
let engine: Engine;
let limits: { close(): void };
beforeAll(async () => {
  dir = newDir();
  execFileSync('tar', ['-xzf', GOLDEN, '-C', dir, '--strip-components=1']);
  before = rowsOf(dir);
  const sample = openSampleExecutor(newDir(), () => []); // nothing is carried out by it here
  limits = sample.limits;
  engine = await startEngine({ config, dataDir: dir, executors: { limits: sample.executor } });
});
afterAll(async () => {
  await engine.close();
  limits.close();
  removeDirs();
});

const as = (id: string): Client<typeof config> =>
  createClient<typeof config>({ url: engine.url, token: String(engine.tokens[id]) });

function principal(id: string): Principal {
  const found = engine.system.policy.principal(id);
  if (found === undefined) throw new Error(`the configuration has no ${id}`);
  return found;
}

async function changes() {
  const { changes: all } = await as('eva').changeSets({ limit: 100 });
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

it('holds batch signatures: not every kind of entry would be there otherwise', () => {
  const batched = before.filter(({ note }) =>
    /\n— keys\/[^ ]+ [A-Za-z0-9+/=]{120,}\n/.test(Buffer.from(note).toString()),
  );
  expect(batched.length).toBeGreaterThan(0);
});

it('has every change-set in the state it was in, but for the approved one, which it goes on with', async () => {
  const goesOn = STATES.map((state) => (state === 'approved' ? 'executed' : state));
  const states = async () => (await changes()).map(({ state }) => state);
  await eventually(async () => expect(await states()).toEqual(goesOn));
});

it('goes on with what waited: the second approval executes it', async () => {
  const [waiting] = await changes();
  if (waiting === undefined) throw new Error('there are no change-sets');
  const change = await as('clara').changeSet(waiting.id);
  await as('clara').decide(change, 'approve');
  await eventually(async () => expect((await as('eva').changeSet(change.id)).state).toBe('executed'));
});

it('has each subscription where it stood: a dead letter, what was leased again, a pause', async () => {
  const { subscriptions } = engine.system;
  const module = principal('budget-engine');
  expect(await subscriptions.deadLetters(module, 'held', { limit: 10 })).toHaveLength(1);
  const all = await subscriptions.list(module);
  expect(all.map(({ id }) => id).sort()).toEqual(['done', 'held', 'paused']);
  expect(await subscriptions.get(module, 'paused')).toMatchObject({ status: 'paused' });
  const [again] = await subscriptions.receive(module, 'done', { max: 1, ...LEFT_OVER });
  expect(again?.event.topic).toBe('transactions.new');
});

it('reveals the confidential field that was kept, and not the one that was erased', async () => {
  const account = `${FORGETFUL}1`;
  const fields = async (seq: number): Promise<unknown> => (await as('eva').reveal(account, seq)).fields;
  expect(await fields(0)).toEqual([{ path: '/payload/ip', kind: 'erased' }]);
  expect(await fields(1)).toEqual([{ path: '/payload/ip', kind: 'value', value: '192.0.2.8' }]);
});

it('verifies as a whole, with what came since, and nothing of before was touched', async () => {
  await as('bank-feed').publish({
    ...{ topic: 'transactions.new', entityId: 'account:1', payload: { amount: '1.00', kind: 'credit' } },
  });
  await engine.log.loop.flush();
  const after = rowsOf(dir);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.length).toBeGreaterThan(before.length + 3);
  expect(await verifyDataDir(dir)).toMatchObject({ verdict: 'OK', entries: after.length });
  expect(await checkIndex(dir)).toBeUndefined();
});
