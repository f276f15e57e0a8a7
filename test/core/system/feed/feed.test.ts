/** The change feed over a store in memory: what pages and streams hold, when they wait, what a cursor leads to. */
import { describe, expect, it } from 'vitest';
import type { FeedBatch } from '../../../../core/system/index.ts';
import { must } from '../../../../core/errors/index.ts';
import { collect, feedFixture, type FeedFixture } from '../feed-fixture.ts';

const idsOf = ({ items }: FeedBatch): string[] => items.map(({ event }) => event.eventId);
const many = (count: number, fields: object = {}): object[] =>
  Array.from({ length: count }, (_, i) => ({ eventId: `e-${i}`, ...fields }));
const names = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `e-${from + i}`);
const now = { limit: 100, waitMs: 0 };
/** Lets what was started go on until it waits. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Page after page until the cursor stays where it is. */
async function readAll(fixture: FeedFixture, options: object = now, as = 'aud'): Promise<FeedBatch[]> {
  const pages: FeedBatch[] = [];
  for (let after: string | undefined; ;) {
    const page = await fixture.feed.read(fixture.as(as), {
      ...now,
      ...options,
      ...(after === undefined ? {} : { after }),
    });
    if (page.cursor === after) return pages;
    pages.push(page);
    after = page.cursor;
  }
}

describe('pages', () => {
  it('hold every event once, in commit order, whatever their size', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(1_000));
    for (const limit of [1, 7, 100, 500]) {
      const pages = await readAll(fixture, { limit });
      expect(pages.flatMap(idsOf)).toEqual(names(1_000));
      expect(pages.slice(0, -1).every(({ items }) => items.length === limit)).toBe(true);
    }
  });

  it('go on behind any single event', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(300));
    const [page] = await readAll(fixture, { limit: 500 });
    for (const at of [0, 17, 255, 256, 298]) {
      const after = page?.items[at]?.cursor ?? '';
      const [next] = idsOf(await fixture.feed.read(fixture.as('aud'), { ...now, after }));
      expect(next).toBe(`e-${at + 1}`);
    }
  });

  it('are bounded by their size as well, and hold at least one event', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(60, { metadata: { note: 'x'.repeat(60_000) } }));
    const pages = await readAll(fixture, { limit: 500 });
    expect(pages.flatMap(idsOf)).toEqual(names(60));
    for (const { items } of pages) expect(JSON.stringify(items).length).toBeLessThan(1.3 * 1024 * 1024);
  });

  it('advance where nothing matches, so that what was looked at is not looked at again', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(5_000));
    await fixture.publish({ eventId: 'needle', topic: 'budget.updated' });
    const pages = await readAll(fixture, { topics: ['budget.updated'] }); // no index covers them yet
    expect(pages.flatMap(idsOf)).toEqual(['needle']);
    expect(pages.length).toBe(2); // the first says how far it looked
    expect(new Set(fixture.reads).size).toBe(fixture.reads.length);
    const filtered = await fixture.feed.read(fixture.as('aud'), { ...now, topics: ['budgets.*'], waitMs: 20_000 });
    expect(filtered.items).toEqual([]); // far from the end: it answers with a cursor instead of waiting
  });

  it('hold what the filters let through', async () => {
    const fixture = feedFixture();
    await fixture.publish(
      { eventId: 'a', entityId: 'account:1' },
      { eventId: 'b', entityId: 'account:2' },
      { eventId: 'c', entityId: 'account:2', topic: 'budget.updated' },
    );
    const read = async (filter: object): Promise<string[]> => (await readAll(fixture, filter)).flatMap(idsOf);
    expect(await read({ topics: ['transactions.*'] })).toEqual(['a', 'b']);
    expect(await read({ topics: ['budget.updated', 'transactions.new'] })).toEqual(['a', 'b', 'c']);
    expect(await read({ topics: ['transactions'] })).toEqual([]);
    expect(await read({ entityId: 'account:2' })).toEqual(['b', 'c']);
    expect(await read({ entityId: 'account:2', topics: ['budget.*'] })).toEqual(['c']);
  });

  it('hold what the principal may read', async () => {
    const fixture = feedFixture();
    await fixture.publish({ eventId: 'a' });
    expect((await readAll(fixture, now, 'ledgerist')).flatMap(idsOf)).toEqual(['a']);
    expect((await readAll(fixture, now, 'outsider')).flatMap(idsOf)).toEqual([]);
  });

  it('show what was published a moment ago, although the segment before it was just read', async () => {
    const fixture = feedFixture();
    for (let i = 0; i < 20; i++) {
      await fixture.publish({ eventId: `e-${i}` });
      expect(idsOf(await fixture.feed.read(fixture.as('aud'), now))).toEqual(names(i + 1));
    }
  });
});

