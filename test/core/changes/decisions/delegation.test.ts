/** Lending one's vote: it stays one vote of one person, and nobody gets more than they were given. */
import { describe, expect, it } from 'vitest';
import { createItemRebuilder, type DelegationInput } from '../../../../core/changes/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import {
  at,
  createGovernanceFixture,
  DAY_MS,
  onPolicy,
  patch,
  RISK,
  ROSTER,
  who,
  type GovernanceFixture,
} from '../governance-fixture.ts';
import { contentsOf, decision, hours } from '../fixture.ts';

const REASON = 'on leave';
const DELEGATIONS = 'system/delegations';

async function lend(fixture: GovernanceFixture, from: string, to: string, more: Partial<DelegationInput> = {}) {
  const until = new Date(fixture.clock.now() + 2 * DAY_MS).toISOString();
  return fixture.governing.delegate(who(from), { to, until, reason: REASON, ...more });
}

/** A proposal of ann's that carl has lent pete his vote for. */
async function lent(more: Partial<DelegationInput> = {}, roster: object = ROSTER) {
  const fixture = createGovernanceFixture({ roster });
  const view = await fixture.propose();
  const delegation = await lend(fixture, 'carl', 'pete', more);
  const vote = (by = 'pete', onBehalfOf = 'carl') =>
    fixture.changes.decide(who(by), view.id, decision(view, 'approve', { onBehalfOf }));
  return { fixture, view, delegation, vote };
}

