/** Taking back what was executed, and following what was not: new change-sets that name the old one. */
import { describe, expect, it } from 'vitest';
import type { ChangeView, ProposeResult } from '../../../../core/changes/index.ts';
import { recordingFixture, by, expectProven, Outage, refused, vote } from '../recording/recording-fixture.ts';
import { decision, ENTITY, entriesOf, patchOf, proposal, type Fixture } from '../fixture.ts';

const why = { rationale: 'it was meant for another account' };
const put = (document: object): object => ({ type: 'state.put', payload: document });

/** Proposed by pete, approved by everybody who can, carried out. */
async function executed(fixture: Fixture, operations: readonly unknown[]): Promise<string> {
  const { change } = await fixture.changes.propose(by('pete'), proposal(operations));
  return carriedOut(fixture, change);
}

async function carriedOut(fixture: Fixture, view: ChangeView): Promise<string> {
  for (const person of ['ann', 'rita', 'otto'])
    if ((await fixture.record(view.id)).state === 'pending')
      await fixture.changes.decide(by(person), view.id, decision(view));
  expect(await fixture.changes.advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
  return view.id;
}

const revert = (fixture: Fixture, id: string, key?: string): Promise<ProposeResult> =>
  fixture.changes.revert(by('pete'), id, why, key);
const documentOf = async (fixture: Fixture): Promise<unknown> =>
  (await fixture.changes.document(by('aud'), ENTITY)).document;

describe('reverting', () => {
  const before = { a: 1, b: { c: [1, 2, 3], d: 'x' }, 'sl/ash': 1, 'til~de': 2 };
  it.each([
    ['a change of values', [patchOf('/a', 2), patchOf('/b/d', 'y')]],
    ['an addition', [patchOf('/new', { deep: [1] })]],
    ['a removal', [{ type: 'state.patch', payload: [{ op: 'remove', path: '/b' }] }]],
    ['arrays', [patchOf('/b/c/1', 9, 'replace'), patchOf('/b/c/-', 4)]],
    ['another document altogether', [put({ other: true })]],
    ['names with slashes and tildes', [patchOf('/sl~1ash', 3), patchOf('/til~0de', 3)]],
    [
      'more places than one patch holds',
      [put({ ...before, ...Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`k${i}`, i])) })],
    ],
    ['a deletion', [{ type: 'state.delete', payload: {} }]],
  ])('restores the document after %s', async (_what, operations) => {
    const fixture = recordingFixture();
    await executed(fixture, [put(before)]);
    const id = await executed(fixture, operations);
    expect(await documentOf(fixture)).not.toEqual(before);
    const { kind, change } = await revert(fixture, id);
    expect([kind, change.state]).toEqual(['created', 'pending']);
    expect(change).toMatchObject({ reverts: id, title: 'Revert: Change it', rationale: why.rationale });
    await carriedOut(fixture, change);
    expect(await documentOf(fixture)).toEqual(before);
    await expectProven(fixture, change.id);
  });

  it('takes a created document away again, and a revert can be reverted', async () => {
    const fixture = recordingFixture();
    const id = await executed(fixture, [put({ a: 1 })]);
    const back = await carriedOut(fixture, (await revert(fixture, id)).change);
    expect(await documentOf(fixture)).toBeNull();
    await carriedOut(fixture, (await revert(fixture, back)).change);
    expect(await documentOf(fixture)).toEqual({ a: 1 });
  });

  it('leaves alone what others changed elsewhere, and refuses where they changed the same', async () => {
    const fixture = recordingFixture();
    await executed(fixture, [put({ a: 1, b: 1 })]);
    const id = await executed(fixture, [patchOf('/a', 2), patchOf('/x', 1)]);
    await executed(fixture, [patchOf('/b', 7), patchOf('/y', 7)]);
    const { change } = await revert(fixture, id);
    await carriedOut(fixture, change);
    expect(await documentOf(fixture)).toEqual({ a: 1, b: 7, y: 7 });
    const other = await executed(fixture, [patchOf('/b', 8)]);
    await executed(fixture, [patchOf('/b', 9)]);
    await refused(fixture, 'NOT_REVERTIBLE', () => revert(fixture, other));
  });

  it('does not overwrite what has come where something was removed', async () => {
    const fixture = recordingFixture();
    await executed(fixture, [put({ a: 1, b: 1 })]);
    const id = await executed(fixture, [{ type: 'state.patch', payload: [{ op: 'remove', path: '/b' }] }]);
    const { change } = await revert(fixture, id); // proposed while it is still absent
    await executed(fixture, [patchOf('/b', 'new')]);
    await refused(fixture, 'NOT_REVERTIBLE', () => revert(fixture, id));
    await vote(fixture, change, 'ann');
    await fixture.changes.advance(change.id);
    expect(await fixture.record(change.id)).toMatchObject({ state: 'pending', blocked: { code: 'STALE_BASE' } });
    expect(await documentOf(fixture)).toEqual({ a: 1, b: 'new' });
  });

  it('proposed, and then the place changes: it is blocked, never carried out on something else', async () => {
    const fixture = recordingFixture();
    await executed(fixture, [put({ a: 1 })]);
    const id = await executed(fixture, [patchOf('/a', 2)]);
    const { change } = await revert(fixture, id);
    await vote(fixture, change, 'ann');
    await executed(fixture, [patchOf('/a', 3)]);
    await fixture.changes.advance(change.id);
    expect(await fixture.record(change.id)).toMatchObject({ state: 'pending', blocked: { code: 'CHANGE_UNFIT' } });
    expect(await documentOf(fixture)).toEqual({ a: 3 });
  });

  it('refuses what was not executed, what changed nothing, and what is too large, saying why', async () => {
    const fixture = recordingFixture();
    const { change } = await fixture.changes.propose(by('pete'), proposal([patchOf('/a', 1)]));
    await refused(fixture, 'NOT_REVERTIBLE', () => revert(fixture, change.id));
    const rejected = await fixture.changes.decide(by('ann'), change.id, decision(change, 'reject'));
    await expect(revert(fixture, rejected.change.id)).rejects.toThrow(/is rejected: only what was executed/);
    await executed(fixture, [put({ a: 1 })]);
    const nothing = await executed(fixture, [patchOf('/a', 2), patchOf('/a', 1)]);
    await expect(revert(fixture, nothing)).rejects.toThrow(/nothing to revert/);
    const large = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, 'x'.repeat(900)]));
    await executed(fixture, [put(large)]);
    const swap = await executed(fixture, [
      put(Object.fromEntries(Object.keys(large).map((key) => [key, 'y'.repeat(900)]))),
    ]);
    await expect(revert(fixture, swap)).rejects.toMatchObject({ code: 'NOT_REVERTIBLE' });
    await refused(fixture, 'CHANGE_NOT_FOUND', () => revert(fixture, 'nothing'));
  });

  it('is a proposal like any other: rights, separation, rationale', async () => {
    const fixture = recordingFixture();
    const id = await executed(fixture, [put({ a: 1 })]);
    await refused(fixture, 'FORBIDDEN', () => fixture.changes.revert(by('rita'), id, why));
    await refused(fixture, 'CHANGE_INVALID', () => fixture.changes.revert(by('pete'), id, {}));
    await refused(fixture, 'CHANGE_INVALID', () => fixture.changes.revert(by('pete'), id, { ...why, operations: [] }));
    const { change } = await fixture.changes.revert(by('advisor'), id, why);
    expect(change.proposer).toMatchObject({ kind: 'agent', id: 'advisor' });
    await refused(fixture, 'SELF_APPROVAL', () => fixture.changes.decide(by('bob'), change.id, decision(change)));
  });

  it('is made once under one idempotency key, also when the document has moved on or the store died', async () => {
    const outage = new Outage();
    const fixture = recordingFixture({ store: { faults: outage.hooks } });
    await executed(fixture, [put({ a: 1 })]);
    const id = await executed(fixture, [patchOf('/a', 2)]);
    await outage.during('after', () => revert(fixture, id, 'once'));
    const { kind, change } = await revert(fixture, id, 'once');
    await executed(fixture, [patchOf('/a', 3)]);
    expect([kind, await revert(fixture, id, 'once')]).toMatchObject([
      'existing',
      { kind: 'existing', change: { id: change.id } },
    ]);
    await refused(fixture, 'IDEMPOTENCY_CONFLICT', () =>
      fixture.changes.revert(by('pete'), id, { rationale: 'no' }, 'once'),
    );
    const same = {
      ...proposal(change.operations.map(({ type, payload }) => ({ type, payload }))),
      title: change.title,
      ...why,
    };
    await refused(fixture, 'IDEMPOTENCY_CONFLICT', () => fixture.changes.propose(by('pete'), same, 'once'));
  });

  it('names what it reverts only as the system made it: neither a proposer nor a revision can', async () => {
    const fixture = recordingFixture();
    await executed(fixture, [put({ a: 1 })]);
    const id = await executed(fixture, [patchOf('/a', 2)]);
    await refused(fixture, 'CHANGE_INVALID', () =>
      fixture.changes.propose(by('pete'), proposal([patchOf('/a', 1)], { reverts: id })),
    );
    const { change } = await revert(fixture, id);
    const revised = await fixture.changes.revise(by('pete'), change.id, {
      title: 'x',
      rationale: 'x',
      operations: [patchOf('/a', 5)],
    });
    expect(revised.reverts).toBeUndefined();
    await expectProven(fixture, change.id);
  });
});

