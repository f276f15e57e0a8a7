/** Steps that somebody with the pen could write but nobody may: whoever folds the chain refuses them. */
import { describe, expect, it } from 'vitest';
import { assessmentHash } from '../../../../core/changes/model/binding-hashes.ts';
import { reduceChange } from '../../../../core/changes/reducer/reduce.ts';
import { parseStep, stepHash, type Assessment, type ChangeStep } from '../../../../core/changes/model/steps.ts';
import { recordingFixture, by, overrideOf, pending, vote } from '../recording/recording-fixture.ts';
import { decision, entriesOf, hours, patchOf, type Fixture } from '../fixture.ts';

const stepsOf = async (fixture: Fixture, id: string): Promise<ChangeStep[]> =>
  (await entriesOf(fixture, id)).map((entry) => parseStep(entry) as ChangeStep);

/** The state a history leads to, or why it is refused. */
function fold(all: readonly ChangeStep[]): string {
  let record: Parameters<typeof reduceChange>[0];
  for (const [i, step] of all.entries()) {
    const reduced = reduceChange(record, { ...step, seq: i });
    if (reduced.kind === 'refused') return `${step.type}: ${reduced.code}`;
    record = reduced.record;
  }
  return record?.state ?? 'none';
}

const with0 = (step: ChangeStep, data: object, more: object = {}): ChangeStep =>
  ({ ...step, ...more, data: { ...step.data, ...data } }) as ChangeStep;
const last = (all: readonly ChangeStep[]): ChangeStep => all.at(-1) as ChangeStep;

describe('a forged revocation', () => {
  it('of another’s vote, of one that does not stand, or by an agent is refused', async () => {
    const fixture = recordingFixture();
    const view = await vote(fixture, await pending(fixture), 'ann', 'bob');
    await fixture.changes.revoke(by('ann'), view.id);
    const all = await stepsOf(fixture, view.id);
    const revoked = last(all);
    const instead = (data: object, more: object = {}): string =>
      fold([...all.slice(0, -1), with0(revoked, data, more)]);
    expect(fold(all)).toBe('pending');
    expect(instead({ personId: 'bob' })).toBe('change.vote-revoked: NO_SUCH_VOTE');
    expect(instead({ vote: 'f'.repeat(64) })).toBe('change.vote-revoked: NO_SUCH_VOTE');
    expect(instead({}, { actor: { kind: 'agent', id: 'advisor' } })).toBe('change.vote-revoked: AGENTS_CANNOT_DECIDE');
    expect(instead({}, { at: view.deadline })).toBe('change.vote-revoked: DECISION_EXPIRED');
    expect(fold([...all, revoked])).toBe('change.vote-revoked: NO_SUCH_VOTE');
  });
});

describe('a forged override', () => {
  it('of hard rules, by a partaker or an agent, on another basis, or reviewed too late is refused', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    await fixture.changes.override(by('olga'), view.id, overrideOf(view));
    const all = await stepsOf(fixture, view.id);
    const [proposed, assessed, overridden] = all as [ChangeStep, ChangeStep, ChangeStep];
    const instead = (data: object, more: object = {}): string =>
      fold([proposed, assessed, with0(overridden, data, more)]);
    expect(fold(all)).toBe('approved');
    expect(instead({ personId: 'pete' })).toBe('change.overridden: SELF_APPROVAL');
    expect(instead({}, { actor: { kind: 'module', id: 'billing' } })).toBe('change.overridden: AGENTS_CANNOT_DECIDE');
    for (const key of ['proposal', 'assessment', 'contentHash'])
      expect(instead({ [key]: 'f'.repeat(64) })).toBe('change.overridden: CHANGE_STATE_CONFLICT');
    const later = new Date(fixture.clock.now() + hours(24) + 1).toISOString();
    expect(instead({ reviewBy: later })).toBe('change.overridden: CHANGE_STATE_CONFLICT');
    expect(instead({ reviewBy: new Date(fixture.clock.now()).toISOString() })).toBe(
      'change.overridden: CHANGE_STATE_CONFLICT',
    );
    for (const change of [{ enforcement: 'hard' }, { enforcement: undefined }, { level: 'L3' }, { level: 'L4' }]) {
      const { assessmentHash: _hash, ...rest } = { ...(assessed.data as Assessment), ...change };
      const data = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as typeof rest;
      const hard = { ...assessed, data: { ...data, assessmentHash: assessmentHash(data as never) } } as ChangeStep;
      const forged = with0(overridden, { assessment: stepHash(hard) });
      expect([change, fold([proposed, hard, forged])]).toEqual([change, 'change.overridden: OVERRIDE_REFUSED']);
    }
  });
});

