/** Decisions as a replay judges them: by the roster and the rules in force, each rule at its edge. */
import { describe, expect, it } from 'vitest';
import type { IsoInstant, PersonId } from '../../../../core/brands/index.ts';
import { createRiskTable } from '../../../../core/changes/risk/risk.ts';
import { riskSchema } from '../../../../core/changes/index.ts';
import type { DecisionContext } from '../../../../core/changes/replay/judge-decision.ts';
import * as judge from '../../../../core/changes/replay/judge-decision.ts';
import { judgeGrant, judgeRevocation } from '../../../../core/changes/replay/judge-delegation.ts';
import { createPolicy, rosterSchema } from '../../../../core/policy/index.ts';
import { risk, roster } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

const AT = Date.parse('2026-11-21T08:00:00.000Z');
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

const ROSTER = rosterSchema.parse({
  ...roster,
  roles: { ...roster.roles, oncall: { overrides: ['account:*'] }, legal: {}, guest: {} },
  people: [
    ...roster.people,
    { personId: 'olga', name: 'Olga', accounts: ['olga'], roles: ['oncall'] },
    { personId: 'lea', name: 'Lea', accounts: ['lea'], roles: ['legal'] },
    { personId: 'gus', name: 'Gus', accounts: ['gus'], roles: ['guest'] },
  ],
  separation: [['risk', 'legal']],
});
const freezes = [{ name: 'holidays', from: iso(AT), until: iso(AT + DAY_MS) }];
const table = riskSchema.parse({ ...risk, escalation: { afterHours: 24, roles: { owner: ['legal'] } } });
const inForce = { policy: createPolicy(ROSTER, {}), risk: createRiskTable(table), signers: {} };
const frozen = { ...inForce, risk: createRiskTable(riskSchema.parse({ ...risk, freezes })) };

const vote = (personId: string, roles: string[], more: object = {}): object => ({
  ...{ personId, roles, decision: 'approve', account: personId },
  ...more,
});
const record = (more: object = {}): object => ({
  ...{ id: 'c', entityId: 'account:1', proposer: { kind: 'person', id: 'pete' }, createdAt: iso(AT) },
  content: { excludes: ['pete'], initiator: 'person:pete', operations: [] },
  assessment: {
    ...{ roles: ['owner', 'risk'], approvals: 2, level: 'L2', facts: {}, assessmentHash: 'a' },
    policy: inForce.risk.policy,
  },
  entries: [
    { type: 'change.proposed', at: iso(AT) },
    { type: 'change.assessed', at: iso(AT) },
  ],
  votes: [vote('ann', ['owner']), vote('rita', ['risk'])],
  ...more,
});
const deciding = (more: object = {}, of: object = {}): DecisionContext =>
  ({ ledger: 'main', inForce, delegation: () => undefined, record: record(of), ...more }) as unknown as DecisionContext;
const step = (data: object, actor = 'ann', at = AT): never =>
  ({ type: 'change.x', actor: { kind: 'person', id: actor }, at: iso(at), entity: 'account:1', data }) as never;

const lent = { from: 'rita', to: 'ann', until: iso(AT + DAY_MS), reason: 'x', isRevoked: false };
const byDelegate = (more: object = {}, data: object = {}): string | undefined =>
  judge.judgeVote(
    step({ personId: 'rita', roles: ['risk'], delegate: { personId: 'ann', delegation: 'd' }, ...data }),
    deciding({ delegation: (id: string) => (id === 'd' ? { ...lent, ...more } : undefined) }),
  );

describe('a vote', () => {
  it('is of the person whose account it is, as all that they hold', () => {
    expect(judge.judgeVote(step({ personId: 'ann', roles: ['owner'] }), deciding())).toBeUndefined();
    expect(judge.judgeVote(step({ personId: 'otto', roles: ['owner', 'risk'] }, 'otto'), deciding())).toBeUndefined();
    expect(judge.judgeVote(step({ personId: 'otto', roles: ['owner'] }, 'otto'), deciding())).toContain('but holds');
    expect(judge.judgeVote(step({ personId: 'ann', roles: ['owner', 'risk'] }), deciding())).toContain('but holds');
    expect(judge.judgeVote(step({ personId: 'bob', roles: ['owner'] }), deciding())).toContain('no account of bob');
  });

  it('for another rests on a delegation that stands', () => {
    expect(byDelegate()).toBeUndefined();
    expect(byDelegate({}, { delegate: { personId: 'ann', delegation: 'x' } })).toContain('no such delegation');
    expect(byDelegate({ from: 'otto' })).toContain('the delegation is of otto');
    expect(byDelegate({ to: 'bob' })).toContain('to bob');
    expect(byDelegate({ isRevoked: true })).toContain('had revoked');
    expect(byDelegate({ until: iso(AT - MINUTE_MS) })).toContain('ended at');
    expect(byDelegate({ until: iso(AT - MINUTE_MS + 1) })).toBeUndefined();
    expect(byDelegate({ roles: ['owner'] })).toContain('but holds');
    expect(byDelegate({ roles: ['risk'] })).toBeUndefined();
    expect(byDelegate({ to: 'lea' }, { delegate: { personId: 'lea', delegation: 'd' } })).toContain(
      'no account of lea',
    );
  });

  it('is not cast by who would hold duties that are kept apart', () => {
    const data = { personId: 'rita', roles: ['risk'], delegate: { personId: 'lea', delegation: 'd' } };
    const fixture = deciding({ delegation: () => ({ ...lent, to: 'lea' }) });
    expect(judge.judgeVote(step(data, 'lea'), fixture)).toContain('keeps apart');
  });
});