describe('superseding', () => {
  it('names the change-set that this one follows, and keeps it through revisions', async () => {
    const fixture = recordingFixture();
    const { change: old } = await fixture.changes.propose(by('pete'), proposal([patchOf('/a', 1)]));
    await fixture.changes.withdraw(by('pete'), old.id);
    const next = proposal([patchOf('/a', 2)], { supersedes: old.id });
    const { change } = await fixture.changes.propose(by('pete'), next, 'key');
    expect(change.supersedes).toBe(old.id);
    expect(await fixture.changes.propose(by('pete'), next, 'key')).toMatchObject({ kind: 'existing' });
    await refused(fixture, 'IDEMPOTENCY_CONFLICT', () =>
      fixture.changes.propose(by('pete'), proposal([patchOf('/a', 2)]), 'key'),
    );
    const revised = await fixture.changes.revise(by('pete'), change.id, {
      title: 'x',
      rationale: 'x',
      operations: [patchOf('/a', 5)],
    });
    expect(revised.supersedes).toBe(old.id);
    const [proposed] = await entriesOf(fixture, change.id);
    expect(proposed?.body.data['supersedes']).toBe(old.id);
  });

  it('is refused for what is still open, was executed, is about another entity or does not exist', async () => {
    const fixture = recordingFixture();
    const { change: open } = await fixture.changes.propose(by('pete'), proposal([patchOf('/a', 1)]));
    const done = await executed(fixture, [patchOf('/b', 1)]);
    const outside = proposal([patchOf('/a', 1)], { entityId: 'account:2' });
    const { change: other } = await fixture.changes.propose(by('pete'), outside);
    await fixture.changes.withdraw(by('pete'), other.id);
    for (const supersedes of [open.id, done, other.id, 'nothing', '', 'x'.repeat(65)])
      await refused(fixture, 'CHANGE_INVALID', () =>
        fixture.changes.propose(by('pete'), proposal([patchOf('/a', 2)], { supersedes })),
      );
  });
});
