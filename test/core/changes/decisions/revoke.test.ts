/** Votes that are taken back, objections that hold an approval up, and the veto while an approved change-set waits. */
import { describe, expect, it } from 'vitest';
import type { ChangeView } from '../../../../core/changes/index.ts';
import { recordingFixture, by, expectProven, Outage, pending, refused, vote } from '../recording/recording-fixture.ts';
import { decision, entriesOf, hours, patchOf, proposal, type Fixture } from '../fixture.ts';

const LARGE = [patchOf('/balance', 5000)];

/** Approved, and held by a time lock of an hour. */
async function locked(fixture: Fixture): Promise<ChangeView> {
  const view = await pending(fixture, LARGE);
  return vote(fixture, view, 'ann', 'rita', 'otto');
}

const stateOf = async (fixture: Fixture, id: string): Promise<string> => (await fixture.record(id)).state;

describe('revoking a vote', () => {
  it('takes it out of the count, and the person may vote again', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    await vote(fixture, view, 'ann');
    const revoked = await fixture.changes.revoke(by('ann-admin'), view.id, { reason: 'too early' });
    expect(revoked).toMatchObject({ kind: 'done', change: { state: 'pending', votes: [] } });
    expect((await vote(fixture, view, 'rita')).state).toBe('pending'); // ann's vote does not count any more
    expect((await vote(fixture, view, 'ann')).state).toBe('approved');
    await expectProven(fixture, view.id);
  });

  it('takes the approval with it during the time lock, so that nothing is claimed', async () => {
    const fixture = recordingFixture();
    const { id } = await locked(fixture);
    expect((await fixture.changes.revoke(by('rita'), id)).change).toMatchObject({ state: 'pending' });
    await fixture.clock.advance(hours(2));
    expect(await fixture.changes.advance(id)).toMatchObject({ kind: 'wait' });
    const view = await fixture.changes.get(by('aud'), id);
    expect(view.risk?.timelockUntil).toBeUndefined();
    const again = await vote(fixture, view, 'rita');
    expect(again.state).toBe('approved');
    expect(Date.parse(again.risk?.timelockUntil ?? '')).toBe(fixture.clock.now() + hours(1)); // the lock begins anew
    await expectProven(fixture, id);
  });

  it('is answered with what is recorded when it is repeated, and never takes a later vote', async () => {
    const fixture = recordingFixture();
    const view = await vote(fixture, await pending(fixture), 'ann');
    const named = { vote: view.votes[0]?.hash ?? '' };
    await fixture.changes.revoke(by('ann'), view.id, named);
    const size = fixture.store.log.length;
    for (const input of [named, {}])
      expect(await fixture.changes.revoke(by('ann'), view.id, input)).toMatchObject({ kind: 'recorded' });
    expect(fixture.store.log.length).toBe(size);
    await vote(fixture, view, 'ann');
    expect(await fixture.changes.revoke(by('ann'), view.id, named)).toMatchObject({ kind: 'recorded' });
    expect((await fixture.record(view.id)).votes).toHaveLength(1);
    expect(await fixture.changes.revoke(by('ann'), view.id)).toMatchObject({ kind: 'done', change: { votes: [] } });
  });

  it('is refused without a vote, for another’s vote, to agents, after the deadline and when it runs', async () => {
    const fixture = recordingFixture();
    const view = await vote(fixture, await pending(fixture), 'ann');
    const { id, votes } = view;
    await refused(fixture, 'NO_SUCH_VOTE', () => fixture.changes.revoke(by('rita'), id));
    await refused(fixture, 'NO_SUCH_VOTE', () => fixture.changes.revoke(by('rita'), id, { vote: votes[0]?.hash }));
    await refused(fixture, 'NO_SUCH_VOTE', () => fixture.changes.revoke(by('ann'), id, { vote: '0'.repeat(64) }));
    await refused(fixture, 'AGENTS_CANNOT_DECIDE', () => fixture.changes.revoke(by('advisor'), id));
    await refused(fixture, 'CHANGE_INVALID', () => fixture.changes.revoke(by('ann'), id, { vote: 'x' }));
    await refused(fixture, 'CHANGE_INVALID', () => fixture.changes.revoke(by('ann'), id, { everything: true }));
    await refused(fixture, 'CHANGE_NOT_FOUND', () => fixture.changes.revoke(by('ann'), 'nothing'));
    await vote(fixture, view, 'rita');
    await fixture.changes.runStep('claim', id);
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.revoke(by('ann'), id));
    const late = await vote(fixture, await pending(fixture, [patchOf('/balance', 11)]), 'ann');
    await fixture.clock.advance(hours(168));
    await refused(fixture, 'DECISION_EXPIRED', () => fixture.changes.revoke(by('ann'), late.id));
  });

  it('is refused for another’s vote by somebody who took their own back', async () => {
    const fixture = recordingFixture();
    const view = await vote(fixture, await pending(fixture, LARGE), 'ann', 'rita');
    const [own, other] = view.votes.map(({ hash }) => hash);
    await fixture.changes.revoke(by('ann'), view.id, { vote: own });
    expect(await fixture.changes.revoke(by('ann'), view.id, { vote: own })).toMatchObject({ kind: 'recorded' });
    await refused(fixture, 'NO_SUCH_VOTE', () => fixture.changes.revoke(by('ann'), view.id, { vote: other }));
  });

  it('does not let a change-set grow without end: then only a rejection is taken', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    for (let i = 0; i < 200; i++) {
      await fixture.changes.decide(by('ann'), view.id, decision(view));
      await fixture.changes.revoke(by('ann'), view.id);
    }
    for (const kind of ['approve', 'request-changes'] as const)
      await refused(fixture, 'CHANGE_STATE_CONFLICT', () =>
        fixture.changes.decide(by('rita'), view.id, decision(view, kind)),
      );
    const { change } = await fixture.changes.decide(by('rita'), view.id, decision(view, 'reject'));
    expect(change.state).toBe('rejected');
  });

  it('does not give a used nonce back', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const mine = decision(view);
    await fixture.changes.decide(by('ann'), view.id, mine);
    await fixture.changes.revoke(by('ann'), view.id);
    await refused(fixture, 'DECISION_REPLAYED', () => fixture.changes.decide(by('ann'), view.id, mine));
  });

  it('of a vote that was not needed leaves the approval to those that remain, in that very step', async () => {
    const fixture = recordingFixture();
    const view = await vote(fixture, await pending(fixture), 'ann', 'bob', 'rita'); // an owner and one of risk are enough
    const before = (await fixture.record(view.id)).approval;
    expect((await fixture.changes.revoke(by('bob'), view.id)).change.state).toBe('approved');
    const { approval, votes } = await fixture.record(view.id);
    expect(approval).not.toEqual(before);
    expect(votes.map(({ personId }) => personId)).toEqual(['ann', 'rita']);
    await expectProven(fixture, view.id);
  });

  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'wins or loses against the claim, never both (%i)',
    async (turns) => {
      const fixture = recordingFixture({ store: { exclusive: turns % 2 === 0 } });
      const { id } = await vote(fixture, await pending(fixture), 'ann', 'rita');
      const second = fixture.other();
      const [revoked] = await Promise.allSettled([
        (async () => {
          for (let i = 0; i < turns; i++) await Promise.resolve();
          return second.revoke(by('ann'), id);
        })(),
        fixture.changes.advance(id),
      ]);
      await fixture.changes.advance(id);
      expect(await stateOf(fixture, id)).toBe(revoked.status === 'fulfilled' ? 'pending' : 'executed');
      if (revoked.status === 'rejected') expect(revoked.reason).toMatchObject({ code: 'CHANGE_STATE_CONFLICT' });
      await expectProven(fixture, id);
    },
  );

  it('happened or did not when the store dies, and the same call again says which', async () => {
    for (const moment of ['before', 'after'] as const) {
      const outage = new Outage();
      const fixture = recordingFixture({ store: { faults: outage.hooks } });
      const { id, votes } = await vote(fixture, await pending(fixture), 'ann');
      const named = { vote: votes[0]?.hash ?? '' };
      await outage.during(moment, () => fixture.changes.revoke(by('ann'), id, named));
      await fixture.changes.revoke(by('ann'), id, named);
      expect(await fixture.record(id)).toMatchObject({ state: 'pending', votes: [] });
      const types = (await entriesOf(fixture, id)).map(({ body }) => body.type);
      expect(types.filter((type) => type === 'change.vote-revoked')).toHaveLength(1);
    }
  });
});

