/** Break-glass and the look at it afterwards: who may, how far it reaches, what it rests on, and that it is seen. */
import { overrideStands } from '../../../../core/changes/decisions/override.ts';
import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../../../core/policy/index.ts';
import { changeQueues, type ChangeView } from '../../../../core/changes/index.ts';
import {
  recordingFixture,
  by,
  expectProven,
  onCallRoster,
  Outage,
  overrideOf,
  pending,
  refused,
  vote,
} from '../recording/recording-fixture.ts';
import { decision, entriesOf, hours, modules, nonce, patchOf, proposal, risk, type Fixture } from '../fixture.ts';

async function overridden(fixture: Fixture): Promise<ChangeView> {
  const view = await pending(fixture);
  return (await fixture.changes.override(by('olga'), view.id, overrideOf(view))).change;
}

/** Ids of what this person is asked to review. */
async function due(fixture: Fixture, person: string): Promise<string[]> {
  const { changes } = await fixture.changes.list(by('aud'), { review: by(person) });
  return changes.map(({ id }) => id);
}

const justified = { verdict: 'justified', reason: 'nobody could be reached' };

describe('overriding', () => {
  it('approves at once what soft rules hold up, says who and why, and is to be reviewed within a day', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const input = overrideOf(view);
    const { kind, change } = await fixture.changes.override(by('olga'), view.id, input);
    expect(kind).toBe('done');
    expect(change).toMatchObject({
      state: 'approved',
      override: { personId: 'olga', account: 'olga', ticket: 'INC-7', reason: 'payments fail' },
      postReview: { kind: 'override', due: new Date(fixture.clock.now() + hours(24)).toISOString(), reviews: [] },
    });
    expect(await fixture.changes.advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
    await expectProven(fixture, view.id);
    const entry = (await entriesOf(fixture, view.id)).find(({ body }) => body.type === 'change.overridden');
    expect(entry?.body.data).toMatchObject({
      personId: 'olga',
      ticket: 'INC-7',
      nonce: (input as { nonce: string }).nonce,
    });
    expect(entry?.body.actor).toEqual({ kind: 'person', id: 'olga' });
  });

  it('has the root signature', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    await fixture.changes.override(by('olga'), view.id, overrideOf(view));
    const stored = fixture.store.log.at(-1);
    expect(new TextDecoder().decode(stored?.note).match(/^— /gm)).toHaveLength(2);
  });

  it('is refused to everyone without the right, to agents, and to who proposed or answers for the proposer', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const attempt =
      (who: string, of = view) =>
      () =>
        fixture.changes.override(by(who), of.id, overrideOf(of));
    for (const person of ['ann', 'otto', 'aud', 'zoe']) await refused(fixture, 'OVERRIDE_REFUSED', attempt(person));
    for (const other of ['advisor', 'billing']) await refused(fixture, 'AGENTS_CANNOT_DECIDE', attempt(other));
    const { change: own } = await fixture.changes.propose(by('olga'), proposal([patchOf('/balance', 1)]));
    await refused(fixture, 'SELF_APPROVAL', attempt('olga-mobile', own));
    const { title, rationale, operations } = proposal([patchOf('/balance', 2)]) as Record<string, unknown>;
    const answersFor = recordingFixture({
      deps: {
        policy: createPolicy(
          { ...onCallRoster, agents: onCallRoster.agents.map((agent) => ({ ...agent, owner: 'olga' })) },
          modules,
        ),
      },
    });
    const bot = { ...by('advisor'), owner: 'olga' } as ReturnType<typeof by>;
    const { change } = await answersFor.changes.propose(bot, { entityId: view.entityId, title, rationale, operations });
    await refused(answersFor, 'SELF_APPROVAL', () =>
      answersFor.changes.override(by('olga'), change.id, overrideOf(change)),
    );
  });

  it('does not reach hard rules, nor what cannot be assessed, nor against an objection', async () => {
    const fixture = recordingFixture();
    const large = await pending(fixture, [patchOf('/balance', 5000)]);
    expect(large.risk?.level).toBe('L3');
    await refused(fixture, 'OVERRIDE_REFUSED', () => fixture.changes.override(by('olga'), large.id, overrideOf(large)));
    const hard = risk.rules.map((rule) => (rule.name === 'money' ? { ...rule, enforcement: 'hard' as const } : rule));
    const strict = fixture.other({ risk: { ...risk, rules: hard } });
    const { change } = await strict.propose(by('pete'), proposal([patchOf('/balance', 3)]));
    expect(change.risk?.level).toBe('L2');
    await refused(fixture, 'OVERRIDE_REFUSED', () => strict.override(by('olga'), change.id, overrideOf(change)));
    const view = await pending(fixture);
    await fixture.changes.decide(by('ann'), view.id, decision(view, 'request-changes'));
    await refused(fixture, 'OVERRIDE_REFUSED', () => fixture.changes.override(by('olga'), view.id, overrideOf(view)));
    await fixture.changes.revoke(by('ann'), view.id);
    expect((await fixture.changes.override(by('olga'), view.id, overrideOf(view))).change.state).toBe('approved');
  });

  it('binds to what was looked at, once, in time', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const attempt = (more: object) => () => fixture.changes.override(by('olga'), view.id, overrideOf(view, more));
    const forged = 'f'.repeat(64);
    for (const more of [{ contentHash: forged }, { assessmentHash: forged }, { revision: 2 }])
      await refused(fixture, 'DECISION_STALE', attempt(more));
    for (const more of [{ ticket: '' }, { reason: ' ' }, { ticket: 'a\nb' }, { nonce: 'x' }, { level: 'L0' }])
      await refused(fixture, 'CHANGE_INVALID', attempt(more));
    const used = nonce();
    await fixture.changes.decide(by('ann'), view.id, decision(view, 'approve', { nonce: used }));
    await refused(fixture, 'DECISION_REPLAYED', attempt({ nonce: used }));
    await fixture.clock.advance(hours(168));
    await refused(fixture, 'DECISION_EXPIRED', attempt({}));
  });

  it('is answered with what is recorded when it is repeated; a second one, or another, is refused', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const input = overrideOf(view);
    await fixture.changes.override(by('olga'), view.id, input);
    const size = fixture.store.log.length;
    expect(await fixture.changes.override(by('olga-mobile'), view.id, input)).toMatchObject({ kind: 'recorded' });
    expect(fixture.store.log.length).toBe(size);
    await refused(fixture, 'DECISION_REPLAYED', () =>
      fixture.changes.override(by('olga'), view.id, { ...input, reason: 'another' }),
    );
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.override(by('otis'), view.id, overrideOf(view)),
    );
    const later = await pending(fixture);
    await refused(fixture, 'DECISION_REPLAYED', () =>
      fixture.changes.override(by('olga'), later.id, {
        ...overrideOf(later),
        nonce: (input as { nonce: string }).nonce,
      }),
    );
  });

  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'against a rejection and a second override: exactly one outcome (%i)',
    async (turns) => {
      const fixture = recordingFixture({ store: { exclusive: turns % 2 === 0 } });
      const view = await pending(fixture);
      const wait = async (many: number): Promise<void> => {
        for (let i = 0; i < many; i++) await Promise.resolve();
      };
      const results = await Promise.allSettled([
        wait(turns % 5).then(() => fixture.changes.override(by('olga'), view.id, overrideOf(view))),
        wait(turns % 3).then(() => fixture.other().override(by('otis'), view.id, overrideOf(view))),
        wait(turns % 4).then(() => fixture.other().decide(by('otto'), view.id, decision(view, 'reject'))),
      ]);
      await fixture.changes.advance(view.id);
      const types = (await entriesOf(fixture, view.id)).map(({ body }) => body.type);
      const overrides = types.filter((type) => type === 'change.overridden').length;
      expect(overrides).toBeLessThanOrEqual(1);
      // A veto may still follow an override, never the other way round.
      expect(types.includes('change.rejected')).toBe(results[2].status === 'fulfilled');
      expect(types.includes('change.executed')).toBe(results[2].status === 'rejected');
      await expectProven(fixture, view.id);
    },
  );

  it('can be vetoed until it runs; a vote taken back does not touch it', async () => {
    const fixture = recordingFixture();
    const view = await vote(fixture, await pending(fixture), 'ann');
    await fixture.changes.override(by('olga'), view.id, overrideOf(view));
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.revoke(by('ann'), view.id));
    await fixture.changes.decide(by('rita'), view.id, decision(view, 'reject'));
    expect((await fixture.record(view.id)).state).toBe('rejected');
    expect(await due(fixture, 'bob')).toEqual([]); // nothing happened: there is nothing to review
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.review(by('bob'), view.id, justified));
  });

  it.each([
    [
      'the right is gone',
      {
        policy: createPolicy(
          { ...onCallRoster, people: onCallRoster.people.filter(({ personId }) => personId !== 'olga') },
          modules,
        ),
      },
    ],
    ['the rules are others', { risk: { ...risk, version: 'next' } }],
  ])('is looked at again at the claim: %s', async (_what, later) => {
    const fixture = recordingFixture();
    const { id } = await overridden(fixture);
    await fixture.other(later).advance(id);
    const record = await fixture.record(id);
    expect(record).toMatchObject({ state: 'pending', votes: [] });
    expect([record.override, record.postReview, record.approval]).toEqual([undefined, undefined, undefined]);
    expect(await due(fixture, 'bob')).toEqual([]);
    expect((await fixture.changes.document(by('aud'), record.entityId)).version).toBe(0);
  });

  it('happened or did not when the store dies, and the same call again says which', async () => {
    for (const moment of ['before', 'after'] as const) {
      const outage = new Outage();
      const fixture = recordingFixture({ store: { faults: outage.hooks } });
      const view = await pending(fixture);
      const input = overrideOf(view);
      await outage.during(moment, () => fixture.changes.override(by('olga'), view.id, input));
      await fixture.changes.override(by('olga'), view.id, input);
      const types = (await entriesOf(fixture, view.id)).map(({ body }) => body.type);
      expect(types.filter((type) => type === 'change.overridden')).toHaveLength(1);
      await expectProven(fixture, view.id);
    }
  });
});

