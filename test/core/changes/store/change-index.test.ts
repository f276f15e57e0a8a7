/** R6: with many change-sets open, nobody who asks how it is, what is due or what awaits them reads all of them. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EpochMs } from '../../../../core/brands/index.ts';
import {
  changeQueues,
  checkChangeIndex,
  ensureChangeIndex,
  rebuildChangeIndex,
  riskSchema,
  type Changes,
} from '../../../../core/changes/index.ts';
import type { ItemStore } from '../../../../core/ledger/index.ts';
import { createFixture, decision, hours, patchOf, proposal, risk, who, type Fixture } from '../fixture.ts';
import { itemsOf, rebuilt } from '../replay/rebuilt.ts';
import { checked } from '../../../support/checked.ts';

const OPEN = 150;

/** Counts what is read, and how often. */
function watched(store: ItemStore): { items: ItemStore; readonly reads: () => number; readonly rows: () => number } {
  let [reads, rows] = [0, 0];
  const items: ItemStore = {
    get: async (key) => ((reads += 1), (rows += 1), store.get(key)),
    list: async (pk, options) => {
      const page = await store.list(pk, options);
      reads += 1;
      rows += page.length;
      return page;
    },
    write: (writes) => store.write(writes),
  };
  return { items, reads: () => reads, rows: () => rows };
}

async function proposeMany(changes: Changes, proposer: string, { from = 0, count = OPEN } = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let i = from; i < from + count; i++) {
    const { change } = await changes.propose(
      who(proposer),
      proposal([patchOf('/note', i)], { entityId: `account:${i}` }),
    );
    ids.push(change.id);
  }
  return ids;
}

describe('R6: with many change-sets open', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = createFixture();
    await proposeMany(fixture.changes, 'pete');
  });

  it('R6: the queues are counted without reading the change-sets', async () => {
    const { items, reads, rows } = watched(fixture.store);
    expect((await changeQueues('main', items, checked<EpochMs>(fixture.clock.now() + 7))).approvalQueue).toMatchObject({
      length: OPEN,
      oldestAgeMs: expect.any(Number) as number,
      byLevel: { L1: { length: OPEN } },
    });
    expect((await changeQueues('main', items, fixture.clock.now())).reviewQueue).toEqual({ length: 0, overdue: 0 });
    expect(reads()).toBeLessThanOrEqual(4);
    expect(rows()).toBeLessThanOrEqual(40);
  });

  it('R6: an empty inbox is a read for each role and each group of people, not for each change-set', async () => {
    await proposeMany(fixture.changes, 'ann', { from: OPEN }); // she cannot decide on these
    const { items, reads, rows } = watched(fixture.store);
    const seen = fixture.other({ items });
    expect((await seen.list(who('rita'), { for: 'me' })).changes).toEqual([]);
    // No change-set awaits the role `risk`: whether anybody lent a vote, and one look.
    expect(reads()).toBeLessThanOrEqual(4);
    expect(rows()).toBeLessThanOrEqual(2);
  });

  it('R6: who proposed them all, or has voted on them all, has an empty inbox at the same price', async () => {
    const own = createFixture();
    const ids = await proposeMany(own.changes, 'ann');
    const money = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const { change } = await own.changes.propose(
          who('pete'),
          proposal([patchOf('/balance', 5)], { entityId: `account:m${i}` }),
        );
        await own.changes.decide(who('bob'), change.id, decision(change));
        return change.id;
      }),
    );
    const { items, reads } = watched(own.store);
    const seen = own.other({ items });
    const inbox = async (name: string): Promise<string[]> =>
      (await seen.list(who(name), { for: 'me', limit: 100 })).changes.map(({ id }) => id);
    expect(await inbox('ann')).toEqual(money); // of her own none; of bob's each still awaits her
    const before = reads();
    expect(await inbox('bob')).toEqual(ids.slice(0, 100));
    expect(reads() - before).toBeGreaterThan(100); // what is shown is read
    const still = reads();
    const { changes, next } = await seen.list(who('bob'), { for: 'me', after: ids.at(-1) as string });
    expect([changes, next]).toEqual([[], undefined]);
    expect(reads() - still).toBeLessThanOrEqual(8);
  });

  it('R6: an inbox in pages has each change-set once, oldest first, whichever role or group it stands under', async () => {
    const mixed: string[] = [];
    for (const [i, name] of ['ann', 'bob', 'pete', 'ann', 'pete', 'bob'].entries()) {
      const { change } = await fixture.changes.propose(
        who(name),
        proposal([patchOf(i % 2 === 0 ? '/balance' : '/note', 5)], { entityId: `account:x${i}` }),
      );
      mixed.push(change.id);
    }
    const pages: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await fixture.changes.list(who('otto'), { for: 'me', limit: 40, ...(after && { after }) });
      pages.push(...page.changes.map(({ id }) => id));
      after = page.next;
      if (after === undefined) break;
    }
    expect(pages).toEqual([...new Set(pages)].sort());
    expect(pages).toHaveLength(OPEN + mixed.length);
  });

  it('R6: only what is due is named, once, and when the next one is', async () => {
    const { items, rows } = watched(fixture.store);
    const seen = fixture.other({ items });
    const first = await seen.due({ limit: 100 });
    expect(first).toMatchObject({ ids: [], isFull: false });
    expect(first.next).toBeLessThanOrEqual(fixture.clock.now() + hours(168));
    expect(rows()).toBeLessThanOrEqual(400);
    await fixture.clock.advance((first.next ?? 0) - fixture.clock.now());
    const due = await seen.due({ limit: 100, cursor: first.cursor });
    expect(due.ids.length).toBeGreaterThan(0);
    const named = new Set(due.ids);
    for (let page = due; page.isFull;) {
      page = await seen.due({ limit: 100, cursor: page.cursor });
      for (const id of page.ids) expect(named.has(id)).toBe(false);
      for (const id of page.ids) named.add(id);
    }
    expect(named.size).toBe(OPEN);
  });

  it('R6: is named anew after the clock was set back', async () => {
    await fixture.clock.advance(hours(169));
    const { cursor, ids } = await fixture.changes.due({ limit: 10 });
    expect(ids).toHaveLength(10);
    const back = fixture.other({
      clock: {
        now: () => checked<EpochMs>(fixture.clock.now() - 1),
        monotonic: () => fixture.clock.now() - 1,
        sleep: () => fixture.clock.sleep(0),
      },
    });
    expect((await back.due({ limit: 10, cursor })).ids).toEqual(ids);
  });
});

