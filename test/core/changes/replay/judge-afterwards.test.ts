/** What people say of it afterwards, as a replay judges it: what became of a failed rollback, and reviews. Each rule alone. */
import { describe, expect, it } from 'vitest';
import type { AssessmentHash, ContentHash, PersonId } from '../../../../core/brands/index.ts';
import * as judge from '../../../../core/changes/replay/judge-decision.ts';
import { createRiskTable } from '../../../../core/changes/risk/risk.ts';
import { decisionChallenge, type DecisionSubject } from '../../../../core/changes/index.ts';
import { riskSchema } from '../../../../core/changes/index.ts';
import { createPolicy, rosterSchema } from '../../../../core/policy/index.ts';
import { risk, roster } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

const AT = '2026-11-21T08:00:00.000Z';
const ROSTER = rosterSchema.parse({
  ...roster,
  roles: { ...roster.roles, guest: {} },
  people: [...roster.people, { personId: 'gus', name: 'Gus', accounts: ['gus'], roles: ['guest'] }],
});
const inForce = { policy: createPolicy(ROSTER, {}), risk: createRiskTable(risk), signers: {} };
const RESOLUTIONS = [
  { personId: 'ann', roles: ['owner'], outcome: 'executed', step: 'ann-1' },
  { personId: 'rita', roles: ['risk'], outcome: 'executed', step: 'rita-1' },
];

interface Around {
  readonly actor?: object;
  readonly of?: object;
  readonly type?: string;
}

function asked(data: object, { actor, of = {}, type = 'change.x' }: Around): [never, judge.DecisionContext] {
  const record = {
    ...{ id: 'c', entityId: 'account:1', proposer: { kind: 'person', id: 'pete' }, createdAt: AT, votes: [] },
    content: { excludes: ['pete'], initiator: 'person:pete', operations: [] },
    assessment: { roles: ['owner'], approvals: 1, level: 'L1', facts: {} },
    ...of,
  };
  const step = { type, actor, at: AT, entity: 'account:1', data };
  return [step as never, { ledger: 'main', inForce, delegation: () => undefined, record } as never];
}
const person = (id: string): object => ({ kind: 'person', id });

describe('a word on what became of it', () => {
  const said = (personId: string, roles: readonly string[], around: Around = {}): string | undefined =>
    judge.judgeResolution(...asked({ personId, roles }, { actor: person(personId), ...around }));

  it('is of a person, as all that they hold', () => {
    expect(said('ann', ['owner'])).toBeUndefined();
    expect(said('otto', ['owner', 'risk'])).toBeUndefined();
    expect(said('ann', ['owner'], { actor: person('bob') })).toContain('no account of ann');
    expect(said('ann', ['owner'], { actor: { kind: 'agent', id: 'advisor' } })).toContain('cannot decide');
    expect(said('otto', ['owner'])).toBe('otto speaks as owner, but holds owner, risk');
    expect(said('otto', ['owner', 'auditor'])).toBe('otto speaks as owner, auditor, but holds owner, risk');
    expect(said('otto', ['risk', 'owner'])).toContain('but holds owner, risk');
    expect(said('ann', [])).toBe('ann speaks as nothing, but holds owner');
  });

  it('is of somebody whose role was needed and who had no part in it', () => {
    expect(said('gus', ['guest'])).toContain('holds none of the roles');
    expect(said('ann', ['owner'], { of: { content: { excludes: ['ann'] } } })).toContain('ask someone else');
  });

  it('is not of who answers for the agent that proposed it now', () => {
    const byAgent = (id: string, kind = 'agent'): object => ({ proposer: { kind, id }, content: { excludes: [] } });
    expect(said('bob', ['owner'], { of: byAgent('advisor') })).toContain('answers for its proposer');
    expect(said('ann', ['owner'], { of: byAgent('advisor') })).toBeUndefined();
    expect(said('bob', ['owner'], { of: byAgent('another') })).toBeUndefined();
    expect(said('bob', ['owner'], { of: byAgent('advisor', 'module') })).toBeUndefined();
    const both = { proposer: { kind: 'agent', id: 'advisor' }, content: { excludes: ['ann'] } };
    expect(said('ann', ['owner'], { of: both })).toContain('ask someone else');
    expect(said('bob', ['owner'], { of: both })).toContain('ask someone else');
  });
});

describe('what two people agree became of it', () => {
  const DISAGREE = 'by the roster in force no two people who may say so agree on it';
  const resolved = (steps: readonly string[], of: object = {}, what = 'executed'): string | undefined =>
    judge.judgeResolved(
      ...asked({ resolutions: steps }, { type: `change.resolved-${what}`, of: { resolutions: RESOLUTIONS, ...of } }),
    );
  const saying = (more: object): object => ({ resolutions: [RESOLUTIONS[0], { ...RESOLUTIONS[1], ...more }] });

  it('is what both said last', () => {
    expect(resolved(['ann-1', 'rita-1'])).toBeUndefined();
    for (const steps of [
      ['ann-1', 'x'],
      ['x', 'rita-1'],
      ['x', 'y'],
    ])
      expect(resolved(steps)).toBe(DISAGREE);
    expect(resolved(['ann-1', 'rita-1'], saying({ outcome: 'rolled_back' }))).toBe(DISAGREE);
    const changed = [...RESOLUTIONS, { ...RESOLUTIONS[1], step: 'rita-2', outcome: 'rolled_back' }];
    expect(resolved(['ann-1', 'rita-1'], { resolutions: changed })).toBe(DISAGREE);
    expect(resolved(['ann-1', 'rita-1'], { resolutions: undefined })).toBe(DISAGREE);
  });

  it('is what the step is called by', () => {
    const back = { resolutions: RESOLUTIONS.map((one) => ({ ...one, outcome: 'rolled_back' })) };
    expect(resolved(['ann-1', 'rita-1'], back, 'rolled-back')).toBeUndefined();
    expect(resolved(['ann-1', 'rita-1'], back)).toBe(DISAGREE);
    expect(resolved(['ann-1', 'rita-1'], {}, 'rolled-back')).toBe(DISAGREE);
  });

  it('is said by who may still say so', () => {
    for (const personId of ['gus', 'pete', 'gone'])
      expect(resolved(['ann-1', 'rita-1'], saying({ personId }))).toBe(DISAGREE);
    const byAgent = { proposer: { kind: 'agent', id: 'advisor' }, ...saying({ personId: 'bob' }) };
    expect(resolved(['ann-1', 'rita-1'], byAgent)).toBe(DISAGREE);
    expect(resolved(['ann-1', 'rita-1'], saying({ personId: 'bob' }))).toBeUndefined();
  });
});

