/** Which change-sets of an entity are under way, over as many pages as there are. */
import { expect, it } from 'vitest';
import { openChangeStates } from '../../../../core/changes/store/open-states.ts';
import { createFixture, ENTITY, patchOf, proposal, who } from '../fixture.ts';

/** More than one page of 100. */
const MANY = 101;

it('reads past the first page, and leaves out what has ended', async () => {
  const fixture = createFixture({ deps: { maxOpen: 1_000 } as object });
  const ids: string[] = [];
  for (let i = 0; i < MANY; i += 1) {
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf(`/p${i}`, i)]));
    ids.push(change.id);
    if (i < MANY - 1) await fixture.changes.withdraw(who('pete'), change.id, {});
  }
  expect(await openChangeStates('main', fixture.store, ENTITY)).toEqual(['pending']);
});

it('knows nothing of an entity without change-sets', async () => {
  expect(await openChangeStates('main', createFixture().store, 'account:none')).toEqual([]);
});
