/** Who may decide, on what, once: the attacks on approval that this engine must refuse. */
import { describe, expect, it } from 'vitest';
import type { AssessmentHash } from '../../../../core/brands/index.ts';
import type { ChangeErrorCode, Changes, ChangeView } from '../../../../core/changes/index.ts';
import { createPolicy, type Principal } from '../../../../core/policy/index.ts';
import {
  contentsOf,
  createFixture,
  decision,
  entriesOf,
  hours,
  modules,
  nonce,
  patchOf,
  proposal,
  risk,
  roster,
  who,
  type Fixture,
} from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

const code = (expected: ChangeErrorCode): { code: string } =>
  expect.objectContaining({ code: expected }) as { code: string };

/** A pending change-set that needs an owner and a risk person. */
async function pending(fixture: Fixture, by: Principal = who('pete')): Promise<ChangeView> {
  return (await fixture.changes.propose(by, proposal([patchOf('/balance', 10)]))).change;
}

async function refusedWith(
  fixture: Fixture,
  expected: ChangeErrorCode,
  attempt: () => Promise<unknown>,
): Promise<void> {
  const before = contentsOf(fixture.store);
  await expect(attempt()).rejects.toEqual(code(expected));
  expect(contentsOf(fixture.store)).toBe(before);
}

describe('who may decide', () => {
  it('refuses the proposer, under every account', async () => {
    const fixture = createFixture();
    const view = await pending(fixture, who('ann'));
    for (const account of ['ann', 'ann-admin']) {
      await refusedWith(fixture, 'SELF_APPROVAL', () => fixture.changes.decide(who(account), view.id, decision(view)));
      await refusedWith(fixture, 'SELF_APPROVAL', () =>
        fixture.changes.decide(who(account), view.id, decision(view, 'reject')),
      );
    }
  });

  it('refuses the person who answers for the agent that proposed', async () => {
    const fixture = createFixture();
    const view = await pending(fixture, who('advisor'));
    await refusedWith(fixture, 'SELF_APPROVAL', () => fixture.changes.decide(who('bob'), view.id, decision(view)));
  });

  it('refuses whoever edited a revision under another account', async () => {
    const fixture = createFixture();
    const view = await pending(fixture, who('ann'));
    const { title, rationale, operations } = proposal([patchOf('/balance', 20)]) as Record<string, unknown>;
    const revised = await fixture.changes.revise(who('ann-admin'), view.id, { title, rationale, operations });
    await refusedWith(fixture, 'SELF_APPROVAL', () => fixture.changes.decide(who('ann'), view.id, decision(revised)));
  });

  it('refuses agents and modules, even before it says whether the change-set exists', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    for (const name of ['advisor', 'billing']) {
      await refusedWith(fixture, 'AGENTS_CANNOT_DECIDE', () =>
        fixture.changes.decide(who(name), view.id, decision(view)),
      );
      await refusedWith(fixture, 'AGENTS_CANNOT_DECIDE', () =>
        fixture.changes.decide(who(name), 'nothing', decision(view)),
      );
    }
  });

  it('refuses people without a needed role', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    await refusedWith(fixture, 'NOT_ELIGIBLE', () => fixture.changes.decide(who('aud'), view.id, decision(view)));
  });

  it('counts one person once, whatever the account, and names the rule', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    await fixture.changes.decide(who('ann'), view.id, decision(view));
    await expect(fixture.changes.decide(who('ann-admin'), view.id, decision(view))).rejects.toThrow(
      /one person has one vote/,
    );
    await refusedWith(fixture, 'ALREADY_VOTED', () =>
      fixture.changes.decide(who('ann-admin'), view.id, decision(view)),
    );
    await refusedWith(fixture, 'ALREADY_VOTED', () =>
      fixture.changes.decide(who('ann'), view.id, decision(view, 'reject')),
    );
    expect((await fixture.changes.get(who('aud'), view.id)).votes).toHaveLength(1);
  });

  it('lets a person with both roles fill only one slot', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    const { change } = await fixture.changes.decide(who('otto'), view.id, decision(view));
    expect(change).toMatchObject({ state: 'pending', stillNeeded: { approvals: 1 } });
    const { change: after } = await fixture.changes.decide(who('rita'), view.id, decision(view));
    expect(after.state).toBe('approved');
  });

  it('does not let two owners stand in for the missing role', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    await fixture.changes.decide(who('ann'), view.id, decision(view));
    const { change } = await fixture.changes.decide(who('bob'), view.id, decision(view));
    expect(change).toMatchObject({ state: 'pending', stillNeeded: { approvals: 1, roles: ['risk'] } });
  });
});