describe('R6: reminders and escalation', () => {
  const rules = riskSchema.parse({
    ...risk,
    reminderHours: 10,
    escalation: { afterHours: 15, roles: { owner: ['proposer'] } },
  });

  it('come due at the times of the policy in force', async () => {
    const fixture = createFixture({ deps: { risk: rules } });
    const [id] = await proposeMany(fixture.changes, 'rita', { count: 1 }).catch(() => []);
    expect(id).toBeUndefined(); // rita proposes nothing
    const [mine = ''] = await proposeMany(fixture.changes, 'pete', { count: 1 });
    const start = fixture.clock.now();
    const { next, cursor } = await fixture.changes.due({ limit: 10 });
    expect(next).toBe(start + hours(10));
    const stricter = fixture.other({ risk: riskSchema.parse({ ...rules, reminderHours: 4 }) });
    expect((await stricter.due({ limit: 10, cursor })).next).toBe(start + hours(4));
    await fixture.clock.advance(hours(10));
    expect((await fixture.changes.due({ limit: 10, cursor })).ids).toEqual([mine]);
    await fixture.changes.advance(mine);
    expect((await changeQueues('main', fixture.store, fixture.clock.now())).approvalQueue.reminders).toBe(1);
    expect((await fixture.changes.due({ limit: 10, cursor })).next).toBe(start + hours(15));
  });
});

