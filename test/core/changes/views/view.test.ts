/** What a change-set shows of the document, before and after it was carried out. */
import { expect, it } from 'vitest';
import { createFixture, decision, ENTITY, patchOf, proposal, who, type Fixture } from '../fixture.ts';

async function executed(fixture: Fixture, path: string, value: number): Promise<string> {
  const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf(path, value)]));
  await fixture.changes.decide(who('ann'), change.id, decision(change));
  expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
  return change.id;
}

it('previews on the document as it is, and once it ran on the document as it was then', async () => {
  const fixture = createFixture();
  const first = await executed(fixture, '/a', 1);
  await executed(fixture, '/b', 2);
  const { change: third } = await fixture.changes.propose(who('pete'), proposal([patchOf('/c', 3)]));
  expect(third.preview).toMatchObject({
    kind: 'preview',
    version: 2,
    before: { a: 1, b: 2 },
    after: { a: 1, b: 2, c: 3 },
  });
  const old = await fixture.changes.get(who('aud'), first);
  expect(old.preview).toMatchObject({ kind: 'preview', version: 0, before: null, after: { a: 1 } });
  await executed(fixture, '/d', 4);
  const { change: last } = await fixture.changes.propose(who('pete'), proposal([patchOf('/e', 5)]));
  expect(last.preview).toMatchObject({ version: 3 });
  expect((await fixture.changes.get(who('aud'), third.id)).preview).toMatchObject({ version: 3 });
});

it('previews nothing that ended without touching the document', async () => {
  const fixture = createFixture();
  const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
  await fixture.changes.withdraw(who('pete'), change.id, {});
  expect(await fixture.changes.get(who('aud'), change.id)).not.toHaveProperty('preview');
});

it('is found by everybody who had a part in it', async () => {
  const fixture = createFixture();
  const { change } = await fixture.changes.propose(who('advisor'), proposal([patchOf('/a', 1)]));
  await fixture.changes.propose(who('pete'), proposal([patchOf('/b', 1)]));
  await fixture.changes.decide(who('ann'), change.id, decision(change));
  const found = async (person: string): Promise<string[]> =>
    (await fixture.changes.list(who('aud'), { person, entityId: ENTITY })).changes.map(({ id }) => id);
  for (const person of ['advisor', 'bob', 'ann']) expect(await found(person)).toEqual([change.id]);
  expect(await found('pete')).toHaveLength(1);
  expect(await found('pete')).not.toContain(change.id);
  expect(await found('nobody')).toEqual([]);
});

it('is found by when it was proposed, from a time to before another', async () => {
  const fixture = createFixture();
  const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
  const at = change.createdAt;
  const later = new Date(Date.parse(at) + 1).toISOString();
  const count = async (query: object): Promise<number> =>
    (await fixture.changes.list(who('aud'), query)).changes.length;
  expect([await count({ from: at }), await count({ from: later })]).toEqual([1, 0]);
  expect([await count({ to: at }), await count({ to: later })]).toEqual([0, 1]);
  expect([await count({ level: 'L1' }), await count({ level: 'L2' })]).toEqual([1, 0]);
});