describe('a delegated vote', () => {
  it('counts as the vote of who lent it, and says who cast it and by which entry', async () => {
    const { fixture, view, delegation, vote } = await lent();
    await vote();
    const [recorded] = (await fixture.record(view.id)).votes;
    expect(recorded).toMatchObject({
      ...{ personId: 'carl', roles: ['owner'], account: 'pete' },
      delegate: { personId: 'pete', delegation: delegation.id },
    });
    expect((await fixture.chain(DELEGATIONS)).map(({ hash }) => hash)).toEqual([delegation.id]);
    await fixture.approve(view, 'rita');
    await fixture.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('executed');
  });

  it('is one vote of two people: neither has another one', async () => {
    const { fixture, view, vote } = await lent();
    await lend(fixture, 'rita', 'pete');
    await vote();
    await expect(vote()).rejects.toMatchObject({ code: 'ALREADY_VOTED' });
    await expect(vote('pete', 'rita')).rejects.toMatchObject({ code: 'ALREADY_VOTED' });
    await expect(fixture.approve(view, 'carl')).rejects.toMatchObject({ code: 'ALREADY_VOTED' });
    await expect(fixture.approve(view, 'pete')).rejects.toMatchObject({ code: /ALREADY_VOTED|NOT_ELIGIBLE/ });
    expect((await fixture.record(view.id)).votes.length).toBe(1);
  });

  it('is not there any more when its owner, or who would cast it, has voted', async () => {
    const { fixture, view, vote } = await lent();
    await fixture.approve(view, 'carl');
    await expect(vote()).rejects.toMatchObject({ code: 'ALREADY_VOTED' });
    await lend(fixture, 'bob', 'rita');
    await fixture.approve(view, 'rita');
    await expect(vote('rita', 'bob')).rejects.toMatchObject({
      code: expect.stringMatching(/ALREADY_VOTED|STATE/) as string,
    });
  });

  it('is cast anew by a process that was halted between looking at the delegation and recording: it may be over by now', async () => {
    const fixture = createGovernanceFixture();
    const { store, clock } = fixture;
    const view = await fixture.propose();
    await lend(fixture, 'carl', 'pete', { until: new Date(clock.now() + hours(1)).toISOString() });
    const { change } = await fixture.changes.decide(who('rita'), view.id, decision(view, 'approve'));
    const other = fixture.process();
    const read = store.read.bind(store);
    let halts = 1;
    store.read = async (...asked) => {
      // What completes the quorum is proved after the delegation was looked at.
      if (asked[0] === change.entityId && halts-- > 0) await clock.advance(hours(2));
      return read(...asked);
    };
    const voting = other.changes.decide(who('pete'), view.id, decision(change, 'approve', { onBehalfOf: 'carl' }));
    await expect(voting).rejects.toMatchObject({ code: 'CHANGE_BUSY' });
    expect((await fixture.record(view.id)).votes.map(({ personId }) => personId)).toEqual(['rita']);
    expect(halts).toBeLessThan(1);
  });

  it('goes around in no loop', async () => {
    const { fixture, view, vote } = await lent();
    await lend(fixture, 'pete', 'carl');
    await vote();
    await expect(
      fixture.changes.decide(who('carl'), view.id, decision(view, 'approve', { onBehalfOf: 'pete' })),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/ALREADY_VOTED|NOT_ELIGIBLE/) as string,
    });
  });

  it('is not passed on', async () => {
    const { fixture, view, vote } = await lent();
    await lend(fixture, 'pete', 'sam');
    await expect(vote('sam', 'carl')).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    await expect(vote('sam', 'pete')).rejects.toMatchObject({ code: 'NOT_ELIGIBLE' });
    expect((await fixture.record(view.id)).votes).toEqual([]);
  });

  it('is given neither by nor to who has a part in the proposal', async () => {
    const fixture = createGovernanceFixture();
    const view = await fixture.propose();
    await lend(fixture, 'carl', 'ann');
    await lend(fixture, 'ann', 'pete');
    const cast = (by: string, onBehalfOf: string) =>
      fixture.changes.decide(who(by), view.id, decision(view, 'approve', { onBehalfOf }));
    for (const [by, onBehalfOf] of [
      ['ann', 'carl'],
      ['ann-2', 'carl'],
      ['pete', 'ann'],
    ] as const)
      await expect(cast(by, onBehalfOf)).rejects.toMatchObject({ code: 'SELF_APPROVAL' });
    const ofBot = await fixture.propose(undefined, {}, 'bot');
    await lend(fixture, 'rita', 'bob');
    await expect(
      fixture.changes.decide(who('bob'), ofBot.id, decision(ofBot, 'approve', { onBehalfOf: 'rita' })),
    ).rejects.toMatchObject({ code: 'SELF_APPROVAL' });
  });

  it('ends when its time does, and when it is revoked', async () => {
    const { fixture, vote, delegation } = await lent();
    await fixture.clock.advance(2 * DAY_MS);
    await expect(vote()).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    const second = await lent();
    await second.fixture.governing.endDelegation(who('carl'), second.delegation.id);
    await expect(second.vote()).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    expect(delegation.revokedAt).toBeUndefined();
  });

  it('is not recorded when the delegation is revoked between reading and recording', async () => {
    const { fixture, view, vote, delegation } = await lent();
    const other = fixture.process();
    const commit = fixture.store.commit.bind(fixture.store);
    fixture.store.commit = async (groups) => {
      fixture.store.commit = commit;
      await other.governing.endDelegation(who('carl'), delegation.id);
      return commit(groups);
    };
    await expect(vote()).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    expect((await fixture.record(view.id)).votes).toEqual([]);
    expect((await other.governing.delegations(who('carl'))).given[0]?.revokedAt).toBeDefined();
  });

  it('carries only the roles that were lent, and that their owner still has', async () => {
    const roster = {
      ...ROSTER,
      people: ROSTER.people.map((one) => (one.personId === 'carl' ? { ...one, roles: ['peer', 'owner'] } : one)),
    };
    const { vote } = await lent({ roles: ['peer'] }, roster);
    await expect(vote()).rejects.toMatchObject({ code: 'NOT_ELIGIBLE' });

    const { fixture, view, vote: second } = await lent({}, roster);
    const change = await fixture.propose(
      [patch({ op: 'replace', path: `/roster/people/${at('carl')}/roles`, value: ['peer'] })],
      onPolicy,
    );
    expect((await fixture.carryOut(change, 'bob', 'ralf', 'sue')).state).toBe('executed');
    await expect(second()).rejects.toMatchObject({ code: 'NOT_ELIGIBLE' });
    expect((await fixture.record(view.id)).votes).toEqual([]);
  });

  it('lets who may cast it see what it is about', async () => {
    const roles = { ...ROSTER.roles, guest: {} };
    const gina = { personId: 'gina', name: 'Gina', accounts: ['gina'], roles: ['guest'] };
    const roster = { ...ROSTER, roles, people: [...ROSTER.people, gina] };
    const { fixture, view } = await lent({}, roster);
    const guest = who('gina', roster);
    await expect(fixture.changes.get(guest, view.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { id } = await lend(fixture, 'rita', 'gina');
    expect((await fixture.changes.get(guest, view.id)).id).toBe(view.id);
    await fixture.governing.endDelegation(who('rita'), id);
    await expect(fixture.changes.get(guest, view.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('at the claim', () => {
  const LOCKED = { ...RISK, rules: [{ ...RISK.rules[0], when: { entity: ['account:1'] }, timelockMinutes: 2_880 }] };
  async function approved() {
    const fixture = createGovernanceFixture({ risk: LOCKED });
    const view = await fixture.propose();
    const delegation = await lend(fixture, 'carl', 'pete');
    await fixture.changes.decide(who('pete'), view.id, decision(view, 'approve', { onBehalfOf: 'carl' }));
    await fixture.approve(view, 'rita');
    return { fixture, view, delegation };
  }
  const after = async (fixture: GovernanceFixture, id: string): Promise<string> => {
    await fixture.clock.advance(2 * DAY_MS);
    await fixture.changes.advance(id);
    return (await fixture.record(id)).state;
  };

  it('a vote stands whose delegation has only run out', async () => {
    const { fixture, view } = await approved();
    expect(await after(fixture, view.id)).toBe('executed');
  });

  it('a vote falls whose delegation was revoked', async () => {
    const { fixture, view, delegation } = await approved();
    await fixture.governing.endDelegation(who('carl'), delegation.id);
    expect(await after(fixture, view.id)).toBe('pending');
  });

  it.each([
    ['its owner has no role any more', patch({ op: 'remove', path: `/roster/people/${at('carl')}` })],
    ['who cast it has left', patch({ op: 'remove', path: `/roster/people/${at('pete')}` })],
    [
      'the duties of both are kept apart since',
      patch({ op: 'add', path: '/roster/separation', value: [['owner', 'peer']] }),
    ],
  ])('a vote falls when %s', async (_, operation) => {
    const { fixture, view } = await approved();
    const change = await fixture.propose([operation], onPolicy);
    expect((await fixture.carryOut(change, 'bob', 'ralf', 'sue')).state).toBe('executed');
    expect(await after(fixture, view.id)).toBe('pending');
  });
});

describe('a delegation', () => {
  it.each<[string, { from?: string; to?: string; more?: object }, string]>([
    ['an agent', { to: 'bot' }, 'DELEGATION_INVALID'],
    ['a module', { to: 'billing' }, 'DELEGATION_INVALID'],
    ['nobody', { to: 'nobody' }, 'DELEGATION_INVALID'],
    ['an account, not a person', { to: 'ann-2' }, 'DELEGATION_INVALID'],
    ['oneself', { to: 'carl' }, 'DELEGATION_INVALID'],
    ['somebody, of a role one does not have', { more: { roles: ['risk'] } }, 'DELEGATION_INVALID'],
    ['somebody, for a month and a day', { more: { until: '2026-12-22T10:00:00Z' } }, 'DELEGATION_INVALID'],
    ['somebody, for the past', { more: { until: '2026-11-20T10:00:00Z' } }, 'DELEGATION_INVALID'],
    ['somebody, without a reason', { more: { reason: ' ' } }, 'CHANGE_INVALID'],
    ['somebody, by an agent', { from: 'bot' }, 'AGENTS_CANNOT_DECIDE'],
    ['somebody, by a module', { from: 'billing' }, 'AGENTS_CANNOT_DECIDE'],
  ])('is not given to %s', async (_, { from = 'carl', to = 'pete', more = {} }, code) => {
    const fixture = createGovernanceFixture();
    const before = contentsOf(fixture.store);
    await expect(lend(fixture, from, to, more)).rejects.toMatchObject({ code });
    expect(contentsOf(fixture.store)).toBe(before);
  });

  it('does not join duties that the roster keeps apart', async () => {
    const fixture = createGovernanceFixture({ roster: { ...ROSTER, separation: [['owner', 'risk']] } });
    await expect(lend(fixture, 'carl', 'rita')).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
    await lend(fixture, 'carl', 'pete');
  });

  it('is ended by who gave it, once', async () => {
    const { fixture, delegation } = await lent();
    await expect(fixture.governing.endDelegation(who('pete'), delegation.id)).rejects.toMatchObject({
      code: 'DELEGATION_INVALID',
    });
    const ended = await fixture.governing.endDelegation(who('carl'), delegation.id);
    expect(await fixture.governing.endDelegation(who('carl'), delegation.id)).toEqual(ended);
    expect((await fixture.chain(DELEGATIONS)).map(({ body }) => body.type)).toEqual([
      ...['delegation.granted', 'delegation.revoked'],
    ]);
    expect(await fixture.governing.delegations(who('pete'))).toEqual({ given: [], received: [ended] });
  });

  it('is one of twenty at most', async () => {
    const fixture = createGovernanceFixture();
    for (let i = 0; i < 20; i++) await lend(fixture, 'carl', 'pete');
    await expect(lend(fixture, 'carl', 'pete')).rejects.toMatchObject({ code: 'DELEGATION_INVALID' });
  });

  it('is found again from the entries alone', async () => {
    const { fixture, delegation } = await lent();
    await lend(fixture, 'rita', 'pete', { roles: ['risk'] });
    await fixture.governing.endDelegation(who('carl'), delegation.id);
    const copy = new MemoryStore();
    const rebuild = createItemRebuilder({ ledger: 'main', items: copy, entries: fixture.store });
    for (const entry of await fixture.chain(DELEGATIONS)) {
      const rebuilt = await rebuild(entry);
      if (rebuilt.kind !== 'writes') throw new Error(rebuilt.reason);
      await copy.write(rebuilt.writes);
    }
    for (const pk of ['main#delegation#carl', 'main#delegation#rita', 'main#delegation-to#pete'])
      expect(await copy.list(pk, { limit: 10 })).toEqual(await fixture.store.list(pk, { limit: 10 }));
  });
});

describe('the inbox of who was lent a vote', () => {
  const inboxOf = async (fixture: GovernanceFixture, account: string, roster: object = ROSTER) =>
    (await fixture.changes.list(who(account, roster), { for: 'me' })).changes.map(({ id, mayVoteAs }) => ({
      id,
      mayVoteAs,
    }));

  it('holds what they may decide with it, and says whose vote it would be', async () => {
    const { fixture, view, delegation, vote } = await lent();
    const other = await lend(fixture, 'rita', 'bob');
    const ofCarl = { personId: 'carl', delegation: delegation.id };
    expect(await inboxOf(fixture, 'pete')).toEqual([{ id: view.id, mayVoteAs: [ofCarl] }]);
    const ofRita = { personId: 'rita', delegation: other.id };
    expect(await inboxOf(fixture, 'bob')).toEqual([{ id: view.id, mayVoteAs: [{ personId: 'bob' }, ofRita] }]);
    await vote();
    expect(await inboxOf(fixture, 'pete')).toEqual([]);
    expect(await inboxOf(fixture, 'carl')).toEqual([]);
    expect((await fixture.changes.list(who('pete'))).changes.map(({ mayVoteAs }) => mayVoteAs)).toEqual([undefined]);
  });

  it('holds nothing when the vote is taken back, runs out, or would mix what is kept apart', async () => {
    const { fixture, delegation } = await lent();
    await fixture.governing.endDelegation(who('carl'), delegation.id);
    expect(await inboxOf(fixture, 'pete')).toEqual([]);
    await lend(fixture, 'carl', 'pete');
    await fixture.clock.advance(2 * DAY_MS);
    expect(await inboxOf(fixture, 'pete')).toEqual([]);
    await lend(fixture, 'carl', 'pete');
    expect(await inboxOf(fixture, 'pete')).not.toEqual([]);
    await fixture.carryOut(
      await fixture.propose([patch({ op: 'add', path: '/roster/separation', value: [['owner', 'peer']] })], onPolicy),
      ...['bob', 'ralf', 'sam'],
    );
    await fixture.governance.refresh();
    expect(await inboxOf(fixture, 'pete')).toEqual([]);
    expect(await inboxOf(fixture, 'carl')).not.toEqual([]);
  });

  it('shows it to who could not read it otherwise', async () => {
    const people = ROSTER.people.map((one) => (one.personId === 'pete' ? { ...one, roles: ['clerk'] } : one));
    const roster = { ...ROSTER, roles: { ...ROSTER.roles, clerk: {} }, people };
    const fixture = createGovernanceFixture({ roster });
    const view = await fixture.propose();
    expect((await fixture.changes.list(who('pete', roster))).changes).toEqual([]);
    const { id: delegation } = await lend(fixture, 'carl', 'pete');
    const mayVoteAs = [{ personId: 'carl', delegation }];
    expect(await inboxOf(fixture, 'pete', roster)).toEqual([{ id: view.id, mayVoteAs }]);
  });
});