describe('what a decision is about', () => {
  it('refuses a vote on an old revision and voids the votes it had', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    await fixture.changes.decide(who('ann'), view.id, decision(view));
    const { title, rationale, operations } = proposal([patchOf('/balance', 20)]) as Record<string, unknown>;
    const revised = await fixture.changes.revise(who('pete'), view.id, { title, rationale, operations });
    expect(revised).toMatchObject({ state: 'pending', revision: 2, votes: [] });
    expect(revised.contentHash).not.toBe(view.contentHash);
    await refusedWith(fixture, 'DECISION_STALE', () => fixture.changes.decide(who('rita'), view.id, decision(view)));
    const { change } = await fixture.changes.decide(who('rita'), view.id, decision(revised));
    expect(change.state).toBe('pending'); // ann's vote on revision 1 does not count
    await fixture.changes.decide(who('ann'), view.id, decision(revised));
    expect((await fixture.changes.get(who('aud'), view.id)).state).toBe('approved');
  });

  it('refuses an old revision even when content and assessment hash are those in force', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    const { title, rationale, operations } = proposal([patchOf('/balance', 10)], { title: 'Other words' }) as Record<
      string,
      unknown
    >;
    const revised = await fixture.changes.revise(who('pete'), view.id, { title, rationale, operations });
    expect(revised.contentHash).toBe(view.contentHash);
    await refusedWith(fixture, 'DECISION_STALE', () =>
      fixture.changes.decide(who('rita'), view.id, decision(revised, 'approve', { revision: 1 })),
    );
  });

  it('refuses forged hashes', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    const forged = 'f'.repeat(64);
    for (const more of [{ contentHash: forged }, { assessmentHash: forged }, { revision: 2 }]) {
      await refusedWith(fixture, 'DECISION_STALE', () =>
        fixture.changes.decide(who('rita'), view.id, decision(view, 'approve', more)),
      );
    }
  });

  it('answers the very same decision with the recorded one, also after it took effect', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    const mine = decision(view);
    const first = await fixture.changes.decide(who('ann'), view.id, mine);
    const before = contentsOf(fixture.store);
    expect(await fixture.changes.decide(who('ann'), view.id, mine)).toMatchObject({
      kind: 'recorded',
      vote: first.vote,
    });
    expect(contentsOf(fixture.store)).toBe(before);
    await fixture.changes.decide(who('rita'), view.id, decision(view));
    await fixture.changes.advance(view.id);
    expect(await fixture.changes.decide(who('ann'), view.id, mine)).toMatchObject({
      kind: 'recorded',
      change: { state: 'executed' },
    });
  });

  it('records a doubled click once', async () => {
    const fixture = createFixture({ store: { exclusive: false } });
    const view = await pending(fixture);
    const [mine, second] = [decision(view), fixture.other()];
    const results = await Promise.all(
      [fixture.changes, second, fixture.changes, second].map((c) => c.decide(who('ann'), view.id, mine)),
    );
    expect(results.map(({ kind }) => kind).sort()).toEqual(['decided', 'recorded', 'recorded', 'recorded']);
  });

  it('refuses a nonce that was used before: by another person, for another change-set, with another content', async () => {
    const fixture = createFixture();
    const [view, other] = [await pending(fixture), await pending(fixture)];
    const used = nonce();
    await fixture.changes.decide(who('ann'), view.id, decision(view, 'approve', { nonce: used }));
    const attempts: [string, ChangeView, object][] = [
      ['rita', view, decision(view, 'approve', { nonce: used })],
      ['ann', other, decision(other, 'approve', { nonce: used })],
      ['ann', view, decision(view, 'reject', { nonce: used })],
    ];
    for (const [name, about, input] of attempts) {
      await refusedWith(fixture, 'DECISION_REPLAYED', () => fixture.changes.decide(who(name), about.id, input));
    }
  });

  it('refuses a nonce used at the same moment in another process', async () => {
    const fixture = createFixture({ store: { exclusive: false } });
    const [view, other] = [await pending(fixture), await pending(fixture)];
    const used = nonce();
    const second = fixture.other();
    const results = await Promise.allSettled([
      fixture.changes.decide(who('ann'), view.id, decision(view, 'approve', { nonce: used })),
      second.decide(who('ann'), other.id, decision(other, 'approve', { nonce: used })),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'DECISION_REPLAYED' },
    });
  });

  it('refuses the replay of a vote that became void', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    const mine = decision(view);
    await fixture.changes.decide(who('ann'), view.id, mine);
    const { title, rationale, operations } = proposal([patchOf('/balance', 10)]) as Record<string, unknown>;
    await fixture.changes.revise(who('pete'), view.id, { title, rationale, operations });
    await refusedWith(fixture, 'DECISION_REPLAYED', () => fixture.changes.decide(who('ann'), view.id, mine));
  });

  it('refuses a decision after the deadline, and after its own expiry, by server time', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    const soon = new Date(fixture.clock.now() + 1000).toISOString();
    await fixture.clock.advance(1000);
    await refusedWith(fixture, 'DECISION_EXPIRED', () =>
      fixture.changes.decide(who('ann'), view.id, decision(view, 'approve', { expiresAt: soon })),
    );
    await fixture.clock.advance(hours(168) - 1001);
    expect((await fixture.changes.decide(who('ann'), view.id, decision(view))).kind).toBe('decided');
    await fixture.clock.advance(1);
    await refusedWith(fixture, 'DECISION_EXPIRED', () => fixture.changes.decide(who('rita'), view.id, decision(view)));
    expect(await fixture.changes.advance(view.id)).toEqual({ kind: 'end', state: 'expired' });
    await refusedWith(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.decide(who('rita'), view.id, decision(view)),
    );
  });

  it('needs a reason to reject, and one rejection ends it', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    const { reason: _reason, ...silent } = decision(view, 'reject') as Record<string, unknown>;
    await refusedWith(fixture, 'CHANGE_INVALID', () => fixture.changes.decide(who('rita'), view.id, silent));
    const { change } = await fixture.changes.decide(who('rita'), view.id, decision(view, 'reject'));
    expect(change).toMatchObject({
      state: 'rejected',
      votes: [{ personId: 'rita', decision: 'reject', reason: 'not now' }],
    });
    await refusedWith(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.decide(who('ann'), view.id, decision(view)),
    );
    expect(await fixture.changes.openIds({ limit: 10 })).toEqual([]);
  });
});

