/** Votes that are taken back, objections that hold an approval up, and the veto while an approved change-set waits. */
import { describe, expect, it } from 'vitest';
import type { ChangeView } from '../../../../core/changes/index.ts';
import { actsWorld, by, expectProven, Outage, pending, refused, vote } from '../recording/acts-world.ts';
import { decision, entriesOf, hours, patchOf, proposal, type World } from '../world.ts';

const LARGE = [patchOf('/balance', 5000)];

/** Approved, and held by a time lock of an hour. */
async function locked(world: World): Promise<ChangeView> {
  const view = await pending(world, LARGE);
  return vote(world, view, 'ann', 'rita', 'otto');
}

const stateOf = async (world: World, id: string): Promise<string> => (await world.record(id)).state;

describe('revoking a vote', () => {
  it('takes it out of the count, and the person may vote again', async () => {
    const world = actsWorld();
    const view = await pending(world);
    await vote(world, view, 'ann');
    const revoked = await world.changes.revoke(by('ann-admin'), view.id, { reason: 'too early' });
    expect(revoked).toMatchObject({ kind: 'done', change: { state: 'pending', votes: [] } });
    expect((await vote(world, view, 'rita')).state).toBe('pending'); // ann's vote does not count any more
    expect((await vote(world, view, 'ann')).state).toBe('approved');
    await expectProven(world, view.id);
  });

  it('takes the approval with it during the time lock, so that nothing is claimed', async () => {
    const world = actsWorld();
    const { id } = await locked(world);
    expect((await world.changes.revoke(by('rita'), id)).change).toMatchObject({ state: 'pending' });
    await world.clock.advance(hours(2));
    expect(await world.changes.advance(id)).toMatchObject({ kind: 'wait' });
    const view = await world.changes.get(by('aud'), id);
    expect(view.risk?.timelockUntil).toBeUndefined();
    const again = await vote(world, view, 'rita');
    expect(again.state).toBe('approved');
    expect(Date.parse(again.risk?.timelockUntil ?? '')).toBe(world.clock.now() + hours(1)); // the lock begins anew
    await expectProven(world, id);
  });

  it('is answered with what is recorded when it is repeated, and never takes a later vote', async () => {
    const world = actsWorld();
    const view = await vote(world, await pending(world), 'ann');
    const named = { vote: view.votes[0]?.hash ?? '' };
    await world.changes.revoke(by('ann'), view.id, named);
    const size = world.store.log.length;
    for (const input of [named, {}])
      expect(await world.changes.revoke(by('ann'), view.id, input)).toMatchObject({ kind: 'recorded' });
    expect(world.store.log.length).toBe(size);
    await vote(world, view, 'ann');
    expect(await world.changes.revoke(by('ann'), view.id, named)).toMatchObject({ kind: 'recorded' });
    expect((await world.record(view.id)).votes).toHaveLength(1);
    expect(await world.changes.revoke(by('ann'), view.id)).toMatchObject({ kind: 'done', change: { votes: [] } });
  });

  it('is refused without a vote, for another’s vote, to agents, after the deadline and when it runs', async () => {
    const world = actsWorld();
    const view = await vote(world, await pending(world), 'ann');
    const { id, votes } = view;
    await refused(world, 'NO_SUCH_VOTE', () => world.changes.revoke(by('rita'), id));
    await refused(world, 'NO_SUCH_VOTE', () => world.changes.revoke(by('rita'), id, { vote: votes[0]?.hash }));
    await refused(world, 'NO_SUCH_VOTE', () => world.changes.revoke(by('ann'), id, { vote: '0'.repeat(64) }));
    await refused(world, 'AGENTS_CANNOT_DECIDE', () => world.changes.revoke(by('advisor'), id));
    await refused(world, 'CHANGE_INVALID', () => world.changes.revoke(by('ann'), id, { vote: 'x' }));
    await refused(world, 'CHANGE_INVALID', () => world.changes.revoke(by('ann'), id, { everything: true }));
    await refused(world, 'CHANGE_NOT_FOUND', () => world.changes.revoke(by('ann'), 'nothing'));
    await vote(world, view, 'rita');
    await world.changes.runStep('claim', id);
    await refused(world, 'CHANGE_STATE_CONFLICT', () => world.changes.revoke(by('ann'), id));
    const late = await vote(world, await pending(world, [patchOf('/balance', 11)]), 'ann');
    await world.clock.advance(hours(168));
    await refused(world, 'DECISION_EXPIRED', () => world.changes.revoke(by('ann'), late.id));
  });

  it('is refused for another’s vote by somebody who took their own back', async () => {
    const world = actsWorld();
    const view = await vote(world, await pending(world, LARGE), 'ann', 'rita');
    const [own, other] = view.votes.map(({ hash }) => hash);
    await world.changes.revoke(by('ann'), view.id, { vote: own });
    expect(await world.changes.revoke(by('ann'), view.id, { vote: own })).toMatchObject({ kind: 'recorded' });
    await refused(world, 'NO_SUCH_VOTE', () => world.changes.revoke(by('ann'), view.id, { vote: other }));
  });

  it('does not let a change-set grow without end: then only a rejection is taken', async () => {
    const world = actsWorld();
    const view = await pending(world);
    for (let i = 0; i < 200; i++) {
      await world.changes.decide(by('ann'), view.id, decision(view));
      await world.changes.revoke(by('ann'), view.id);
    }
    for (const kind of ['approve', 'request-changes'] as const)
      await refused(world, 'CHANGE_STATE_CONFLICT', () =>
        world.changes.decide(by('rita'), view.id, decision(view, kind)),
      );
    const { change } = await world.changes.decide(by('rita'), view.id, decision(view, 'reject'));
    expect(change.state).toBe('rejected');
  });

  it('does not give a used nonce back', async () => {
    const world = actsWorld();
    const view = await pending(world);
    const mine = decision(view);
    await world.changes.decide(by('ann'), view.id, mine);
    await world.changes.revoke(by('ann'), view.id);
    await refused(world, 'DECISION_REPLAYED', () => world.changes.decide(by('ann'), view.id, mine));
  });

  it('of a vote that was not needed leaves the approval to those that remain, in that very step', async () => {
    const world = actsWorld();
    const view = await vote(world, await pending(world), 'ann', 'bob', 'rita'); // an owner and one of risk are enough
    const before = (await world.record(view.id)).approval;
    expect((await world.changes.revoke(by('bob'), view.id)).change.state).toBe('approved');
    const { approval, votes } = await world.record(view.id);
    expect(approval).not.toEqual(before);
    expect(votes.map(({ personId }) => personId)).toEqual(['ann', 'rita']);
    await expectProven(world, view.id);
  });

  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'wins or loses against the claim, never both (%i)',
    async (turns) => {
      const world = actsWorld({ store: { exclusive: turns % 2 === 0 } });
      const { id } = await vote(world, await pending(world), 'ann', 'rita');
      const second = world.other();
      const [revoked] = await Promise.allSettled([
        (async () => {
          for (let i = 0; i < turns; i++) await Promise.resolve();
          return second.revoke(by('ann'), id);
        })(),
        world.changes.advance(id),
      ]);
      await world.changes.advance(id);
      expect(await stateOf(world, id)).toBe(revoked.status === 'fulfilled' ? 'pending' : 'executed');
      if (revoked.status === 'rejected') expect(revoked.reason).toMatchObject({ code: 'CHANGE_STATE_CONFLICT' });
      await expectProven(world, id);
    },
  );

  it('happened or did not when the store dies, and the same call again says which', async () => {
    for (const moment of ['before', 'after'] as const) {
      const outage = new Outage();
      const world = actsWorld({ store: { faults: outage.hooks } });
      const { id, votes } = await vote(world, await pending(world), 'ann');
      const named = { vote: votes[0]?.hash ?? '' };
      await outage.during(moment, () => world.changes.revoke(by('ann'), id, named));
      await world.changes.revoke(by('ann'), id, named);
      expect(await world.record(id)).toMatchObject({ state: 'pending', votes: [] });
      const types = (await entriesOf(world, id)).map(({ body }) => body.type);
      expect(types.filter((type) => type === 'change.vote-revoked')).toHaveLength(1);
    }
  });
});

