/** Processes that take turns on one change-set: each goes on from what the others have written, however old its own picture is. */
import { expect, it } from 'vitest';
import { createFixture, decision, patchOf, proposal, who } from './fixture.ts';

it('moves a change-set on whichever process it is asked', async () => {
  const fixture = createFixture();
  const [proposing, deciding, working] = [fixture.changes, fixture.other(), fixture.other()];
  const { change } = await proposing.propose(who('pete'), proposal([patchOf('/a', 1), patchOf('/b', 2)]));
  await deciding.decide(who('ann'), change.id, decision(change));
  await working.runStep('claim', change.id);
  await working.runStep('intend', change.id);
  await working.runStep('apply', change.id);
  // The proposing process last saw the chain when it proposed.
  await proposing.abort(who('ann'), change.id, { reason: 'stop it' });
  expect(await deciding.advance(change.id)).toEqual({ kind: 'end', state: 'rolled_back' });
});