describe('races', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'of approval and rejection end in exactly one outcome (%i)',
    async (seed) => {
      const fixture = createFixture({ store: { exclusive: seed % 2 === 0 } });
      const view = await pending(fixture);
      await fixture.changes.decide(who('ann'), view.id, decision(view));
      const racers: [string, 'approve' | 'reject'][] = [
        ['rita', 'approve'],
        ['bob', 'reject'],
        ['otto', seed % 3 === 0 ? 'reject' : 'approve'],
      ];
      const processes: Changes[] = [fixture.changes, fixture.other(), fixture.other()];
      const order = racers
        .map((racer, i) => [racer, processes[(i * seed) % 3] as Changes] as const)
        .sort(() => ((seed * 7) % 5) - 2);
      const results = await Promise.allSettled(
        order.map(async ([[name, kind], changes], i) => {
          for (let turns = 0; turns < (seed * (i + 1)) % 4; turns++) await Promise.resolve();
          return changes.decide(who(name), view.id, decision(view, kind));
        }),
      );
      await fixture.changes.advance(view.id);
      const outcomes = (await entriesOf(fixture, view.id))
        .map(({ body }) => body.type)
        .filter((type) => /approved|rejected|executed/.test(type));
      const { state } = await fixture.record(view.id);
      const isVeto = state === 'rejected' && outcomes.includes('change.approved');
      expect(outcomes).toEqual(
        state === 'rejected'
          ? [...(isVeto ? ['change.approved'] : []), 'change.rejected']
          : ['change.approved', 'change.executed'],
      );
      expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toEqual(code('CHANGE_STATE_CONFLICT'));
    },
  );
});

