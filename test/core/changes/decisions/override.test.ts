/** Break-glass and the look at it afterwards: who may, how far it reaches, what it rests on, and that it is seen. */
import { overrideStands } from '../../../../core/changes/decisions/override.ts';
import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../../../core/policy/index.ts';
import { changeQueues, type ChangeView } from '../../../../core/changes/index.ts';
import {
  actsWorld,
  by,
  expectProven,
  onCallRoster,
  Outage,
  overrideOf,
  pending,
  refused,
  vote,
} from '../recording/acts-world.ts';
import { decision, entriesOf, hours, modules, nonce, patchOf, proposal, risk, type World } from '../world.ts';

async function overridden(world: World): Promise<ChangeView> {
  const view = await pending(world);
  return (await world.changes.override(by('olga'), view.id, overrideOf(view))).change;
}

/** Ids of what this person is asked to review. */
async function due(world: World, person: string): Promise<string[]> {
  const { changes } = await world.changes.list(by('aud'), { review: by(person) });
  return changes.map(({ id }) => id);
}

const justified = { verdict: 'justified', reason: 'nobody could be reached' };

describe('overriding', () => {
  it('approves at once what soft rules hold up, says who and why, and is to be reviewed within a day', async () => {
    const world = actsWorld();
    const view = await pending(world);
    const input = overrideOf(view);
    const { kind, change } = await world.changes.override(by('olga'), view.id, input);
    expect(kind).toBe('done');
    expect(change).toMatchObject({
      state: 'approved',
      override: { personId: 'olga', account: 'olga', ticket: 'INC-7', reason: 'payments fail' },
      postReview: { kind: 'override', due: new Date(world.clock.now() + hours(24)).toISOString(), reviews: [] },
    });
    expect(await world.changes.advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
    await expectProven(world, view.id);
    const entry = (await entriesOf(world, view.id)).find(({ body }) => body.type === 'change.overridden');
    expect(entry?.body.data).toMatchObject({
      personId: 'olga',
      ticket: 'INC-7',
      nonce: (input as { nonce: string }).nonce,
    });
    expect(entry?.body.actor).toEqual({ kind: 'person', id: 'olga' });
  });

  it('has the root signature', async () => {
    const world = actsWorld();
    const view = await pending(world);
    await world.changes.override(by('olga'), view.id, overrideOf(view));
    const stored = world.store.log.at(-1);
    expect(new TextDecoder().decode(stored?.note).match(/^— /gm)).toHaveLength(2);
  });

  it('is refused to everyone without the right, to agents, and to who proposed or answers for the proposer', async () => {
    const world = actsWorld();
    const view = await pending(world);
    const attempt =
      (who: string, of = view) =>
      () =>
        world.changes.override(by(who), of.id, overrideOf(of));
    for (const person of ['ann', 'otto', 'aud', 'zoe']) await refused(world, 'OVERRIDE_REFUSED', attempt(person));
    for (const other of ['advisor', 'billing']) await refused(world, 'AGENTS_CANNOT_DECIDE', attempt(other));
    const { change: own } = await world.changes.propose(by('olga'), proposal([patchOf('/balance', 1)]));
    await refused(world, 'SELF_APPROVAL', attempt('olga-mobile', own));
    const { title, rationale, operations } = proposal([patchOf('/balance', 2)]) as Record<string, unknown>;
    const answersFor = actsWorld({
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
    const world = actsWorld();
    const large = await pending(world, [patchOf('/balance', 5000)]);
    expect(large.risk?.level).toBe('L3');
    await refused(world, 'OVERRIDE_REFUSED', () => world.changes.override(by('olga'), large.id, overrideOf(large)));
    const hard = risk.rules.map((rule) => (rule.name === 'money' ? { ...rule, enforcement: 'hard' as const } : rule));
    const strict = world.other({ risk: { ...risk, rules: hard } });
    const { change } = await strict.propose(by('pete'), proposal([patchOf('/balance', 3)]));
    expect(change.risk?.level).toBe('L2');
    await refused(world, 'OVERRIDE_REFUSED', () => strict.override(by('olga'), change.id, overrideOf(change)));
    const view = await pending(world);
    await world.changes.decide(by('ann'), view.id, decision(view, 'request-changes'));
    await refused(world, 'OVERRIDE_REFUSED', () => world.changes.override(by('olga'), view.id, overrideOf(view)));
    await world.changes.revoke(by('ann'), view.id);
    expect((await world.changes.override(by('olga'), view.id, overrideOf(view))).change.state).toBe('approved');
  });

  it('binds to what was looked at, once, in time', async () => {
    const world = actsWorld();
    const view = await pending(world);
    const attempt = (more: object) => () => world.changes.override(by('olga'), view.id, overrideOf(view, more));
    const forged = 'f'.repeat(64);
    for (const more of [{ contentHash: forged }, { assessmentHash: forged }, { revision: 2 }])
      await refused(world, 'DECISION_STALE', attempt(more));
    for (const more of [{ ticket: '' }, { reason: ' ' }, { ticket: 'a\nb' }, { nonce: 'x' }, { level: 'L0' }])
      await refused(world, 'CHANGE_INVALID', attempt(more));
    const used = nonce();
    await world.changes.decide(by('ann'), view.id, decision(view, 'approve', { nonce: used }));
    await refused(world, 'DECISION_REPLAYED', attempt({ nonce: used }));
    await world.clock.advance(hours(168));
    await refused(world, 'DECISION_EXPIRED', attempt({}));
  });

  it('is answered with what is recorded when it is repeated; a second one, or another, is refused', async () => {
    const world = actsWorld();
    const view = await pending(world);
    const input = overrideOf(view);
    await world.changes.override(by('olga'), view.id, input);
    const size = world.store.log.length;
    expect(await world.changes.override(by('olga-mobile'), view.id, input)).toMatchObject({ kind: 'recorded' });
    expect(world.store.log.length).toBe(size);
    await refused(world, 'DECISION_REPLAYED', () =>
      world.changes.override(by('olga'), view.id, { ...input, reason: 'another' }),
    );
    await refused(world, 'CHANGE_STATE_CONFLICT', () => world.changes.override(by('otis'), view.id, overrideOf(view)));
    const later = await pending(world);
    await refused(world, 'DECISION_REPLAYED', () =>
      world.changes.override(by('olga'), later.id, { ...overrideOf(later), nonce: (input as { nonce: string }).nonce }),
    );
  });

  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'against a rejection and a second override: exactly one outcome (%i)',
    async (turns) => {
      const world = actsWorld({ store: { exclusive: turns % 2 === 0 } });
      const view = await pending(world);
      const wait = async (many: number): Promise<void> => {
        for (let i = 0; i < many; i++) await Promise.resolve();
      };
      const results = await Promise.allSettled([
        wait(turns % 5).then(() => world.changes.override(by('olga'), view.id, overrideOf(view))),
        wait(turns % 3).then(() => world.other().override(by('otis'), view.id, overrideOf(view))),
        wait(turns % 4).then(() => world.other().decide(by('otto'), view.id, decision(view, 'reject'))),
      ]);
      await world.changes.advance(view.id);
      const types = (await entriesOf(world, view.id)).map(({ body }) => body.type);
      const overrides = types.filter((type) => type === 'change.overridden').length;
      expect(overrides).toBeLessThanOrEqual(1);
      // A veto may still follow an override, never the other way round.
      expect(types.includes('change.rejected')).toBe(results[2].status === 'fulfilled');
      expect(types.includes('change.executed')).toBe(results[2].status === 'rejected');
      await expectProven(world, view.id);
    },
  );

  it('can be vetoed until it runs; a vote taken back does not touch it', async () => {
    const world = actsWorld();
    const view = await vote(world, await pending(world), 'ann');
    await world.changes.override(by('olga'), view.id, overrideOf(view));
    await refused(world, 'CHANGE_STATE_CONFLICT', () => world.changes.revoke(by('ann'), view.id));
    await world.changes.decide(by('rita'), view.id, decision(view, 'reject'));
    expect((await world.record(view.id)).state).toBe('rejected');
    expect(await due(world, 'bob')).toEqual([]); // nothing happened: there is nothing to review
    await refused(world, 'CHANGE_STATE_CONFLICT', () => world.changes.review(by('bob'), view.id, justified));
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
    const world = actsWorld();
    const { id } = await overridden(world);
    await world.other(later).advance(id);
    const record = await world.record(id);
    expect(record).toMatchObject({ state: 'pending', votes: [] });
    expect([record.override, record.postReview, record.approval]).toEqual([undefined, undefined, undefined]);
    expect(await due(world, 'bob')).toEqual([]);
    expect((await world.changes.document(by('aud'), record.entityId)).version).toBe(0);
  });

  it('happened or did not when the store dies, and the same call again says which', async () => {
    for (const moment of ['before', 'after'] as const) {
      const outage = new Outage();
      const world = actsWorld({ store: { faults: outage.hooks } });
      const view = await pending(world);
      const input = overrideOf(view);
      await outage.during(moment, () => world.changes.override(by('olga'), view.id, input));
      await world.changes.override(by('olga'), view.id, input);
      const types = (await entriesOf(world, view.id)).map(({ body }) => body.type);
      expect(types.filter((type) => type === 'change.overridden')).toHaveLength(1);
      await expectProven(world, view.id);
    }
  });
});

describe('the review afterwards', () => {
  it('is asked of people who had no part in it, and done when two have looked', async () => {
    const world = actsWorld();
    const view = await vote(world, await pending(world), 'ann');
    await world.changes.override(by('olga'), view.id, overrideOf(view));
    expect(await due(world, 'bob')).toEqual([]); // it has not run yet
    await world.changes.advance(view.id);
    expect(
      await Promise.all(['bob', 'otis', 'aud', 'ann', 'olga', 'pete', 'zoe', 'advisor'].map((one) => due(world, one))),
    ).toEqual([[view.id], [view.id], [view.id], [], [], [], [], []]);
    expect((await world.changes.review(by('bob'), view.id, justified)).change.postReview?.reviews).toMatchObject([
      { personId: 'bob', verdict: 'justified', at: new Date(world.clock.now()).toISOString() },
    ]);
    expect(await due(world, 'bob')).toEqual([]);
    expect(await due(world, 'otis')).toEqual([view.id]);
    await world.changes.review(by('otis'), view.id, { verdict: 'unjustified', reason: 'ann was at her desk' });
    expect(await due(world, 'aud')).toEqual([]);
    expect((await world.record(view.id)).state).toBe('executed');
    await expectProven(world, view.id);
  });

  it('is refused to who had a part, twice, to agents, to who may not read, and when there is nothing to review', async () => {
    const world = actsWorld();
    const voted = await vote(world, await pending(world), 'ann');
    await world.changes.override(by('olga'), voted.id, overrideOf(voted));
    const { id } = voted;
    await refused(world, 'CHANGE_STATE_CONFLICT', () => world.changes.review(by('bob'), id, justified)); // not run yet
    await world.changes.advance(id);
    for (const partaker of ['olga', 'olga-mobile', 'ann', 'ann-admin', 'pete'])
      await refused(world, 'REVIEW_REFUSED', () => world.changes.review(by(partaker), id, justified));
    await refused(world, 'AGENTS_CANNOT_DECIDE', () => world.changes.review(by('advisor'), id, justified));
    await refused(world, 'FORBIDDEN', () => world.changes.review(by('zoe'), id, justified));
    await refused(world, 'CHANGE_INVALID', () => world.changes.review(by('bob'), id, { verdict: 'fine', reason: 'x' }));
    await world.changes.review(by('bob'), id, justified);
    const size = world.store.log.length;
    expect(await world.changes.review(by('bob'), id, justified)).toMatchObject({ kind: 'recorded' });
    expect(world.store.log.length).toBe(size);
    const other = { ...justified, verdict: 'unjustified' };
    await refused(world, 'CHANGE_STATE_CONFLICT', () => world.changes.review(by('bob'), id, other));
    await world.changes.review(by('otis'), id, justified);
    await refused(world, 'REVIEW_REFUSED', () => world.changes.review(by('aud'), id, justified));
    const usual = await vote(world, await pending(world, [patchOf('/balance', 30)]), 'ann', 'rita');
    await world.changes.advance(usual.id);
    await refused(world, 'REVIEW_REFUSED', () => world.changes.review(by('bob'), usual.id, justified));
  });

  it('is not for who answers for the agent by now', async () => {
    const world = actsWorld();
    const { change } = await world.changes.propose(by('advisor'), proposal([patchOf('/balance', 10)]));
    await world.changes.override(by('olga'), change.id, overrideOf(change));
    await world.changes.advance(change.id);
    const agents = onCallRoster.agents.map((agent) => ({ ...agent, owner: 'otis' }));
    const later = world.other({ policy: createPolicy({ ...onCallRoster, agents }, modules) });
    await refused(world, 'REVIEW_REFUSED', () => later.review(by('otis'), change.id, justified));
    expect((await later.list(by('aud'), { review: by('otis') })).changes).toEqual([]);
  });

  it('of two at the same time is recorded for both, and a third is too late', async () => {
    const world = actsWorld({ store: { exclusive: false } });
    const { id } = await overridden(world);
    await world.changes.advance(id);
    const results = await Promise.allSettled(
      ['bob', 'otis', 'aud'].map((person, i) =>
        (i === 1 ? world.other() : world.changes).review(by(person), id, justified),
      ),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expectProven(world, id);
  });

  it('does not touch the lock of another change-set on the same entity', async () => {
    const world = actsWorld();
    const { id } = await overridden(world);
    await world.changes.advance(id);
    const next = await vote(world, await pending(world, [patchOf('/note', 1)]), 'ann');
    await world.changes.runStep('claim', next.id);
    const lock = { pk: 'main#change-lock', sk: next.entityId };
    expect((await world.store.get(lock))?.value).toEqual({ change: next.id });
    await world.changes.review(by('otis'), id, justified);
    expect((await world.store.get(lock))?.value).toEqual({ change: next.id });
    expect(await world.changes.advance(next.id)).toEqual({ kind: 'end', state: 'executed' });
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
    const world = actsWorld({ deps: { risk: { ...risk, sampleL0: 100, rules: [free] } } });
    const { change } = await world.changes.propose(by('pete'), proposal([patchOf('/note', 1)]));
    expect(change).toMatchObject({ state: 'approved', postReview: { kind: 'sample', reviews: [] } });
    await world.changes.advance(change.id);
    expect(await due(world, 'bob')).toEqual([change.id]);
    await refused(world, 'REVIEW_REFUSED', () => world.changes.review(by('pete'), change.id, justified));
    for (const person of ['bob', 'rita']) await world.changes.review(by(person), change.id, justified);
    expect(await due(world, 'aud')).toEqual([]);
    await expectProven(world, change.id);
  });
});

it('what waits to be looked at is counted, and what waits too long', async () => {
  const world = actsWorld();
  const queue = async () => (await changeQueues('main', world.store, world.clock.now())).reviewQueue;
  const { id } = await overridden(world);
  expect(await queue()).toEqual({ length: 0, overdue: 0 }); // it has not run yet
  await world.changes.advance(id);
  expect(await queue()).toEqual({ length: 1, overdue: 0 });
  await world.clock.advance(hours(24));
  expect(await queue()).toEqual({ length: 1, overdue: 1 });
  for (const person of ['bob', 'aud']) await world.changes.review(by(person), id, justified);
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