describe('requesting changes', () => {
  it('needs a reason, holds every approval up, and ends with a new revision', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const { reason: _reason, ...silent } = decision(view, 'request-changes') as Record<string, unknown>;
    await refused(fixture, 'CHANGE_INVALID', () => fixture.changes.decide(by('otto'), view.id, silent));
    await fixture.changes.decide(by('otto'), view.id, decision(view, 'request-changes'));
    const held = await vote(fixture, view, 'ann', 'rita');
    expect(held).toMatchObject({ state: 'pending', stillNeeded: { approvals: 0 } });
    expect(held.stillNeeded?.text).toBe('a new revision, or that otto no longer asks for changes');
    const { title, rationale, operations } = proposal([patchOf('/balance', 20)]) as Record<string, unknown>;
    const revised = await fixture.changes.revise(by('pete'), view.id, { title, rationale, operations });
    expect((await vote(fixture, revised, 'ann', 'rita')).state).toBe('approved');
    await expectProven(fixture, view.id);
  });

  it('ends when it is revoked: the approvals there are then are enough, in that very step', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    await fixture.changes.decide(by('otto'), view.id, decision(view, 'request-changes'));
    await vote(fixture, view, 'ann', 'rita');
    expect((await fixture.changes.revoke(by('otto'), view.id)).change.state).toBe('approved');
    expect(await fixture.changes.advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
    await expectProven(fixture, view.id);
  });

  it('is no vote for it, is bound like one, and is no way to stop what is approved', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    await refused(fixture, 'SELF_APPROVAL', () =>
      fixture.changes.decide(by('pete'), view.id, decision(view, 'request-changes')),
    );
    await refused(fixture, 'DECISION_STALE', () =>
      fixture.changes.decide(by('ann'), view.id, decision(view, 'request-changes', { contentHash: 'f'.repeat(64) })),
    );
    await fixture.changes.decide(by('ann'), view.id, decision(view, 'request-changes'));
    await refused(fixture, 'ALREADY_VOTED', () => fixture.changes.decide(by('ann'), view.id, decision(view)));
    const approved = await locked(fixture);
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.decide(by('bob'), approved.id, decision(approved, 'request-changes')),
    );
  });
});

