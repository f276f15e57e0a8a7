/**
 * Leaves a data folder behind as a release's engine leaves it, with something of all that it stores: run once on the release's own commit,
 * packed, and kept (README.md here). `node test/golden/make.ts <folder>`; it prints what golden.test.ts is to expect of it.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, verifyDataDir, type Engine } from '../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import { config, FORGETFUL } from '../support/executor-config.ts';
import { openSampleExecutor } from '../support/sample-executor.ts';

const POLL_MS = 50;
const PATIENCE_MS = 240_000;
/** Events of as many entities, committed together, so that they are signed as batches. */
const AT_ONCE = 40;
const ERASED = '/payload/ip';

type As = (principal: string) => Client<typeof config>;

async function make(folder: string): Promise<void> {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  const sample = openSampleExecutor(folder, () => [readFileSync(join(dataDir, 'root.vkey'), 'utf8').trim()]);
  const engine = await startEngine({ config, dataDir, executors: { limits: sample.executor } });
  const as: As = (id) => createClient<typeof config>({ url: engine.url, token: String(engine.tokens[id]) });
  try {
    await publishAll(engine, as);
    await subscribeAll(engine);
    const states = await changeAll(as);
    await engine.rotateRootKey('a year has passed');
    await as('bank-feed').publish(credit('account:1', '9.00'));
    await engine.log.loop.flush();
    console.log(JSON.stringify(states));
  } finally {
    await engine.close();
    sample.limits.close();
  }
  const { verdict, entries } = await verifyDataDir(dataDir);
  console.log(JSON.stringify({ verdict, entries }));
}

/** Events of several topics, many at once, and two confidential fields, of which one is erased later. */
async function publishAll({ system }: Engine, as: As): Promise<void> {
  const feed = system.policy.principal('bank-feed');
  if (feed === undefined) throw new Error('the sample configuration has changed');
  const many = Array.from({ length: AT_ONCE }, (_, i) => credit(`account:${i}`, `${i + 1}.00`));
  await system.publish(feed, many);
  for (const ip of ['192.0.2.7', '192.0.2.8'])
    await as('agent-layer').publish({
      ...{ topic: 'user.login', entityId: `${FORGETFUL}1`, payload: { method: 'sso', ip } },
    });
}

/** One that holds a lease and a dead letter, one that is paused, one that has read everything. */
async function subscribeAll({ system }: Engine): Promise<void> {
  const { subscriptions, policy } = system;
  const module = policy.principal('budget-engine');
  if (module === undefined) throw new Error('the sample configuration has changed');
  const common = { topics: ['transactions.new'], startAt: 'earliest' };
  await subscriptions.create(module, { ...common, id: 'held', retry: { maxAttempts: 1 } });
  await subscriptions.create(module, { ...common, id: 'done' });
  await subscriptions.create(module, { ...common, id: 'paused' });
  const next = (id: string, max: number) =>
    until(async () => {
      const messages = await subscriptions.receive(module, id, { max, waitMs: 0 });
      return messages.length === 0 ? undefined : messages;
    });
  const [poison] = await next('held', 1);
  await subscriptions.nack(module, 'held', [String(poison?.receipt)], { reason: 'cannot be read' });
  await next('held', 3); // leased, and never answered
  const all = await next('done', 10);
  await subscriptions.ack(
    module,
    'done',
    all.map(({ receipt }) => receipt),
  );
  await subscriptions.pause(module, 'paused');
}

/** A change-set in each state that can be reached without waiting for days. */
async function changeAll(as: As): Promise<Readonly<Record<string, string>>> {
  let count = 0;
  const propose = async (
    operations: readonly object[],
    entityId = `account:change-${(count += 1)}`,
  ): Promise<ChangeView> => {
    const asked = { entityId, title: 'A change', rationale: 'to be there', operations: operations as never };
    return (await as('budget-bot').propose(asked)).change;
  };
  const note = { type: 'state.patch', payload: [{ op: 'add', path: '/note', value: 'set' }] };
  const put = (limit: string): object => ({ type: 'state.put', payload: { limit } });
  const limit = (account: string): object => ({
    ...{ type: 'executor.invoke', payload: { executor: 'limits', input: { account, limit: 500 } } },
  });
  const ended = async (change: ChangeView): Promise<ChangeView> => {
    await as('boris').decide(change, 'approve');
    return until(async () => {
      const now = await as('eva').changeSet(change.id);
      return ['executed', 'failed', 'rolled_back', 'rollback_failed'].includes(now.state) ? now : undefined;
    });
  };
  const pending = await propose([put('200000.00')]);
  await as('boris').decide(pending, 'approve'); // one of two
  const waiting = await propose([put('900000.00')]);
  for (const person of ['boris', 'dan']) await as(person).decide(waiting, 'approve');
  const rejected = await propose([note]);
  await as('boris').decide(rejected, 'reject', { reason: 'not needed' });
  const withdrawn = await propose([note]);
  await as('budget-bot').withdraw(withdrawn.id);
  const all = [
    ...[pending, waiting, rejected, withdrawn, await propose([note])],
    await ended(await propose([put('500.00')])),
    await ended(await propose([limit('good-1'), note])),
    await ended(await propose([limit('full-1')])),
    await ended(await propose([limit('good-2'), note, limit('full-2')])),
    await ended(await propose([limit('stuck-1'), limit('full-3')])),
    await erase(as),
  ];
  const states = await Promise.all(all.map(async ({ id }) => [id, (await as('eva').changeSet(id)).state] as const));
  return Object.fromEntries(states);
}

async function erase(as: As): Promise<ChangeView> {
  const { change } = await as('eva').propose({
    ...{ entityId: `${FORGETFUL}1`, title: 'Erase the address', rationale: 'The customer asked for it' },
    operations: [{ type: 'field.erase', payload: { seq: 0, fields: [ERASED], basis: 'GDPR article 17' } }],
  });
  for (const person of ['ana', 'dan']) await as(person).decide(change, 'approve');
  return until(async () => {
    const now = await as('eva').changeSet(change.id);
    return now.state === 'executed' ? now : undefined;
  });
}

function credit(entityId: string, amount: string) {
  return { topic: 'transactions.new', entityId, payload: { amount, kind: 'credit' } } as const;
}

async function until<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    const found = await read();
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
  throw new Error('what was waited for did not happen');
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('node test/golden/make.ts <folder>: name an empty folder');
  await make(folder);
}