describe('the review afterwards', () => {
  it('is asked of people who had no part in it, and done when two have looked', async () => {
    const fixture = recordingFixture();
    const view = await vote(fixture, await pending(fixture), 'ann');
    await fixture.changes.override(by('olga'), view.id, overrideOf(view));
    expect(await due(fixture, 'bob')).toEqual([]); // it has not run yet
    await fixture.changes.advance(view.id);
    expect(
      await Promise.all(
        ['bob', 'otis', 'aud', 'ann', 'olga', 'pete', 'zoe', 'advisor'].map((one) => due(fixture, one)),
      ),
    ).toEqual([[view.id], [view.id], [view.id], [], [], [], [], []]);
    expect((await fixture.changes.review(by('bob'), view.id, justified)).change.postReview?.reviews).toMatchObject([
      { personId: 'bob', verdict: 'justified', at: new Date(fixture.clock.now()).toISOString() },
    ]);
    expect(await due(fixture, 'bob')).toEqual([]);
    expect(await due(fixture, 'otis')).toEqual([view.id]);
    await fixture.changes.review(by('otis'), view.id, { verdict: 'unjustified', reason: 'ann was at her desk' });
    expect(await due(fixture, 'aud')).toEqual([]);
    expect((await fixture.record(view.id)).state).toBe('executed');
    await expectProven(fixture, view.id);
  });

  it('is refused to who had a part, twice, to agents, to who may not read, and when there is nothing to review', async () => {
    const fixture = recordingFixture();
    const voted = await vote(fixture, await pending(fixture), 'ann');
    await fixture.changes.override(by('olga'), voted.id, overrideOf(voted));
    const { id } = voted;
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.review(by('bob'), id, justified)); // not run yet
    await fixture.changes.advance(id);
    for (const partaker of ['olga', 'olga-mobile', 'ann', 'ann-admin', 'pete'])
      await refused(fixture, 'REVIEW_REFUSED', () => fixture.changes.review(by(partaker), id, justified));
    await refused(fixture, 'AGENTS_CANNOT_DECIDE', () => fixture.changes.review(by('advisor'), id, justified));
    await refused(fixture, 'FORBIDDEN', () => fixture.changes.review(by('zoe'), id, justified));
    await refused(fixture, 'CHANGE_INVALID', () =>
      fixture.changes.review(by('bob'), id, { verdict: 'fine', reason: 'x' }),
    );
    await fixture.changes.review(by('bob'), id, justified);
    const size = fixture.store.log.length;
    expect(await fixture.changes.review(by('bob'), id, justified)).toMatchObject({ kind: 'recorded' });
    expect(fixture.store.log.length).toBe(size);
    const other = { ...justified, verdict: 'unjustified' };
    await refused(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.review(by('bob'), id, other));
    await fixture.changes.review(by('otis'), id, justified);
    await refused(fixture, 'REVIEW_REFUSED', () => fixture.changes.review(by('aud'), id, justified));
    const usual = await vote(fixture, await pending(fixture, [patchOf('/balance', 30)]), 'ann', 'rita');
    await fixture.changes.advance(usual.id);
    await refused(fixture, 'REVIEW_REFUSED', () => fixture.changes.review(by('bob'), usual.id, justified));
  });

  it('is not for who answers for the agent by now', async () => {
    const fixture = recordingFixture();
    const { change } = await fixture.changes.propose(by('advisor'), proposal([patchOf('/balance', 10)]));
    await fixture.changes.override(by('olga'), change.id, overrideOf(change));
    await fixture.changes.advance(change.id);
    const agents = onCallRoster.agents.map((agent) => ({ ...agent, owner: 'otis' }));
    const later = fixture.other({ policy: createPolicy({ ...onCallRoster, agents }, modules) });
    await refused(fixture, 'REVIEW_REFUSED', () => later.review(by('otis'), change.id, justified));
    expect((await later.list(by('aud'), { review: by('otis') })).changes).toEqual([]);
  });

  it('of two at the same time is recorded for both, and a third is too late', async () => {
    const fixture = recordingFixture({ store: { exclusive: false } });
    const { id } = await overridden(fixture);
    await fixture.changes.advance(id);
    const results = await Promise.allSettled(
      ['bob', 'otis', 'aud'].map((person, i) =>
        (i === 1 ? fixture.other() : fixture.changes).review(by(person), id, justified),
      ),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expectProven(fixture, id);
  });

  it('does not touch the lock of another change-set on the same entity', async () => {
    const fixture = recordingFixture();
    const { id } = await overridden(fixture);
    await fixture.changes.advance(id);
    const next = await vote(fixture, await pending(fixture, [patchOf('/note', 1)]), 'ann');
    await fixture.changes.runStep('claim', next.id);
    const lock = { pk: 'main#change-lock', sk: next.entityId };
    expect((await fixture.store.get(lock))?.value).toEqual({ change: next.id });
    await fixture.changes.review(by('otis'), id, justified);
    expect((await fixture.store.get(lock))?.value).toEqual({ change: next.id });
    expect(await fixture.changes.advance(next.id)).toEqual({ kind: 'end', state: 'executed' });
  });

  it('is asked of a sample of what nobody had to approve', async () => {
    const free = {
      name: 'free',
      when: { money: { touched: [false] } },
      level: 'L0' as const,
      roles: [],
      approvals: 0,
      timelockMinutes: 0,
    };
    const fixture = recordingFixture({ deps: { risk: { ...risk, sampleL0: 100, rules: [free] } } });
    const { change } = await fixture.changes.propose(by('pete'), proposal([patchOf('/note', 1)]));
    expect(change).toMatchObject({ state: 'approved', postReview: { kind: 'sample', reviews: [] } });
    await fixture.changes.advance(change.id);
    expect(await due(fixture, 'bob')).toEqual([change.id]);
    await refused(fixture, 'REVIEW_REFUSED', () => fixture.changes.review(by('pete'), change.id, justified));
    for (const person of ['bob', 'rita']) await fixture.changes.review(by(person), change.id, justified);
    expect(await due(fixture, 'aud')).toEqual([]);
    await expectProven(fixture, change.id);
  });
});