describe('a cursor', () => {
  it.each(['', 'p', 'p01', 'p-1', 'p1.5', '1p5', '0p5', '3p1', 'p999999999999999', 'p5 ', 'P5', '__proto__', 'Latest'])(
    '%j is none',
    async (after) => {
      const fixture = feedFixture({ incarnations: [] });
      await fixture.publish({});
      const read = fixture.feed.read(fixture.as('aud'), { ...now, after });
      await expect(read).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
      const follow = fixture.feed.follow(fixture.as('aud'), { after, signal: new AbortController().signal });
      await expect(follow).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    },
  );

  it('"latest" is the end of the log', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(3));
    const page = await fixture.feed.read(fixture.as('aud'), { ...now, after: 'latest' });
    expect(page).toEqual({ items: [], cursor: `p${fixture.store.log.length}` });
  });

  it('of entries that were lost is gone, and the oldest that holds is named', async () => {
    const fixture = feedFixture({ incarnations: [5, 3] });
    await fixture.publish(...many(8));
    const read = (after: string): Promise<FeedBatch> => fixture.feed.read(fixture.as('aud'), { ...now, after });
    for (const after of ['p4', 'p6', '2p4', '2p9'])
      await expect(read(after)).rejects.toMatchObject({ code: 'CURSOR_GONE', oldestCursor: '3p3' });
    for (const after of ['p3', '2p3', '3p3', 'p0']) expect((await read(after)).cursor).toMatch(/^3p/);
    expect(idsOf(await read('3p3'))).toEqual(idsOf(await read('p3')));
  });
});

describe('a long poll', () => {
  it.each([true, false])('answers when something comes (writing alone: %s)', async (exclusive) => {
    const fixture = feedFixture({ exclusive });
    await fixture.publish(...many(2));
    const poll = fixture.feed.read(fixture.as('aud'), { ...now, after: 'latest', waitMs: 20_000 });
    await settle();
    await fixture.publish({ eventId: 'new' });
    if (!exclusive) await fixture.clock.advance(1_000); // it has to look
    expect(idsOf(await poll)).toEqual(['new']);
  });

  it('answers with nothing when nothing came in time, having moved past what it may not show', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(2));
    const poll = fixture.feed.read(fixture.as('aud'), { ...now, topics: ['budgets.*'], waitMs: 20_000 });
    await settle();
    await fixture.publish({ eventId: 'other' });
    await fixture.clock.advance(20_000);
    expect(await poll).toEqual({ items: [], cursor: `p${fixture.store.log.length}` });
  });

  it('answers at once when nobody waits any more', async () => {
    const fixture = feedFixture();
    const controller = new AbortController();
    const poll = fixture.feed.read(fixture.as('aud'), { ...now, waitMs: 20_000, signal: controller.signal });
    await settle();
    controller.abort();
    expect((await poll).items).toEqual([]);
    const aborted = fixture.feed.read(fixture.as('aud'), { ...now, waitMs: 20_000, signal: controller.signal });
    expect((await aborted).items).toEqual([]);
  });
});

