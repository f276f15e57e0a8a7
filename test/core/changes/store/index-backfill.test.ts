/** A ledger from before its indices were kept, whose store others write to while they are built: DynamoDB's case. */
import { describe, expect, it, vi } from 'vitest';
import { backfillChangeIndex, checkChangeIndex, forgetChangeIndex } from '../../../../core/changes/index.ts';
import type { ItemWrite } from '../../../../core/ledger/index.ts';
import { createFixture, decision, patchOf, proposal, who, type Fixture } from '../fixture.ts';

/** More than a page. */
const MANY = 90;

async function older(count = MANY): Promise<{ readonly fixture: Fixture; readonly ids: readonly string[] }> {
  const fixture = createFixture();
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const { change } = await fixture.changes.propose(
      who('pete'),
      proposal([patchOf('/note', i)], { entityId: `account:${i}` }),
    );
    ids.push(change.id);
  }
  const { items } = fixture.store as unknown as { items: Map<string, unknown> };
  for (const pk of [...items.keys()]) if (/#change-(count|waiting|timer|awaits|index)/.test(pk)) items.delete(pk);
  return { fixture, ids };
}

async function approve({ changes }: Fixture, id: string): Promise<void> {
  await changes.decide(who('bob'), id, decision(await changes.get(who('bob'), id)));
}

const indexed = async ({ changes }: Fixture): Promise<number> =>
  (await changes.list(who('bob'), { for: 'me', limit: 200 })).changes.length;

describe('the indices of change-sets, built beside those who write', () => {
  it('are whole afterwards, and nothing is done twice', async () => {
    const { fixture } = await older();
    expect(await indexed(fixture)).toBe(0);
    expect(await backfillChangeIndex('main', fixture.store)).toBe(true);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
    expect(await indexed(fixture)).toBe(MANY);
    const write = vi.spyOn(fixture.store, 'write');
    expect(await backfillChangeIndex('main', fixture.store)).toBe(true);
    expect(write).not.toHaveBeenCalled();
  });

  it('go on where they were stopped, page by page', async () => {
    const { fixture } = await older();
    const inTime = (steps: number) => () => (steps -= 1) >= 0;
    expect(await backfillChangeIndex('main', fixture.store, inTime(1))).toBe(false);
    const first = await indexed(fixture);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(MANY);
    expect(await backfillChangeIndex('main', fixture.store, inTime(1))).toBe(false);
    expect(await indexed(fixture)).toBeGreaterThan(first);
    expect(await backfillChangeIndex('main', fixture.store, inTime(9))).toBe(true);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
    expect(await indexed(fixture)).toBe(MANY);
  });

  it('are right, whatever people decide and propose between any two writes', async () => {
    const { fixture, ids } = await older(20);
    const write = fixture.store.write.bind(fixture.store);
    const waiting = [...ids];
    let count = 0;
    let isTheirs = false; // what is written is another's
    vi.spyOn(fixture.store, 'write').mockImplementation(async (writes: readonly ItemWrite[]) => {
      const id = writes
        .map(({ key }) => key.sk.slice(key.sk.lastIndexOf('#') + 1))
        .find((one) => waiting.includes(one));
      // Between reading the record and this write: somebody decides it, and somebody proposes another.
      if (!isTheirs && id !== undefined && count++ % 3 === 0) {
        isTheirs = true;
        waiting.splice(waiting.indexOf(id), 1);
        await approve(fixture, id);
        const entityId = `account:new-${count}`;
        await fixture.changes.propose(who('pete'), proposal([patchOf('/note', 1)], { entityId }));
        isTheirs = false;
      }
      return write(writes);
    });
    expect(await backfillChangeIndex('main', fixture.store)).toBe(true);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
    expect(waiting.length).toBeLessThan(ids.length - 3);
    for (const id of waiting) await approve(fixture, id);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
  });

  it('are built again on request: what is missing is there, and what is too much is gone', async () => {
    const { fixture, ids } = await older(5);
    await backfillChangeIndex('main', fixture.store);
    const [first] = await fixture.store.list('main#change-awaits#owner', { limit: 1 });
    if (first === undefined) throw new Error('nothing is indexed');
    const extra = { pk: 'main#change-timer', sk: `deadline#2000-01-01T00:00:00.000Z#${String(ids[1])}` };
    await fixture.store.write([
      { kind: 'delete', key: { pk: first.pk, sk: first.sk }, expect: 'any' },
      { kind: 'put', key: extra, value: {}, expect: 'any' },
    ]);
    await fixture.store.write(forgetChangeIndex('main'));
    expect(await backfillChangeIndex('main', fixture.store)).toBe(true);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
    expect(await fixture.store.get(extra)).toBeUndefined();
  });
});