describe('R6: a ledger from before there were indices', () => {
  /** What an older engine wrote: the same without indices and counts. */
  async function older(): Promise<Fixture> {
    const fixture = createFixture();
    await proposeMany(fixture.changes, 'pete', { count: 20 });
    const { items } = fixture.store as unknown as { items: Map<string, unknown> };
    for (const pk of [...items.keys()]) if (/#change-(count|waiting|timer|awaits|index)/.test(pk)) items.delete(pk);
    return fixture;
  }

  it('gets them once, when it is opened', async () => {
    const fixture = await older();
    expect((await changeQueues('main', fixture.store, fixture.clock.now())).approvalQueue.length).toBe(0);
    expect(await ensureChangeIndex('main', fixture.store)).toBe(20);
    expect(await ensureChangeIndex('main', fixture.store)).toBe(0);
    expect((await changeQueues('main', fixture.store, fixture.clock.now())).approvalQueue.length).toBe(20);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
    const { changes } = await fixture.changes.list(who('bob'), { for: 'me', limit: 100 });
    expect(changes).toHaveLength(20);
    await fixture.changes.decide(who('bob'), changes[0]?.id ?? '', decision(changes[0] as (typeof changes)[number]));
    expect((await changeQueues('main', fixture.store, fixture.clock.now())).approvalQueue.length).toBe(19);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
  });

  it('is restored with them', async () => {
    const fixture = createFixture();
    await proposeMany(fixture.changes, 'pete', { count: 20 });
    const again = await rebuilt(fixture);
    expect(await itemsOf(again)).toEqual(await itemsOf(fixture.store));
    expect(await checkChangeIndex('main', again)).toBeUndefined();
    await ensureChangeIndex('main', again);
    expect(await checkChangeIndex('main', again)).toBeUndefined();
  });
});

describe('R6: indices that were tampered with', () => {
  it.each([
    ['an item that hides a change-set from its approvers', /does not stand at .*awaits#owner/, 'change-awaits#owner'],
    ['a time that never comes', /does not stand at .*change-timer/, 'change-timer'],
    ['a count', /is counted as/, 'change-count'],
  ])('are named: without %s', async (_, named, partition) => {
    const fixture = createFixture();
    await proposeMany(fixture.changes, 'pete', { count: 3 });
    await ensureChangeIndex('main', fixture.store);
    const [first] = await fixture.store.list(`main#${partition}`, { limit: 1 });
    if (first === undefined) throw new Error(`nothing stands in ${partition}`);
    await fixture.store.write([{ kind: 'delete', key: { pk: first.pk, sk: first.sk }, expect: 'any' }]);
    expect(await checkChangeIndex('main', fixture.store)).toMatch(named);
    await rebuildChangeIndex('main', fixture.store);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
  });

  it('are named: one that is too much, and is gone when they are built anew', async () => {
    const fixture = createFixture();
    const [id = ''] = await proposeMany(fixture.changes, 'pete', { count: 1 });
    await ensureChangeIndex('main', fixture.store);
    const sk = `deadline#2000-01-01T00:00:00.000Z#${id}`;
    await fixture.store.write([{ kind: 'put', key: { pk: 'main#change-timer', sk }, value: {}, expect: 'any' }]);
    expect(await checkChangeIndex('main', fixture.store)).toMatch(/does not belong there/);
    await rebuildChangeIndex('main', fixture.store);
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
  });
});

describe('R6: an index of more than one page', () => {
  const MANY = 501;
  const TIMERS = 'main#change-timer';
  async function written(fixture: Fixture, pk: string, items: readonly (readonly [string, unknown])[]): Promise<void> {
    for (let from = 0; from < items.length; from += 100)
      await fixture.store.write(
        items
          .slice(from, from + 100)
          .map(([sk, value]) => ({ kind: 'put', key: { pk, sk }, value: value as never, expect: 'any' })),
      );
  }

  it('is cleared to its end', async () => {
    const fixture = createFixture();
    await proposeMany(fixture.changes, 'pete', { count: 1 });
    await ensureChangeIndex('main', fixture.store);
    const kept = await fixture.store.list(TIMERS, { limit: 1000 });
    await written(
      fixture,
      TIMERS,
      Array.from({ length: MANY }, (_, i) => [`deadline#2000-01-01T00:00:00.000Z#x${i}`, {}] as const),
    );
    await rebuildChangeIndex('main', fixture.store);
    expect(await fixture.store.list(TIMERS, { limit: 1000 })).toMatchObject(kept.map(({ sk }) => ({ sk })));
  });

  it('is built in one write where that holds it all', async () => {
    const fixture = createFixture();
    await proposeMany(fixture.changes, 'pete', { count: 3 });
    const { items } = fixture.store as unknown as { items: Map<string, unknown> };
    for (const pk of [...items.keys()]) if (/#change-(count|waiting|timer|awaits|index)/.test(pk)) items.delete(pk);
    const write = vi.spyOn(fixture.store, 'write');
    expect(await ensureChangeIndex('main', fixture.store)).toBe(3);
    expect(write).toHaveBeenCalledTimes(2); // the indices; what is counted, with the note that all is built
    expect(await checkChangeIndex('main', fixture.store)).toBeUndefined();
  });
});