describe('a stream', () => {
  const follow = async (fixture: FeedFixture, options: object = {}, as = 'aud') => {
    const controller = new AbortController();
    const followed = await fixture.feed.follow(fixture.as(as), { signal: controller.signal, ...options });
    const batches = must(followed, 'a stream');
    const seen = collect(batches);
    return { ...seen, stop: () => (controller.abort(), seen.done) };
  };

  it('says first where it begins', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(3));
    const stream = await follow(fixture, { after: 'latest' });
    await settle();
    expect(stream.batches).toEqual([{ items: [], cursor: `p${fixture.store.log.length}` }]);
    await stream.stop();
  });

  it('goes from history to what comes without gap or duplicate, while others publish', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(700));
    const publishing = (async () => {
      for (let i = 700; i < 1_000; i++) {
        await fixture.publish({ eventId: `e-${i}`, entityId: `account:${i % 5}` });
        if (i % 7 === 0) await settle();
      }
    })();
    const streams = await Promise.all(['p0', 'p1', 'p650', 'latest'].map((after) => follow(fixture, { after })));
    await publishing;
    await settle();
    for (const stream of streams) {
      await stream.stop();
      const ids = stream.ids();
      expect(ids).toEqual(names(ids.length, 1_000 - ids.length));
    }
    expect(streams[0]?.ids()).toHaveLength(1_000);
  });

  it('is read from the log once for all who follow it', async () => {
    const fixture = feedFixture();
    const streams = await Promise.all(Array.from({ length: 50 }, () => follow(fixture, { after: 'latest' })));
    await settle();
    fixture.reads.length = 0;
    for (let i = 0; i < 10; i++) {
      await fixture.publish({ eventId: `e-${i}` });
      await settle();
    }
    for (const stream of streams) {
      await stream.stop();
      expect(stream.ids()).toEqual(names(10));
    }
    expect(fixture.reads.length).toBeLessThanOrEqual(2 * 11); // the new entries, and the end behind them
  });

  it('says something at least every 15 s, and nothing needlessly', async () => {
    const fixture = feedFixture();
    const told: number[] = [];
    const controller = new AbortController();
    const batches = must(await fixture.feed.follow(fixture.as('aud'), { signal: controller.signal }), 'a stream');
    const done = (async () => {
      for await (const { cursor } of batches) {
        expect(cursor).toMatch(/^p/);
        told.push(fixture.clock.now());
      }
    })();
    for (let second = 0; second < 120; second++) {
      await fixture.clock.advance(1_000);
      if (second % 40 === 13) await fixture.publish({ topic: 'budget.updated' });
    }
    controller.abort();
    await done;
    const gaps = told.slice(1).map((at, i) => at - (told[i] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(15_000);
    expect(told.length).toBeLessThan(20);
  });

  it('moves its cursor on although nothing matches', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(5_000));
    const stream = await follow(fixture, { topics: ['budget.*'] });
    await settle();
    expect(stream.ids()).toEqual([]);
    expect(stream.batches.length).toBe(2); // the beginning, and how far it looked at once
    await fixture.clock.advance(15_000);
    expect(stream.batches.at(-1)?.cursor).toBe(`p${fixture.store.log.length}`);
    await stream.stop();
  });

  it('reads no further than it is asked to', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(5_000));
    fixture.reads.length = 0;
    const batches = await fixture.feed.follow(fixture.as('aud'), { signal: new AbortController().signal });
    const reader = must(batches, 'a stream')[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++) await reader.next();
    await settle();
    expect(fixture.reads).toEqual([0]); // two batches of 100 are in the first segment
    await reader.return?.();
  });

  it('holds what the principal may read', async () => {
    const fixture = feedFixture();
    const stream = await follow(fixture, {}, 'outsider');
    await fixture.publish(...many(3));
    await settle();
    expect(stream.ids()).toEqual([]);
    await stream.stop();
  });

  it('over a subscription begins where that does, and holds what that lets through', async () => {
    const fixture = feedFixture();
    await fixture.publish(...many(10));
    const [page] = await readAll(fixture, { limit: 3 });
    const from = Number(page?.cursor.slice(1));
    const wants = ({ eventId }: { eventId: string }): boolean => /[13579]$/.test(eventId);
    const stream = await follow(fixture, { subscription: { from, wants } }, 'outsider');
    await settle();
    expect(stream.ids()).toEqual(['e-3', 'e-5', 'e-7', 'e-9']);
    await stream.stop();
    const later = await follow(fixture, { subscription: { from, wants }, after: 'latest' }, 'outsider');
    await fixture.publish({ eventId: 'e-11' });
    await settle();
    expect(later.ids()).toEqual(['e-11']);
    await later.stop();
  });

  it('is refused when the principal has too many, until one ends', async () => {
    const fixture = feedFixture({ perPrincipal: 2 });
    const [first, second] = [await follow(fixture), await follow(fixture)];
    const refused = { code: 'STREAMS_EXHAUSTED', message: expect.stringMatching(/"aud" has 2 streams open/) as string };
    await expect(follow(fixture)).rejects.toMatchObject(refused);
    const other = await follow(fixture, {}, 'ledgerist');
    await first.stop();
    const third = await follow(fixture);
    await expect(follow(fixture)).rejects.toMatchObject(refused);
    for (const stream of [second, third, other]) await stream.stop();
    await expect(follow(fixture, { after: 'nonsense' })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    for (let i = 0; i < 5; i++) await (await follow(fixture)).stop();
  });

  it('gives its place back also when its reader is gone before it began', async () => {
    const fixture = feedFixture({ perPrincipal: 1 });
    const controller = new AbortController();
    await fixture.feed.follow(fixture.as('aud'), { signal: controller.signal }); // never read
    controller.abort();
    await fixture.feed.follow(fixture.as('aud'), { signal: AbortSignal.abort() });
    const stream = await follow(fixture);
    await stream.stop();
  });
});