describe('a forged way on', () => {
  it('is refused while somebody objects: no approval, no claim', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture, [patchOf('/balance', 5000)]);
    const approved = await vote(fixture, view, 'ann', 'rita', 'bob');
    await fixture.changes.decide(by('otto'), view.id, decision(approved, 'reject'));
    const all = await stepsOf(fixture, view.id);
    const veto = all.findIndex(({ type }) => type === 'change.rejected');
    const approval = all.find(({ type }) => type === 'change.approved') as ChangeStep;
    const claimed = {
      ...approval,
      type: 'change.claimed',
      at: new Date(fixture.clock.now() + hours(2)).toISOString(),
      data: { change: view.id, revision: 1, approval: stepHash(approval) },
    } as ChangeStep;
    expect(fold([...all.slice(0, veto - 1), claimed])).toBe('executing'); // without the veto it could have run
    expect(fold([...all.slice(0, veto), claimed])).toBe('change.claimed: CHANGE_STATE_CONFLICT');
    expect(fold([...all, claimed])).toBe('change.claimed: CHANGE_STATE_CONFLICT');
    const objected = all.map((step) =>
      step.type === 'change.voted' && step.data.personId === 'ann'
        ? with0(step, { decision: 'request-changes', reason: 'no' })
        : step,
    );
    const votes = objected
      .filter(({ type }) => type === 'change.voted')
      .slice(0, 3)
      .map((step) => stepHash(step));
    const forced = objected.map((step) => (step.type === 'change.approved' ? with0(step, { votes }) : step));
    expect(fold(forced)).toBe('change.approved: CHANGE_STATE_CONFLICT');
  });

  it('is refused when a revision reverts something by itself, or forgets what it follows', async () => {
    const fixture = recordingFixture();
    const { change: old } = { change: await pending(fixture) };
    await fixture.changes.withdraw(by('pete'), old.id);
    const view = (
      await fixture.changes.propose(by('pete'), {
        ...{ entityId: old.entityId, title: 'x', rationale: 'x', supersedes: old.id },
        operations: [patchOf('/a', 1)],
      })
    ).change;
    await fixture.changes.revise(by('pete'), view.id, { title: 'y', rationale: 'y', operations: [patchOf('/a', 2)] });
    const all = await stepsOf(fixture, view.id);
    const at = all.findIndex(({ type }) => type === 'change.revised');
    const revised = all[at] as ChangeStep;
    expect(fold(all)).toBe('pending');
    for (const data of [{ reverts: old.id }, { supersedes: 'other' }])
      expect(fold(all.with(at, with0(revised, data)))).toBe('change.revised: CHANGE_STATE_CONFLICT');
    const { supersedes: _forgotten, ...without } = revised.data as { supersedes?: string };
    expect(fold(all.with(at, { ...revised, data: without } as ChangeStep))).toBe(
      'change.revised: CHANGE_STATE_CONFLICT',
    );
  });

  it('is refused when a review is forged', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    await fixture.changes.override(by('olga'), view.id, overrideOf(view));
    await fixture.changes.advance(view.id);
    await fixture.changes.review(by('bob'), view.id, { verdict: 'justified', reason: 'x' });
    const all = await stepsOf(fixture, view.id);
    const instead = (data: object, more: object = {}): string =>
      fold([...all.slice(0, -1), with0(last(all), data, more)]);
    expect(instead({ personId: 'olga' })).toBe('change.reviewed: REVIEW_REFUSED');
    expect(instead({ personId: 'pete' })).toBe('change.reviewed: REVIEW_REFUSED');
    expect(instead({}, { actor: { kind: 'agent', id: 'advisor' } })).toBe('change.reviewed: AGENTS_CANNOT_DECIDE');
    expect(fold([...all, last(all)])).toBe('change.reviewed: CHANGE_STATE_CONFLICT');
  });
});

describe('a forged revision', () => {
  it('that lets somebody decide who was excluded, or follows from nothing, is refused', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const operations = [patchOf('/balance', 9)];
    await fixture.changes.revise(by('pete'), view.id, { title: 'Other', rationale: 'Better.', operations });
    const all = await stepsOf(fixture, view.id);
    const at = all.findIndex(({ type }) => type === 'change.revised');
    const revised = all[at] as ChangeStep;
    const instead = (data: object): string => fold([...all.slice(0, at), with0(revised, data)]);
    expect(instead({})).toBe('pending');
    expect(instead({ excludes: ['pete', 'zoe'] })).toBe('pending');
    for (const data of [
      ...[
        { excludes: [] },
        { excludes: ['ann'] },
        { excludes: ['ann', 'zoe'] },
        { revision: 1 },
        { revision: 3 },
        { initiator: 'person:ann' },
      ],
      ...[{ sponsor: 'person:ann' }, { supersedes: 'x' }, { reverts: 'x' }, { contentHash: 'f'.repeat(64) }],
    ])
      expect(instead(data)).toBe('change.revised: CHANGE_STATE_CONFLICT');
  });
});