describe('an override', () => {
  const override = (data: object = {}, actor = 'olga'): string | undefined =>
    judge.judgeOverride(step({ personId: 'olga', ticket: 'INC-7', reason: 'x', ...data }, actor), deciding());
  it('takes the right, a ticket and a reason', () => {
    expect(override()).toBeUndefined();
    expect(override({ ticket: ' ' })).toContain('a ticket and a reason');
    expect(override({ reason: '' })).toContain('a ticket and a reason');
    expect(override({}, 'ann')).toContain('no account of olga');
    expect(override({ personId: 'ann' }, 'ann')).toContain('no right to override');
  });
});

describe('a claim', () => {
  const claim = (of: object = {}, more: object = {}, at = AT): string | undefined =>
    judge.judgeClaim(step({}, 'x', at), deciding(more, of));
  const assessed = (facts: object): object => ({
    assessment: { ...(record() as { assessment: object }).assessment, facts },
  });

  it('rests on a quorum of who holds the roles now, or on an override that still stands', () => {
    expect(claim()).toBeUndefined();
    expect(claim({ assessment: undefined })).toBe('nothing was assessed');
    expect(claim({ votes: [vote('ann', ['owner'])] })).toContain('lacks people');
    expect(claim({ votes: [vote('ann', ['owner']), vote('bob', ['risk'])] })).toContain('lacks people');
    expect(claim({ votes: [vote('pete', ['owner']), vote('rita', ['risk'])] })).toContain('lacks people');
    const override = (personId: string): object => ({ votes: [], override: { personId, account: personId } });
    expect(claim(override('olga'))).toBeUndefined();
    expect(claim(override('ann'))).toContain('lacks people');
    expect(claim({ ...override('olga'), content: { excludes: ['olga'] } })).toContain('lacks people');
  });

  it('counts the votes that were lent, while the delegation stands and the delegate is there', () => {
    const votes = [vote('ann', ['owner']), vote('rita', ['risk'], { delegate: { personId: 'bob', delegation: 'd' } })];
    const with_ = (more: object): string | undefined =>
      claim({ votes }, { delegation: () => ({ ...lent, to: 'bob', ...more }) });
    expect(with_({})).toBeUndefined();
    expect(with_({ until: iso(AT - DAY_MS) })).toBeUndefined(); // an end that has passed since does not matter
    expect(with_({ isRevoked: true })).toContain('lacks people');
    expect(claim({ votes }, { delegation: () => undefined })).toContain('lacks people');
    const delegate = (personId: string): object => ({
      votes: [vote('ann', ['owner']), vote('rita', ['risk'], { delegate: { personId, delegation: 'd' } })],
    });
    expect(claim(delegate('nobody'), { delegation: () => lent })).toContain('lacks people');
    expect(claim(delegate('lea'), { delegation: () => lent })).toContain('lacks people');
    expect(claim(delegate('pete'), { delegation: () => lent })).toContain('lacks people');
  });

  it('is by the rules it was assessed by, and outside freezes that it was not assessed in', () => {
    const other = {
      assessment: { ...(record() as { assessment: object }).assessment, policy: { version: 'x', hash: 'x' } },
    };
    expect(claim(other)).toContain('no longer in force');
    const byFrozen = (facts: object, at: number): string | undefined => {
      const of = assessed(facts) as { assessment: object };
      return claim({ assessment: { ...of.assessment, policy: frozen.risk.policy } }, { inForce: frozen }, at);
    };
    expect(byFrozen({}, AT - 1)).toBeUndefined();
    expect(byFrozen({}, AT)).toBeUndefined(); // a minute ago there was none
    expect(byFrozen({}, AT + MINUTE_MS - 1)).toBeUndefined();
    expect(byFrozen({}, AT + MINUTE_MS)).toContain('freeze');
    expect(byFrozen({ freeze: { names: ['holidays'] } }, AT + MINUTE_MS)).toBeUndefined();
    expect(byFrozen({ freeze: { names: ['other'] } }, AT + MINUTE_MS)).toContain('freeze');
    expect(byFrozen({}, AT + DAY_MS)).toBeUndefined();
  });
});