it('what waits to be looked at is counted, and what waits too long', async () => {
  const fixture = recordingFixture();
  const queue = async () => (await changeQueues('main', fixture.store, fixture.clock.now())).reviewQueue;
  const { id } = await overridden(fixture);
  expect(await queue()).toEqual({ length: 0, overdue: 0 }); // it has not run yet
  await fixture.changes.advance(id);
  expect(await queue()).toEqual({ length: 1, overdue: 0 });
  await fixture.clock.advance(hours(24));
  expect(await queue()).toEqual({ length: 1, overdue: 1 });
  for (const person of ['bob', 'aud']) await fixture.changes.review(by(person), id, justified);
  expect(await queue()).toEqual({ length: 0, overdue: 0 });
});

describe('an override at the claim', () => {
  const stands = (record: object, may = true): boolean =>
    overrideStands(
      { policy: { roster: { agents: [{ id: 'bot', owner: 'olga' }] }, may: () => may } } as never,
      {
        entityId: 'account:1',
        proposer: { kind: 'person', id: 'pete' },
        content: { excludes: ['pete'] },
        assessment: { assessmentHash: 'a'.repeat(64) },
        ...record,
      } as never,
    );
  const override = { account: 'olga', personId: 'olga' };

  it('stands while who overrode may, and has no part in it', () => {
    expect(stands({ override })).toBe(true);
    expect(stands({})).toBe(false);
    expect(stands({ override }, false)).toBe(false);
    expect(stands({ override, content: { excludes: ['olga'] } })).toBe(false);
    expect(stands({ override, proposer: { kind: 'agent', id: 'bot' } })).toBe(false);
    expect(stands({ override, proposer: { kind: 'agent', id: 'other' } })).toBe(true);
    expect(stands({ override, proposer: { kind: 'module', id: 'bot' } })).toBe(true);
  });
});
