/**
 * The index of topics and the way over the chain: narrow filters give the same pages as a reader of the whole log gets, for what they
 * find and not for what is recorded; whatever is damaged, missing or half done.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventInput } from '../../../../core/events/index.ts';
import { checkTopicIndex, createTopicIndexer, rebuildTopicIndex } from '../../../../core/system/index.ts';
import { BLOCK, blockKey, indexEndKey, topicIn } from '../../../../core/system/feed/topic-blocks.ts';
import { feedFixture, type FeedFixture } from '../feed-fixture.ts';

const LEDGER = 'main';
const TOPICS = ['transactions.new', 'budget.updated'];
type Filter = { readonly topics?: readonly string[]; readonly entityId?: string };

let fixture: FeedFixture;
beforeEach(() => {
  fixture = feedFixture();
});

const indexer = () => createTopicIndexer({ ledger: LEDGER, entries: fixture.store, items: fixture.store });
const check = () => checkTopicIndex({ ledger: LEDGER, entries: fixture.store, items: fixture.store });

/** Ids in the order of the pages, and how many pages they took. */
async function readAll(filter: Filter, limit = 100, of = fixture): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let after: string | undefined;
  for (let pages = 1; ; pages += 1) {
    const options = { ...filter, limit, waitMs: 0, ...(after === undefined ? {} : { after }) };
    const page = await of.feed.read(of.as('aud'), options);
    ids.push(...page.items.map(({ event }) => event.eventId));
    if (page.cursor === after) return { ids, pages };
    after = page.cursor;
  }
}

/** Events of two topics on few entities, in an order that a seed decides. */
function mixed(count: number, seed: number): Partial<EventInput>[] {
  let state = seed;
  const next = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  return Array.from({ length: count }, (_, i) => ({
    eventId: `e-${i}`,
    topic: TOPICS[next(10) === 0 ? 1 : 0] ?? '',
    entityId: `account:${next(7)}`,
    payload: next(5) === 0 ? { topic: 'budget.updated', text: '"type":"event","topic":"budget.updated"' } : {},
  }));
}

const wantedOf = (events: readonly Partial<EventInput>[], filter: Filter): (string | undefined)[] =>
  events
    .filter(
      ({ topic, entityId }) =>
        (filter.topics ?? TOPICS).includes(topic ?? '') && (filter.entityId ?? entityId) === entityId,
    )
    .map(({ eventId }) => eventId);

describe('what a filter finds', () => {
  it('by topic, by entity and by both is what the whole log holds, before, during and after indexing', async () => {
    const events = mixed(1_700, 7);
    await fixture.publish(...events.slice(0, 1_400));
    const filters: Filter[] = [
      { topics: ['budget.updated'] },
      { topics: TOPICS },
      { entityId: 'account:3' },
      { entityId: 'account:3', topics: ['budget.updated'] },
      { entityId: 'account:none' },
      { topics: ['nothing.here'] },
    ];
    const agrees = async (of: readonly Partial<EventInput>[]): Promise<void> => {
      for (const filter of filters)
        for (const limit of [3, 100]) expect((await readAll(filter, limit)).ids).toEqual(wantedOf(of, filter));
    };
    await agrees(events.slice(0, 1_400));
    expect(await indexer().extend()).toBe(2 * BLOCK);
    expect((await readAll({ topics: ['budget.*'] })).ids).toEqual(
      wantedOf(events.slice(0, 1_400), { topics: ['budget.updated'] }),
    );
    await agrees(events.slice(0, 1_400));
    await fixture.publish(...events.slice(1_400));
    await agrees(events);
    expect(await indexer().extend()).toBe(3 * BLOCK);
    await agrees(events);
    expect(await check()).toBeUndefined();
  });

  it('takes reads that grow with what is found, not with the log', async () => {
    const needles = Array.from({ length: 3 }, (_, i) => ({
      eventId: `needle-${i}`,
      topic: 'budget.updated',
      entityId: 'account:rare',
    }));
    const hay = (count: number) => Array.from({ length: count }, (_, i) => ({ eventId: `h-${count}-${i}` }));
    const readsOf = async (filter: Filter, of: FeedFixture): Promise<number> => {
      of.reads.length = 0;
      const page = await of.feed.read(of.as('aud'), { ...filter, limit: 100, waitMs: 0 });
      expect(page.items.map(({ event }) => event.eventId)).toEqual(needles.map(({ eventId }) => eventId));
      return of.reads.length;
    };
    const taken: number[][] = [];
    for (const size of [2_000, 20_000]) {
      fixture = feedFixture();
      for (const needle of needles)
        await fixture.publish(
          needle,
          ...hay(0),
          ...hay(size / 3).map((one) => ({ ...one, eventId: `${needle.eventId}:${one.eventId}` })),
        );
      await indexer().extend();
      taken.push([
        await readsOf({ topics: ['budget.updated'] }, fixture),
        await readsOf({ entityId: 'account:rare' }, fixture),
      ]);
    }
    for (const [byTopic = Infinity, byEntity = Infinity] of taken) {
      expect(byTopic).toBeLessThanOrEqual(3 + 4); // one for each event, and the part of the log that no block covers yet
      expect(byEntity).toBeLessThanOrEqual(3 + 5);
    }
  });
});

