/** What a change-set shows of the document, before and after it was carried out. */
import { expect, it } from 'vitest';
import { createWorld, decision, ENTITY, patchOf, proposal, who, type World } from '../world.ts';

async function executed(world: World, path: string, value: number): Promise<string> {
  const { change } = await world.changes.propose(who('pete'), proposal([patchOf(path, value)]));
  await world.changes.decide(who('ann'), change.id, decision(change));
  expect(await world.changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
  return change.id;
}

it('previews on the document as it is, and once it ran on the document as it was then', async () => {
  const world = createWorld();
  const first = await executed(world, '/a', 1);
  await executed(world, '/b', 2);
  const { change: third } = await world.changes.propose(who('pete'), proposal([patchOf('/c', 3)]));
  expect(third.preview).toMatchObject({
    kind: 'preview',
    version: 2,
    before: { a: 1, b: 2 },
    after: { a: 1, b: 2, c: 3 },
  });
  const old = await world.changes.get(who('aud'), first);
  expect(old.preview).toMatchObject({ kind: 'preview', version: 0, before: null, after: { a: 1 } });
  await executed(world, '/d', 4);
  const { change: last } = await world.changes.propose(who('pete'), proposal([patchOf('/e', 5)]));
  expect(last.preview).toMatchObject({ version: 3 });
  expect((await world.changes.get(who('aud'), third.id)).preview).toMatchObject({ version: 3 });
});

it('previews nothing that ended without touching the document', async () => {
  const world = createWorld();
  const { change } = await world.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
  await world.changes.withdraw(who('pete'), change.id, {});
  expect(await world.changes.get(who('aud'), change.id)).not.toHaveProperty('preview');
});

it('is found by everybody who had a part in it', async () => {
  const world = createWorld();
  const { change } = await world.changes.propose(who('advisor'), proposal([patchOf('/a', 1)]));
  await world.changes.propose(who('pete'), proposal([patchOf('/b', 1)]));
  await world.changes.decide(who('ann'), change.id, decision(change));
  const found = async (person: string): Promise<string[]> =>
    (await world.changes.list(who('aud'), { person, entityId: ENTITY })).changes.map(({ id }) => id);
  for (const person of ['advisor', 'bob', 'ann']) expect(await found(person)).toEqual([change.id]);
  expect(await found('pete')).toHaveLength(1);
  expect(await found('pete')).not.toContain(change.id);
  expect(await found('nobody')).toEqual([]);
});

it('is found by when it was proposed, from a time to before another', async () => {
  const world = createWorld();
  const { change } = await world.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
  const at = change.createdAt;
  const later = new Date(Date.parse(at) + 1).toISOString();
  const count = async (query: object): Promise<number> => (await world.changes.list(who('aud'), query)).changes.length;
  expect([await count({ from: at }), await count({ from: later })]).toEqual([1, 0]);
  expect([await count({ to: at }), await count({ to: later })]).toEqual([0, 1]);
  expect([await count({ level: 'L1' }), await count({ level: 'L2' })]).toEqual([1, 0]);
});