describe('the veto during the time lock', () => {
  it('ends an approved change-set, with its reason', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture, [patchOf('/balance', 5000)]);
    await vote(fixture, view, 'ann', 'rita', 'bob');
    expect(await stateOf(fixture, view.id)).toBe('approved');
    const { reason: _reason, ...silent } = decision(view, 'reject') as Record<string, unknown>;
    await refused(fixture, 'CHANGE_INVALID', () => fixture.changes.decide(by('otto'), view.id, silent));
    const { change } = await fixture.changes.decide(by('otto'), view.id, decision(view, 'reject'));
    expect(change.state).toBe('rejected');
    await fixture.clock.advance(hours(2));
    expect(await fixture.changes.advance(view.id)).toEqual({ kind: 'end', state: 'rejected' });
    expect((await fixture.changes.document(by('aud'), view.entityId)).version).toBe(0);
    await expectProven(fixture, view.id);
  });

  it('is for who could have rejected it: who approved revokes first; nobody approves what is approved', async () => {
    const fixture = recordingFixture();
    const view = await locked(fixture);
    const reject = (person: string) => () => fixture.changes.decide(by(person), view.id, decision(view, 'reject'));
    await refused(fixture, 'ALREADY_VOTED', reject('ann'));
    await refused(fixture, 'SELF_APPROVAL', reject('pete'));
    await refused(fixture, 'NOT_ELIGIBLE', reject('olga'));
    await refused(fixture, 'AGENTS_CANNOT_DECIDE', reject('advisor'));
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.decide(by('bob'), view.id, decision(view)));
    await fixture.changes.revoke(by('ann'), view.id);
    await reject('ann')();
    expect(await stateOf(fixture, view.id)).toBe('rejected');
  });

  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'wins or loses against the claim, never both (%i)',
    async (turns) => {
      const fixture = recordingFixture({ store: { exclusive: turns % 2 === 0 } });
      const view = await vote(fixture, await pending(fixture), 'ann', 'rita');
      const [vetoed] = await Promise.allSettled([
        (async () => {
          for (let i = 0; i < turns; i++) await Promise.resolve();
          return fixture.other().decide(by('otto'), view.id, decision(view, 'reject'));
        })(),
        fixture.changes.advance(view.id),
      ]);
      await fixture.changes.advance(view.id);
      expect(await stateOf(fixture, view.id)).toBe(vetoed.status === 'fulfilled' ? 'rejected' : 'executed');
      await expectProven(fixture, view.id);
    },
  );
});

describe('revoking what there is not', () => {
  it('says whether there is no vote at all, or none that was named', async () => {
    const fixture = recordingFixture();
    const { id } = await pending(fixture);
    const said = (input: object): Promise<unknown> =>
      fixture.changes.revoke(by('ann'), id, input).catch((error: unknown) => (error as Error).message);
    expect(await said({})).toBe(`ann has no vote on ${id} to revoke`);
    expect(await said({ vote: 'f'.repeat(64) })).toBe(`ann has no such vote on ${id} to revoke`);
  });
});
