/** Items of change-sets made again from the entries alone equal those that were written with them. */
import { expect, it } from 'vitest';
import { createItemRebuilder } from '../../../../core/changes/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { itemsOf, rebuilt } from './rebuilt.ts';
import { createWorld, decision, ENTITY, hours, patchOf, proposal, who, type World } from '../world.ts';

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
  expect(await itemsOf(again)).toEqual(await itemsOf(world.store));
  expect(await itemsOf(again)).toHaveProperty([`main#document|${ENTITY}`, 'value', 'document', 'a'], 1);
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