describe('checked again at the claim', () => {
  async function approved(fixture: Fixture): Promise<ChangeView> {
    const view = await pending(fixture);
    for (const name of ['ann', 'rita']) await fixture.changes.decide(who(name), view.id, decision(view));
    return view;
  }
  const without = (personId: string): ReturnType<typeof createPolicy> =>
    createPolicy({ ...roster, people: roster.people.filter((person) => person.personId !== personId) }, modules);

  it('the roster: an approver has left, so it goes back to pending with a new assessment, and the vote is void', async () => {
    const fixture = createFixture();
    const view = await approved(fixture);
    const later = fixture.other({ policy: without('rita') });
    expect(await later.advance(view.id)).toMatchObject({ kind: 'wait', step: 'evaluate' });
    const returned = await later.get(who('aud'), view.id);
    expect(returned).toMatchObject({ state: 'pending', revision: 1, votes: [], contentHash: view.contentHash });
    expect(returned.assessmentHash).not.toBe(view.assessmentHash);
    await refusedWith(fixture, 'DECISION_STALE', () => later.decide(who('ann'), view.id, decision(view)));
    await later.decide(who('ann'), view.id, decision(returned));
    await later.decide(who('otto'), view.id, decision(returned));
    expect(await later.advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
  });

  it('the roster: a voter has become the owner of the proposing agent', async () => {
    const fixture = createFixture();
    const view = await pending(fixture, who('advisor'));
    for (const name of ['ann', 'rita']) await fixture.changes.decide(who(name), view.id, decision(view));
    const agents = roster.agents.map((agent) => ({ ...agent, owner: 'ann' }));
    const later = fixture.other({ policy: createPolicy({ ...roster, agents }, modules) });
    await later.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('pending');
  });

  it('the risk table: a stricter one demands more', async () => {
    const fixture = createFixture();
    const view = await approved(fixture);
    const strict = { ...risk, version: '2026-12-01', rules: risk.rules.map((rule) => ({ ...rule, approvals: 3 })) };
    const later = fixture.other({ risk: strict });
    await later.advance(view.id);
    expect(await later.get(who('aud'), view.id)).toMatchObject({
      state: 'pending',
      votes: [],
      risk: { approvals: 3, policy: { version: '2026-12-01' } },
    });
    const returned = (await entriesOf(fixture, view.id)).find(({ body }) => body.type === 'change.returned');
    expect(returned?.body.data['drift']).toEqual(['policy']);
  });

  it('the document: the second of two change-sets meets another version and goes back', async () => {
    const fixture = createFixture();
    const make = async (value: number): Promise<ChangeView> =>
      (await fixture.changes.propose(who('pete'), proposal([{ ...patchOf('/note', value), baseVersion: 0 }]))).change;
    const [one, two] = [await make(1), await make(2)];
    for (const view of [one, two]) await fixture.changes.decide(who('ann'), view.id, decision(view));
    await Promise.all([fixture.changes.advance(one.id), fixture.changes.advance(two.id)]);
    const states = [await fixture.record(one.id), await fixture.record(two.id)];
    expect(states.map(({ state }) => state)).toEqual(['executed', 'approved']); // the entity was locked: it looks again later
    await fixture.changes.advance(two.id);
    const view = await fixture.changes.get(who('aud'), two.id);
    expect(view).toMatchObject({
      state: 'pending',
      votes: [],
      blocked: { code: 'STALE_BASE' },
      preview: { kind: 'misfit' },
    });
    await refusedWith(fixture, 'RISK_BLOCKED', () =>
      fixture.changes.decide(
        who('ann'),
        two.id,
        decision({ ...view, assessmentHash: checked<AssessmentHash>(two.assessmentHash ?? '') }),
      ),
    );
    const { title, rationale, operations } = proposal([{ ...patchOf('/note', 2), baseVersion: 1 }]) as Record<
      string,
      unknown
    >;
    const revised = await fixture.changes.revise(who('pete'), two.id, { title, rationale, operations });
    await fixture.changes.decide(who('ann'), two.id, decision(revised));
    expect(await fixture.changes.advance(two.id)).toEqual({ kind: 'end', state: 'executed' });
    expect(await fixture.changes.document(who('ann'), 'account:1695')).toMatchObject({
      version: 2,
      document: { note: 2 },
    });
  });

  it('the document: without a base version it is assessed again on what is there now', async () => {
    const fixture = createFixture();
    const [one, two] = [await approved(fixture), await approved(fixture)];
    await fixture.changes.advance(one.id);
    expect(await fixture.changes.advance(two.id)).toMatchObject({ kind: 'wait', step: 'evaluate' });
    const view = await fixture.changes.get(who('aud'), two.id);
    expect(view).toMatchObject({ state: 'pending', votes: [], risk: { level: 'L1' } }); // 10 is there already: no money moves
  });

  it('the deadline', async () => {
    const fixture = createFixture();
    const view = await approved(fixture);
    await fixture.clock.advance(hours(168));
    expect(await fixture.changes.runStep('claim', view.id)).toEqual({ kind: 'next', step: 'evaluate' });
    expect(await fixture.changes.advance(view.id)).toEqual({ kind: 'end', state: 'expired' });
  });

  it('the record: one that its entries do not prove is not executed', async () => {
    const fixture = createFixture();
    const view = await pending(fixture);
    const other = await approved(fixture);
    const [forged, real] = [await fixture.record(view.id), await fixture.record(other.id)];
    const record = { ...forged, state: 'approved', approval: real.approval, votes: real.votes };
    await fixture.store.write([
      { kind: 'put', key: { pk: 'main#change', sk: view.id }, value: record as never, expect: 'any' },
    ]);
    await expect(fixture.changes.advance(view.id)).rejects.toEqual(code('CHANGE_STATE_CONFLICT'));
    expect((await fixture.changes.document(who('ann'), 'account:1695')).version).toBe(0);
  });
});

describe('withdrawing', () => {
  it('is for the proposer and the agent’s owner, while nothing runs', async () => {
    const fixture = createFixture();
    const view = await pending(fixture, who('advisor'));
    await refusedWith(fixture, 'NOT_PROPOSER', () => fixture.changes.withdraw(who('ann'), view.id));
    await refusedWith(fixture, 'NOT_PROPOSER', () =>
      fixture.changes.revise(who('bob'), view.id, { title: 'x', rationale: 'x', operations: [patchOf('/a', 1)] }),
    );
    expect((await fixture.changes.withdraw(who('bob'), view.id, { reason: 'wrong' })).state).toBe('cancelled');
    await refusedWith(fixture, 'CHANGE_STATE_CONFLICT', () => fixture.changes.withdraw(who('advisor'), view.id));
    await refusedWith(fixture, 'CHANGE_STATE_CONFLICT', () =>
      fixture.changes.decide(who('ann'), view.id, decision(view)),
    );
  });

  it('of an approved change-set wins or loses against its claim, never both', async () => {
    for (let turns = 0; turns < 8; turns++) {
      const fixture = createFixture({ store: { exclusive: false } });
      const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/note', 1)]));
      await fixture.changes.decide(who('ann'), change.id, decision(change));
      const second = fixture.other();
      const [withdrawn] = await Promise.allSettled([
        (async () => {
          for (let i = 0; i < turns * 3; i++) await Promise.resolve();
          return second.withdraw(who('pete'), change.id);
        })(),
        fixture.changes.advance(change.id),
      ]);
      await fixture.changes.advance(change.id);
      const { state } = await fixture.record(change.id);
      expect(state).toBe(withdrawn.status === 'fulfilled' ? 'cancelled' : 'executed');
    }
  });
});
