/** What people did about change-sets, made again from the entries alone: the very items that were written with them. */
import { expect, it } from 'vitest';
import { recordingFixture, by, expectProven, overrideOf, pending, vote } from './recording-fixture.ts';
import { itemsOf, rebuilt } from '../replay/rebuilt.ts';
import { decision, ENTITY, patchOf, type Fixture } from '../fixture.ts';

const evidence = [{ url: 'https://bank.test/case/77', hash: 'ab'.repeat(32) }];

async function stuck(fixture: Fixture, versionsOff: number): Promise<string> {
  const view = await vote(fixture, await pending(fixture, [patchOf('/balance', 20), patchOf('/n', 1)]), 'ann', 'rita');
  for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, view.id);
  const value = { document: { evil: true }, change: 'nobody' };
  for (let i = 0; i < versionsOff; i++)
    await fixture.store.write([{ kind: 'put', key: { pk: 'main#document', sk: ENTITY }, value, expect: 'any' }]);
  await fixture.changes.advance(view.id);
  return view.id;
}

it('after revocations, objections, overrides, reviews, resolutions and reverts', async () => {
  const fixture = recordingFixture();
  const first = await vote(fixture, await pending(fixture, [patchOf('/balance', 10)]), 'ann', 'rita');
  await fixture.changes.revoke(by('ann'), first.id);
  await fixture.changes.decide(by('otto'), first.id, decision(first, 'request-changes'));
  await vote(fixture, first, 'ann');
  await fixture.changes.revoke(by('otto'), first.id);
  await fixture.changes.advance(first.id);

  const urgent = await vote(fixture, await pending(fixture, [patchOf('/balance', 12)]), 'ann');
  await fixture.changes.override(by('olga'), urgent.id, overrideOf(urgent));
  await fixture.changes.advance(urgent.id);
  await fixture.changes.review(by('bob'), urgent.id, { verdict: 'justified', reason: 'fine' });
  const lapsed = await pending(fixture, [patchOf('/balance', 13)]);
  await fixture.changes.override(by('olga'), lapsed.id, overrideOf(lapsed));
  await fixture.changes.withdraw(by('pete'), lapsed.id);

  for (const [versionsOff, outcome] of [
    [1, 'rolled_back'],
    [4, 'executed'],
  ] as const) {
    const id = await stuck(fixture, versionsOff);
    for (const person of ['ann', 'rita'])
      await fixture.changes.resolve(by(person), id, { outcome, reason: `${person} looked`, evidence });
    expect((await fixture.record(id)).state).toBe(outcome);
    await expectProven(fixture, id);
  }
  const { change: revert } = await fixture.changes.revert(by('pete'), urgent.id, { rationale: 'no' }).catch(() => ({
    change: undefined,
  }));
  expect(revert).toBeUndefined(); // the balance has been changed since
  const { change } = await fixture.changes.revert(by('pete'), (await pendingNote(fixture)).id, { rationale: 'no' });
  await vote(fixture, change, 'ann');
  await fixture.changes.advance(change.id);

  const again = await rebuilt(fixture);
  expect(await itemsOf(again)).toEqual(await itemsOf(fixture.store));
  expect(await itemsOf(again)).toHaveProperty([`main#change-review|${urgent.id}`]);
});

async function pendingNote(fixture: Fixture): Promise<{ id: string }> {
  const view = await vote(fixture, await pending(fixture, [patchOf('/note', 'x')]), 'ann');
  await fixture.changes.advance(view.id);
  return view;
}