describe('a review', () => {
  const review = (personId: string, around: Around = {}, reviews: readonly object[] = []): string | undefined =>
    judge.judgeReview(
      ...asked({ personId }, { actor: person(personId), ...around, of: { postReview: { reviews }, ...around.of } }),
    );

  it('is by a person who may read it and had no part in it', () => {
    expect(review('ann')).toBeUndefined();
    expect(review('ann', { actor: person('bob') })).toContain('no account of ann');
    expect(review('gus')).toBe('gus may not read "account:1"');
    expect(review('pete')).toContain('had a part in');
    expect(review('ann', { of: { votes: [{ personId: 'ann' }] } })).toContain('had a part in');
    const byAgent = { proposer: { kind: 'agent', id: 'advisor' } };
    expect(review('bob', { of: byAgent })).toContain('had a part in');
    expect(review('ann', { of: byAgent })).toBeUndefined();
  });

  it('is of what there is to review, once by each of two people', () => {
    expect(review('ann', { of: { postReview: undefined } })).toContain('nothing to review');
    const [rita, otto] = ['rita', 'otto'].map((personId) => ({ personId, verdict: 'justified', reason: 'x' }));
    expect(review('ann', {}, [rita as object])).toBeUndefined();
    expect(review('rita', {}, [rita as object])).toContain('has reviewed c already');
    expect(review('ann', {}, [rita as object, otto as object])).toContain('it is done');
  });
});

describe('an escalation to more than one role', () => {
  const table = riskSchema.parse({
    ...risk,
    escalation: { afterHours: 24, roles: { owner: ['auditor'], risk: ['proposer'] } },
  });
  const escalated = (eligible: object): string | undefined => {
    const [, deciding] = asked(
      {},
      { of: { entries: [], assessment: { roles: ['owner', 'risk'], approvals: 2, facts: {} } } },
    );
    const step = { type: 'change.escalated', actor: person('x'), at: '2026-11-22T08:00:00.000Z', data: { eligible } };
    return judge.judgeEscalation(step as never, {
      ...deciding,
      inForce: { ...inForce, risk: createRiskTable(table) },
    });
  };

  it('lets just those help that the rules name, for each role', () => {
    expect(escalated({ owner: ['auditor'], risk: ['proposer'] })).toBeUndefined();
    expect(escalated({ risk: ['proposer'], owner: ['auditor'] })).toBeUndefined();
    for (const eligible of [
      { owner: ['auditor'] },
      { risk: ['proposer'] },
      { owner: ['auditor'], risk: ['auditor'] },
      { owner: ['proposer'], risk: ['proposer'] },
      { owner: ['auditor', 'proposer'], risk: ['proposer'] },
      { owner: [], risk: ['proposer'] },
    ])
      expect(escalated(eligible)).toBe('it lets other roles help than the rules in force do');
  });
});

describe('a signature', () => {
  const subject = {
    ...{
      ledger: 'main',
      change: 'c',
      revision: 1,
      contentHash: checked<ContentHash>('c'),
      assessmentHash: checked<AssessmentHash>('a'),
      personId: checked<PersonId>('ann'),
      nonce: 'n',
    },
    ...{ decision: 'approve' as const },
  };
  const over = (more: Partial<DecisionSubject>): object => {
    const challenge = Buffer.from(decisionChallenge({ ...subject, ...more }), 'hex').toString('base64url');
    const client = JSON.stringify({ type: 'webauthn.get', challenge });
    return { clientDataJSON: Buffer.from(client).toString('base64url') };
  };
  const DATA = {
    ...{ personId: 'ann', roles: ['owner'], decision: 'approve', revision: 1, nonce: 'n' },
    ...{ contentHash: 'c', assessmentHash: 'a' },
  };
  const vote = (more: object = {}): string | undefined =>
    judge.judgeVote(...asked({ ...DATA, ...more }, { actor: person('ann') }));

  it('is over this decision, each part of it, where there is one', () => {
    expect(vote()).toBeUndefined();
    expect(vote({ assertion: over({}) })).toBeUndefined();
    expect(vote({ assertion: { clientDataJSON: 'e30' } })).toContain('must be the client data');
    for (const more of [
      ...[{ ledger: 'other' }, { change: 'd' }, { revision: 2 }, { contentHash: checked<ContentHash>('d') }],
      ...[{ assessmentHash: checked<AssessmentHash>('b') }],
      ...[{ decision: 'reject' as const }, { personId: checked<PersonId>('bob') }, { nonce: 'm' }, { expiresAt: AT }],
    ])
      expect([more, vote({ assertion: over(more) })]).toEqual([more, expect.stringContaining('over another decision')]);
  });
});
