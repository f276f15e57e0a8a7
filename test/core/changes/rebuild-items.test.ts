/** Items of change-sets made again from the entries alone equal those that were written with them. */
import { expect, it } from 'vitest';
import { createItemRebuilder } from '../../../core/changes/index.ts';
import { parseEntry } from '../../../core/ledger/index.ts';
import { toHex } from '../../../core/canonical/index.ts';
import { MemoryStore } from '../../../adapters/memory/index.ts';
import { createWorld, decision, ENTITY, hours, patchOf, proposal, who, type World } from './world.ts';

/** Every entry of one store into another, with the writes computed from it. */
async function rebuilt(world: World): Promise<MemoryStore> {
  const store = new MemoryStore();
  const rebuild = createItemRebuilder({ ledger: 'main', items: store, entries: store });
  for (const { chain, seq, note, hash } of world.store.log) {
    const parsed = parseEntry(note);
    if (parsed.kind !== 'entry') throw new Error(parsed.reason);
    const step = await rebuild({ body: parsed.body, hash: toHex(hash) });
    if (step.kind !== 'writes') throw new Error(step.reason);
    const entry = { chain, seq, note, hash, idemKey: undefined };
    const [outcome] = await store.commit([{ entries: [entry], writes: step.writes }]);
    expect(outcome?.kind).toBe('committed');
  }
  return store;
}

/** Values by key. Versions of records count transactions, not steps; those of documents are the documents'. */
function itemsOf(store: MemoryStore): Record<string, unknown> {
  const { items } = store as unknown as { items: Map<string, Map<string, { version: number; value: unknown }>> };
  const all = [...items].flatMap(([pk, partition]) =>
    [...partition].map(([sk, { version, value }]) => [
      `${pk}|${sk}`,
      pk === 'main#document' ? { version, value } : { value },
    ]),
  );
  return Object.fromEntries(all.sort()) as Record<string, unknown>;
}

async function approved(world: World, operations: readonly unknown[], key?: string): Promise<string> {
  const { change } = await world.changes.propose(who('advisor'), proposal(operations), key);
  const once = await world.changes.decide(who('ann'), change.id, decision(change));
  if (once.change.state === 'pending') await world.changes.decide(who('rita'), change.id, decision(change));
  return change.id;
}

it('after every kind of end', async () => {
  const world = createWorld();
  const executed = await approved(world, [patchOf('/a', 1), patchOf('/b', 2)], 'key-1');
  expect(await world.changes.advance(executed)).toEqual({ kind: 'end', state: 'executed' });

  const undone = await approved(world, [patchOf('/a', 7, 'replace'), patchOf('/c', 3)]);
  for (const step of ['claim', 'intend', 'apply', 'intend'] as const) await world.changes.runStep(step, undone);
  await world.changes.abort(who('ann'), undone, { reason: 'stop' });
  expect(await world.changes.advance(undone)).toEqual({ kind: 'end', state: 'rolled_back' });

  const { change: rejected } = await world.changes.propose(who('pete'), proposal([patchOf('/d', 1)]));
  await world.changes.decide(who('ann'), rejected.id, decision(rejected, 'reject'));
  const { change: withdrawn } = await world.changes.propose(who('pete'), proposal([patchOf('/e', 1)]));
  await world.changes.withdraw(who('pete'), withdrawn.id);
  const { change: expired } = await world.changes.propose(who('pete'), proposal([patchOf('/f', 1)]));
  await world.clock.advance(hours(1_000));
  await world.changes.advance(expired.id);
  // In the middle of an execution, and waiting for a decision.
  const claimed = await approved(world, [patchOf('/g', 1)]);
  for (const step of ['claim', 'intend'] as const) await world.changes.runStep(step, claimed);
  await world.changes.propose(who('pete'), proposal([patchOf('/h', 1)], { entityId: 'account:2' }));

  const again = await rebuilt(world);
  expect(itemsOf(again)).toEqual(itemsOf(world.store));
  expect(itemsOf(again)).toHaveProperty([`main#document|${ENTITY}`, 'value', 'document', 'a'], 1);
});

it('names a step that does not follow from those before it', async () => {
  const world = createWorld();
  await approved(world, [patchOf('/a', 1)]);
  const store = new MemoryStore();
  const rebuild = createItemRebuilder({ ledger: 'main', items: store, entries: store });
  const vote = (await world.chain()).find(({ body }) => body.type === 'change.voted');
  if (vote === undefined) throw new Error('nobody voted');
  expect(await rebuild(vote)).toMatchObject({ kind: 'inconsistent' });
  const event = { ...vote, body: { ...vote.body, type: 'event' } };
  expect(await rebuild(event)).toEqual({ kind: 'writes', writes: [] });
});
