/** Taking back what was executed, and following what was not: new change-sets that name the old one. */
import { describe, expect, it } from 'vitest';
import type { ChangeView, ProposeResult } from '../../../../core/changes/index.ts';
import { actsWorld, by, expectProven, Outage, refused, vote } from '../recording/acts-world.ts';
import { decision, ENTITY, entriesOf, patchOf, proposal, type World } from '../world.ts';

const why = { rationale: 'it was meant for another account' };
const put = (document: object): object => ({ type: 'state.put', payload: document });

/** Proposed by pete, approved by everybody who can, carried out. */
async function executed(world: World, operations: readonly unknown[]): Promise<string> {
  const { change } = await world.changes.propose(by('pete'), proposal(operations));
  return carriedOut(world, change);
}

async function carriedOut(world: World, view: ChangeView): Promise<string> {
  for (const person of ['ann', 'rita', 'otto'])
    if ((await world.record(view.id)).state === 'pending')
      await world.changes.decide(by(person), view.id, decision(view));
  expect(await world.changes.advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
  return view.id;
}

const revert = (world: World, id: string, key?: string): Promise<ProposeResult> =>
  world.changes.revert(by('pete'), id, why, key);
const documentOf = async (world: World): Promise<unknown> => (await world.changes.document(by('aud'), ENTITY)).document;

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
    const world = actsWorld();
    await executed(world, [put(before)]);
    const id = await executed(world, operations);
    expect(await documentOf(world)).not.toEqual(before);
    const { kind, change } = await revert(world, id);
    expect([kind, change.state]).toEqual(['created', 'pending']);
    expect(change).toMatchObject({ reverts: id, title: 'Revert: Change it', rationale: why.rationale });
    await carriedOut(world, change);
    expect(await documentOf(world)).toEqual(before);
    await expectProven(world, change.id);
  });

  it('takes a created document away again, and a revert can be reverted', async () => {
    const world = actsWorld();
    const id = await executed(world, [put({ a: 1 })]);
    const back = await carriedOut(world, (await revert(world, id)).change);
    expect(await documentOf(world)).toBeNull();
    await carriedOut(world, (await revert(world, back)).change);
    expect(await documentOf(world)).toEqual({ a: 1 });
  });

  it('leaves alone what others changed elsewhere, and refuses where they changed the same', async () => {
    const world = actsWorld();
    await executed(world, [put({ a: 1, b: 1 })]);
    const id = await executed(world, [patchOf('/a', 2), patchOf('/x', 1)]);
    await executed(world, [patchOf('/b', 7), patchOf('/y', 7)]);
    const { change } = await revert(world, id);
    await carriedOut(world, change);
    expect(await documentOf(world)).toEqual({ a: 1, b: 7, y: 7 });
    const other = await executed(world, [patchOf('/b', 8)]);
    await executed(world, [patchOf('/b', 9)]);
    await refused(world, 'NOT_REVERTIBLE', () => revert(world, other));
  });

  it('does not overwrite what has come where something was removed', async () => {
    const world = actsWorld();
    await executed(world, [put({ a: 1, b: 1 })]);
    const id = await executed(world, [{ type: 'state.patch', payload: [{ op: 'remove', path: '/b' }] }]);
    const { change } = await revert(world, id); // proposed while it is still absent
    await executed(world, [patchOf('/b', 'new')]);
    await refused(world, 'NOT_REVERTIBLE', () => revert(world, id));
    await vote(world, change, 'ann');
    await world.changes.advance(change.id);
    expect(await world.record(change.id)).toMatchObject({ state: 'pending', blocked: { code: 'STALE_BASE' } });
    expect(await documentOf(world)).toEqual({ a: 1, b: 'new' });
  });

  it('proposed, and then the place changes: it is blocked, never carried out on something else', async () => {
    const world = actsWorld();
    await executed(world, [put({ a: 1 })]);
    const id = await executed(world, [patchOf('/a', 2)]);
    const { change } = await revert(world, id);
    await vote(world, change, 'ann');
    await executed(world, [patchOf('/a', 3)]);
    await world.changes.advance(change.id);
    expect(await world.record(change.id)).toMatchObject({ state: 'pending', blocked: { code: 'CHANGE_UNFIT' } });
    expect(await documentOf(world)).toEqual({ a: 3 });
  });

  it('refuses what was not executed, what changed nothing, and what is too large, saying why', async () => {
    const world = actsWorld();
    const { change } = await world.changes.propose(by('pete'), proposal([patchOf('/a', 1)]));
    await refused(world, 'NOT_REVERTIBLE', () => revert(world, change.id));
    const rejected = await world.changes.decide(by('ann'), change.id, decision(change, 'reject'));
    await expect(revert(world, rejected.change.id)).rejects.toThrow(/is rejected: only what was executed/);
    await executed(world, [put({ a: 1 })]);
    const nothing = await executed(world, [patchOf('/a', 2), patchOf('/a', 1)]);
    await expect(revert(world, nothing)).rejects.toThrow(/nothing to revert/);
    const large = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, 'x'.repeat(900)]));
    await executed(world, [put(large)]);
    const swap = await executed(world, [
      put(Object.fromEntries(Object.keys(large).map((key) => [key, 'y'.repeat(900)]))),
    ]);
    await expect(revert(world, swap)).rejects.toMatchObject({ code: 'NOT_REVERTIBLE' });
    await refused(world, 'CHANGE_NOT_FOUND', () => revert(world, 'nothing'));
  });

  it('is a proposal like any other: rights, separation, rationale', async () => {
    const world = actsWorld();
    const id = await executed(world, [put({ a: 1 })]);
    await refused(world, 'FORBIDDEN', () => world.changes.revert(by('rita'), id, why));
    await refused(world, 'CHANGE_INVALID', () => world.changes.revert(by('pete'), id, {}));
    await refused(world, 'CHANGE_INVALID', () => world.changes.revert(by('pete'), id, { ...why, operations: [] }));
    const { change } = await world.changes.revert(by('advisor'), id, why);
    expect(change.proposer).toMatchObject({ kind: 'agent', id: 'advisor' });
    await refused(world, 'SELF_APPROVAL', () => world.changes.decide(by('bob'), change.id, decision(change)));
  });

  it('is made once under one idempotency key, also when the document has moved on or the store died', async () => {
    const outage = new Outage();
    const world = actsWorld({ store: { faults: outage.hooks } });
    await executed(world, [put({ a: 1 })]);
    const id = await executed(world, [patchOf('/a', 2)]);
    await outage.during('after', () => revert(world, id, 'once'));
    const { kind, change } = await revert(world, id, 'once');
    await executed(world, [patchOf('/a', 3)]);
    expect([kind, await revert(world, id, 'once')]).toMatchObject([
      'existing',
      { kind: 'existing', change: { id: change.id } },
    ]);
    await refused(world, 'IDEMPOTENCY_CONFLICT', () =>
      world.changes.revert(by('pete'), id, { rationale: 'no' }, 'once'),
    );
    const same = {
      ...proposal(change.operations.map(({ type, payload }) => ({ type, payload }))),
      title: change.title,
      ...why,
    };
    await refused(world, 'IDEMPOTENCY_CONFLICT', () => world.changes.propose(by('pete'), same, 'once'));
  });

  it('names what it reverts only as the system made it: neither a proposer nor a revision can', async () => {
    const world = actsWorld();
    await executed(world, [put({ a: 1 })]);
    const id = await executed(world, [patchOf('/a', 2)]);
    await refused(world, 'CHANGE_INVALID', () =>
      world.changes.propose(by('pete'), proposal([patchOf('/a', 1)], { reverts: id })),
    );
    const { change } = await revert(world, id);
    const revised = await world.changes.revise(by('pete'), change.id, {
      title: 'x',
      rationale: 'x',
      operations: [patchOf('/a', 5)],
    });
    expect(revised.reverts).toBeUndefined();
    await expectProven(world, change.id);
  });
});