describe('the index of topics', () => {
  it('reads the topic of every event out of its bytes, whatever its payload says', async () => {
    const events = mixed(300, 3);
    await fixture.publish(...events);
    const entries = await fixture.store.readLog(0, 1_000);
    expect(entries.map(({ note }) => topicIn(note)).filter((topic) => topic !== undefined)).toEqual(
      events.map(({ topic }) => topic),
    );
  });

  it('takes what was met anyway, and reads nothing again', async () => {
    await fixture.publish(...mixed(BLOCK + 10, 5));
    const reads: number[] = [];
    const entries = {
      size: () => fixture.store.size(),
      readLog: (from: number, limit: number) => {
        reads.push(from);
        return fixture.store.readLog(from, limit);
      },
    };
    const writer = createTopicIndexer({ ledger: LEDGER, entries, items: fixture.store });
    for (let from = 0; from <= BLOCK; from += 100) writer.met(await fixture.store.readLog(from, 100));
    expect(await writer.extend()).toBe(BLOCK);
    expect(reads).toEqual([]);
    expect(await check()).toBeUndefined();
  });

  it('is the same whoever writes it, two at once and one that dies at any write', async () => {
    const events = mixed(4 * BLOCK, 11);
    await fixture.publish(...events);
    await Promise.all([indexer().extend(), indexer().extend()]);
    expect(await check()).toBeUndefined();
    for (let dies = 1; dies <= 6; dies += 1) {
      fixture = feedFixture();
      await fixture.publish(...events);
      let writes = 0;
      const failing = Object.create(fixture.store, {
        write: {
          value: async (...args: Parameters<typeof fixture.store.write>) => {
            writes += 1;
            if (dies % 2 === 0 && writes === dies / 2) throw new Error('died before it');
            const done = await fixture.store.write(...args);
            if (dies % 2 === 1 && writes === (dies + 1) / 2) throw new Error('died behind it');
            return done;
          },
        },
      }) as typeof fixture.store;
      await expect(
        createTopicIndexer({ ledger: LEDGER, entries: fixture.store, items: failing }).extend(),
      ).rejects.toThrow('died');
      expect(await check()).toBeUndefined();
      expect((await readAll({ topics: ['budget.updated'] })).ids).toEqual(
        wantedOf(events, { topics: ['budget.updated'] }),
      );
      await indexer().extend();
      expect(await check()).toBeUndefined();
      expect((await readAll({ topics: ['budget.updated'] })).ids).toEqual(
        wantedOf(events, { topics: ['budget.updated'] }),
      );
    }
  });

  it('damaged, is named by its check; built anew, it is whole; unreadable, the log is read instead', async () => {
    const events = mixed(2 * BLOCK + 5, 13);
    await fixture.publish(...events);
    await indexer().extend();
    const key = blockKey(LEDGER, 'budget.updated', BLOCK);
    const wanted = wantedOf(events, { topics: ['budget.updated'] });
    await fixture.store.write([{ kind: 'put', key, value: { bits: 7 }, expect: 'any' }]);
    expect((await readAll({ topics: ['budget.updated'] })).ids).toEqual(wanted);
    await fixture.store.write([{ kind: 'put', key, value: { bits: 'AAAA' }, expect: 'any' }]);
    expect((await readAll({ topics: ['budget.updated'] })).ids).toEqual(wanted);
    expect(await check()).toContain('"budget.updated"');
    await fixture.store.write([{ kind: 'delete', key, expect: 'any' }]);
    expect(await check()).toContain('"budget.updated"');
    await rebuildTopicIndex({ ledger: LEDGER, entries: fixture.store, items: fixture.store });
    expect(await check()).toBeUndefined();
    expect((await readAll({ topics: ['budget.updated'] })).ids).toEqual(wanted);
    await fixture.store.write([
      { kind: 'put', key: indexEndKey(LEDGER), value: { end: 9_999 * BLOCK }, expect: 'any' },
    ]);
    expect(await check()).toContain('behind the log');
  });

  it('says nothing of a block in which an entry is gone', async () => {
    await fixture.publish(...mixed(2 * BLOCK, 17));
    const entries = {
      size: () => fixture.store.size(),
      readLog: async (from: number, limit: number) =>
        (await fixture.store.readLog(from, limit)).filter(({ position }) => position !== BLOCK + 3),
    };
    expect(await createTopicIndexer({ ledger: LEDGER, entries, items: fixture.store }).extend()).toBe(BLOCK);
  });
});
