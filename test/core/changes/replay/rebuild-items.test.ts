/** Items of change-sets made again from the entries alone equal those that were written with them. */
import { expect, it } from 'vitest';
import { createItemRebuilder } from '../../../../core/changes/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { itemsOf, rebuilt } from './rebuilt.ts';
import { createFixture, decision, ENTITY, hours, patchOf, proposal, who, type Fixture } from '../fixture.ts';

async function approved(fixture: Fixture, operations: readonly unknown[], key?: string): Promise<string> {
  const { change } = await fixture.changes.propose(who('advisor'), proposal(operations), key);
  const once = await fixture.changes.decide(who('ann'), change.id, decision(change));
  if (once.change.state === 'pending') await fixture.changes.decide(who('rita'), change.id, decision(change));
  return change.id;
}

it('after every kind of end', async () => {
  const fixture = createFixture();
  const executed = await approved(fixture, [patchOf('/a', 1), patchOf('/b', 2)], 'key-1');
  expect(await fixture.changes.advance(executed)).toEqual({ kind: 'end', state: 'executed' });

  const undone = await approved(fixture, [patchOf('/a', 7, 'replace'), patchOf('/c', 3)]);
  for (const step of ['claim', 'intend', 'apply', 'intend'] as const) await fixture.changes.runStep(step, undone);
  await fixture.changes.abort(who('ann'), undone, { reason: 'stop' });
  expect(await fixture.changes.advance(undone)).toEqual({ kind: 'end', state: 'rolled_back' });

  const { change: rejected } = await fixture.changes.propose(who('pete'), proposal([patchOf('/d', 1)]));
  await fixture.changes.decide(who('ann'), rejected.id, decision(rejected, 'reject'));
  const { change: withdrawn } = await fixture.changes.propose(who('pete'), proposal([patchOf('/e', 1)]));
  await fixture.changes.withdraw(who('pete'), withdrawn.id);
  const { change: expired } = await fixture.changes.propose(who('pete'), proposal([patchOf('/f', 1)]));
  await fixture.clock.advance(hours(1_000));
  await fixture.changes.advance(expired.id);
  // In the middle of an execution, and waiting for a decision.
  const claimed = await approved(fixture, [patchOf('/g', 1)]);
  for (const step of ['claim', 'intend'] as const) await fixture.changes.runStep(step, claimed);
  await fixture.changes.propose(who('pete'), proposal([patchOf('/h', 1)], { entityId: 'account:2' }));

  const again = await rebuilt(fixture);
  expect(await itemsOf(again)).toEqual(await itemsOf(fixture.store));
  expect(await itemsOf(again)).toHaveProperty([`main#document|${ENTITY}`, 'value', 'document', 'a'], 1);
});

it('names a step that does not follow from those before it', async () => {
  const fixture = createFixture();
  await approved(fixture, [patchOf('/a', 1)]);
  const store = new MemoryStore();
  const rebuild = createItemRebuilder({ ledger: 'main', items: store, entries: store });
  const vote = (await fixture.chain()).find(({ body }) => body.type === 'change.voted');
  if (vote === undefined) throw new Error('nobody voted');
  expect(await rebuild(vote)).toMatchObject({ kind: 'inconsistent' });
  const event = { ...vote, body: { ...vote.body, type: 'event' } };
  expect(await rebuild(event)).toEqual({ kind: 'writes', writes: [] });
});
