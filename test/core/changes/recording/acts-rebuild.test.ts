/** What people did about change-sets, made again from the entries alone: the very items that were written with them. */
import { expect, it } from 'vitest';
import { actsWorld, by, expectProven, overrideOf, pending, vote } from './acts-world.ts';
import { itemsOf, rebuilt } from '../replay/rebuilt.ts';
import { decision, ENTITY, patchOf, type World } from '../world.ts';

const evidence = [{ url: 'https://bank.test/case/77', hash: 'ab'.repeat(32) }];

async function stuck(world: World, versionsOff: number): Promise<string> {
  const view = await vote(world, await pending(world, [patchOf('/balance', 20), patchOf('/n', 1)]), 'ann', 'rita');
  for (const step of ['claim', 'intend', 'apply'] as const) await world.changes.runStep(step, view.id);
  const value = { document: { evil: true }, change: 'nobody' };
  for (let i = 0; i < versionsOff; i++)
    await world.store.write([{ kind: 'put', key: { pk: 'main#document', sk: ENTITY }, value, expect: 'any' }]);
  await world.changes.advance(view.id);
  return view.id;
}

it('after revocations, objections, overrides, reviews, resolutions and reverts', async () => {
  const world = actsWorld();
  const first = await vote(world, await pending(world, [patchOf('/balance', 10)]), 'ann', 'rita');
  await world.changes.revoke(by('ann'), first.id);
  await world.changes.decide(by('otto'), first.id, decision(first, 'request-changes'));
  await vote(world, first, 'ann');
  await world.changes.revoke(by('otto'), first.id);
  await world.changes.advance(first.id);

  const urgent = await vote(world, await pending(world, [patchOf('/balance', 12)]), 'ann');
  await world.changes.override(by('olga'), urgent.id, overrideOf(urgent));
  await world.changes.advance(urgent.id);
  await world.changes.review(by('bob'), urgent.id, { verdict: 'justified', reason: 'fine' });
  const lapsed = await pending(world, [patchOf('/balance', 13)]);
  await world.changes.override(by('olga'), lapsed.id, overrideOf(lapsed));
  await world.changes.withdraw(by('pete'), lapsed.id);

  for (const [versionsOff, outcome] of [
    [1, 'rolled_back'],
    [4, 'executed'],
  ] as const) {
    const id = await stuck(world, versionsOff);
    for (const person of ['ann', 'rita'])
      await world.changes.resolve(by(person), id, { outcome, reason: `${person} looked`, evidence });
    expect((await world.record(id)).state).toBe(outcome);
    await expectProven(world, id);
  }
  const { change: revert } = await world.changes.revert(by('pete'), urgent.id, { rationale: 'no' }).catch(() => ({
    change: undefined,
  }));
  expect(revert).toBeUndefined(); // the balance has been changed since
  const { change } = await world.changes.revert(by('pete'), (await pendingNote(world)).id, { rationale: 'no' });
  await vote(world, change, 'ann');
  await world.changes.advance(change.id);

  const again = await rebuilt(world);
  expect(await itemsOf(again)).toEqual(await itemsOf(world.store));
  expect(await itemsOf(again)).toHaveProperty([`main#change-review|${urgent.id}`]);
});

async function pendingNote(world: World): Promise<{ id: string }> {
  const view = await vote(world, await pending(world, [patchOf('/note', 'x')]), 'ann');
  await world.changes.advance(view.id);
  return view;
}