describe('an escalation', () => {
  const HOURS_24 = 24 * 3_600_000;
  const escalate = (eligible: object, at = AT + HOURS_24, of: object = {}): string | undefined =>
    judge.judgeEscalation(step({ eligible }, 'x', at), deciding({}, of));
  it('comes when the rules say, to the roles that they name', () => {
    expect(escalate({ owner: ['legal'] })).toBeUndefined();
    expect(escalate({ owner: ['legal'] }, AT + HOURS_24 - 1)).toContain('before 24 h');
    expect(escalate({})).toContain('other roles');
    expect(escalate({ owner: ['risk'] })).toContain('other roles');
    expect(escalate({ owner: ['legal'], risk: ['legal'] })).toContain('other roles');
    expect(escalate({ owner: ['legal'] }, AT + HOURS_24, { entityId: 'registry:policy' })).toContain(
      'escalate nothing',
    );
    expect(escalate({ owner: ['legal'] }, AT + HOURS_24, { assessment: undefined })).toContain('escalate nothing');
    const later = {
      entries: [
        { type: 'change.assessed', at: iso(AT + 1) },
        { type: 'change.reminded', at: iso(AT + DAY_MS) },
      ],
    };
    expect(escalate({ owner: ['legal'] }, AT + HOURS_24, later)).toContain('before 24 h');
    expect(escalate({ owner: ['legal'] }, AT + HOURS_24 + 1, later)).toBeUndefined();
  });
});

describe('an abort', () => {
  it('is by somebody whose role was needed', () => {
    const abort = (personId: string, of: object = {}): string | undefined =>
      judge.judgeAbort(step({ personId }, personId), deciding({}, of));
    expect(abort('rita')).toBeUndefined();
    expect(abort('aud')).toContain('none of the roles');
    expect(judge.judgeAbort(step({ personId: 'rita' }, 'ann'), deciding())).toContain('no account of rita');
    expect(abort('rita', { assessment: undefined })).toContain('none of the roles');
  });
});

describe('a delegation', () => {
  const entry = (actor: string): never => ({ body: { at: iso(AT), actor: { kind: 'person', id: actor } } }) as never;
  const grant = (more: object = {}, actor = 'otto'): string | undefined =>
    judgeGrant(
      entry(actor),
      {
        from: checked<PersonId>('otto'),
        to: checked<PersonId>('bob'),
        until: checked<IsoInstant>(iso(AT + DAY_MS)),
        reason: 'x',
        ...more,
      },
      inForce,
    );

  it('is given by whose roles they are, to another, within 30 days', () => {
    expect(grant()).toBeUndefined();
    expect(grant({ roles: ['risk'] })).toBeUndefined();
    expect(grant({ roles: ['risk', 'legal'] })).toBe('otto does not hold "legal"');
    expect(grant({}, 'bob')).toContain('no account of otto');
    expect(grant({ to: 'otto' })).toContain('no other person');
    expect(grant({ to: 'nobody' })).toContain('no other person');
    const until = (ms: number): string | undefined => grant({ until: iso(AT + ms) });
    expect(until(-MINUTE_MS)).toContain('within 30 days');
    expect(until(30 * DAY_MS + MINUTE_MS + 1)).toContain('within 30 days');
    expect([until(-MINUTE_MS + 1), until(30 * DAY_MS + MINUTE_MS)]).toEqual([undefined, undefined]);
    expect(grant({ to: 'lea' })).toContain('keeps apart');
    expect(grant({ to: 'lea', roles: ['owner'] })).toBeUndefined();
  });

  it('is taken back by who gave it', () => {
    const back = (known: object | undefined, actor = 'otto'): string | undefined =>
      judgeRevocation(
        entry(actor),
        { delegation: 'd', from: checked<PersonId>('otto') },
        { inForce, known: known as never },
      );
    expect(back({ from: 'otto' })).toBeUndefined();
    expect(back({ from: 'bob' })).toContain('has given no such delegation');
    expect(back(undefined)).toContain('has given no such delegation');
    expect(back({ from: 'otto' }, 'bob')).toContain('no account of otto');
  });
});