describe('requesting changes', () => {
  it('needs a reason, holds every approval up, and ends with a new revision', async () => {
    const world = actsWorld();
    const view = await pending(world);
    const { reason: _reason, ...silent } = decision(view, 'request-changes') as Record<string, unknown>;
    await refused(world, 'CHANGE_INVALID', () => world.changes.decide(by('otto'), view.id, silent));
    await world.changes.decide(by('otto'), view.id, decision(view, 'request-changes'));
    const held = await vote(world, view, 'ann', 'rita');
    expect(held).toMatchObject({ state: 'pending', stillNeeded: { approvals: 0 } });
    expect(held.stillNeeded?.text).toBe('a new revision, or that otto no longer asks for changes');
    const { title, rationale, operations } = proposal([patchOf('/balance', 20)]) as Record<string, unknown>;
    const revised = await world.changes.revise(by('pete'), view.id, { title, rationale, operations });
    expect((await vote(world, revised, 'ann', 'rita')).state).toBe('approved');
    await expectProven(world, view.id);
  });

  it('ends when it is revoked: the approvals there are then are enough, in that very step', async () => {
    const world = actsWorld();
    const view = await pending(world);
    await world.changes.decide(by('otto'), view.id, decision(view, 'request-changes'));
    await vote(world, view, 'ann', 'rita');
    expect((await world.changes.revoke(by('otto'), view.id)).change.state).toBe('approved');
    expect(await world.changes.advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
    await expectProven(world, view.id);
  });

  it('is no vote for it, is bound like one, and is no way to stop what is approved', async () => {
    const world = actsWorld();
    const view = await pending(world);
    await refused(world, 'SELF_APPROVAL', () =>
      world.changes.decide(by('pete'), view.id, decision(view, 'request-changes')),
    );
    await refused(world, 'DECISION_STALE', () =>
      world.changes.decide(by('ann'), view.id, decision(view, 'request-changes', { contentHash: 'f'.repeat(64) })),
    );
    await world.changes.decide(by('ann'), view.id, decision(view, 'request-changes'));
    await refused(world, 'ALREADY_VOTED', () => world.changes.decide(by('ann'), view.id, decision(view)));
    const approved = await locked(world);
    await refused(world, 'CHANGE_STATE_CONFLICT', () =>
      world.changes.decide(by('bob'), approved.id, decision(approved, 'request-changes')),
    );
  });
});

describe('the veto during the time lock', () => {
  it('ends an approved change-set, with its reason', async () => {
    const world = actsWorld();
    const view = await pending(world, [patchOf('/balance', 5000)]);
    await vote(world, view, 'ann', 'rita', 'bob');
    expect(await stateOf(world, view.id)).toBe('approved');
    const { reason: _reason, ...silent } = decision(view, 'reject') as Record<string, unknown>;
    await refused(world, 'CHANGE_INVALID', () => world.changes.decide(by('otto'), view.id, silent));
    const { change } = await world.changes.decide(by('otto'), view.id, decision(view, 'reject'));
    expect(change.state).toBe('rejected');
    await world.clock.advance(hours(2));
    expect(await world.changes.advance(view.id)).toEqual({ kind: 'end', state: 'rejected' });
    expect((await world.changes.document(by('aud'), view.entityId)).version).toBe(0);
    await expectProven(world, view.id);
  });

  it('is for who could have rejected it: who approved revokes first; nobody approves what is approved', async () => {
    const world = actsWorld();
    const view = await locked(world);
    const reject = (person: string) => () => world.changes.decide(by(person), view.id, decision(view, 'reject'));
    await refused(world, 'ALREADY_VOTED', reject('ann'));
    await refused(world, 'SELF_APPROVAL', reject('pete'));
    await refused(world, 'NOT_ELIGIBLE', reject('olga'));
    await refused(world, 'AGENTS_CANNOT_DECIDE', reject('advisor'));
    await refused(world, 'CHANGE_STATE_CONFLICT', () => world.changes.decide(by('bob'), view.id, decision(view)));
    await world.changes.revoke(by('ann'), view.id);
    await reject('ann')();
    expect(await stateOf(world, view.id)).toBe('rejected');
  });

  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'wins or loses against the claim, never both (%i)',
    async (turns) => {
      const world = actsWorld({ store: { exclusive: turns % 2 === 0 } });
      const view = await vote(world, await pending(world), 'ann', 'rita');
      const [vetoed] = await Promise.allSettled([
        (async () => {
          for (let i = 0; i < turns; i++) await Promise.resolve();
          return world.other().decide(by('otto'), view.id, decision(view, 'reject'));
        })(),
        world.changes.advance(view.id),
      ]);
      await world.changes.advance(view.id);
      expect(await stateOf(world, view.id)).toBe(vetoed.status === 'fulfilled' ? 'rejected' : 'executed');
      await expectProven(world, view.id);
    },
  );
});

describe('revoking what there is not', () => {
  it('says whether there is no vote at all, or none that was named', async () => {
    const world = actsWorld();
    const { id } = await pending(world);
    const said = (input: object): Promise<unknown> =>
      world.changes.revoke(by('ann'), id, input).catch((error: unknown) => (error as Error).message);
    expect(await said({})).toBe(`ann has no vote on ${id} to revoke`);
    expect(await said({ vote: 'f'.repeat(64) })).toBe(`ann has no such vote on ${id} to revoke`);
  });
});