describe('superseding', () => {
  it('names the change-set that this one follows, and keeps it through revisions', async () => {
    const world = actsWorld();
    const { change: old } = await world.changes.propose(by('pete'), proposal([patchOf('/a', 1)]));
    await world.changes.withdraw(by('pete'), old.id);
    const next = proposal([patchOf('/a', 2)], { supersedes: old.id });
    const { change } = await world.changes.propose(by('pete'), next, 'key');
    expect(change.supersedes).toBe(old.id);
    expect(await world.changes.propose(by('pete'), next, 'key')).toMatchObject({ kind: 'existing' });
    await refused(world, 'IDEMPOTENCY_CONFLICT', () =>
      world.changes.propose(by('pete'), proposal([patchOf('/a', 2)]), 'key'),
    );
    const revised = await world.changes.revise(by('pete'), change.id, {
      title: 'x',
      rationale: 'x',
      operations: [patchOf('/a', 5)],
    });
    expect(revised.supersedes).toBe(old.id);
    const [proposed] = await entriesOf(world, change.id);
    expect(proposed?.body.data['supersedes']).toBe(old.id);
  });

  it('is refused for what is still open, was executed, is about another entity or does not exist', async () => {
    const world = actsWorld();
    const { change: open } = await world.changes.propose(by('pete'), proposal([patchOf('/a', 1)]));
    const done = await executed(world, [patchOf('/b', 1)]);
    const elsewhere = proposal([patchOf('/a', 1)], { entityId: 'account:2' });
    const { change: other } = await world.changes.propose(by('pete'), elsewhere);
    await world.changes.withdraw(by('pete'), other.id);
    for (const supersedes of [open.id, done, other.id, 'nothing', '', 'x'.repeat(65)])
      await refused(world, 'CHANGE_INVALID', () =>
        world.changes.propose(by('pete'), proposal([patchOf('/a', 2)], { supersedes })),
      );
  });
});
