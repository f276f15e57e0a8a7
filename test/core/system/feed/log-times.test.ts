/** Where a time is in the log: exact where times ascend, near where clocks differ, and never by reading the log from end to end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { msOf, type EpochMs } from '../../../../core/brands/index.ts';
import { parseMoment } from '../../../../core/values/index.ts';
import { must } from '../../../../core/errors/index.ts';
import { endBefore, firstAtOrAfter } from '../../../../core/system/feed/log-times.ts';
import { collect, feedFixture } from '../feed-fixture.ts';
import { entryText, prepareEntry, type EntryStore, type LoggedEntry } from '../../../../core/ledger/index.ts';

const START = Date.parse('2026-12-01T00:00:00Z');
const now = { limit: 500, waitMs: 0 };

/** A log whose entries were recorded at these times; undefined: bytes that nobody can read. */
function logOf(times: readonly (number | undefined)[]) {
  const reads: { from: number; limit: number }[] = [];
  const noteAt = (position: number): Uint8Array => {
    const time = times[position];
    if (time === undefined) return Buffer.from('not an entry');
    const at = new Date(START + time).toISOString();
    const draft = { type: 'event', actor: { kind: 'module' as const, id: 'm' }, idem: 'i', data: {} };
    const text = entryText(
      prepareEntry({ ledger: 'main', entity: 'a:1', at: at as never }, draft),
      '0'.repeat(64) as never,
      position,
    );
    return Buffer.concat([text, Buffer.from(`\n— x ${Buffer.alloc(68).toString('base64')}\n`)]);
  };
  const log = {
    size: async () => times.length,
    readLog: async (from: number, limit: number) => {
      reads.push({ from, limit });
      const end = Math.min(times.length, from + limit);
      return Array.from({ length: Math.max(0, end - from) }, (_, i) => ({
        ...{ position: from + i, note: noteAt(from + i) },
      })) as unknown as LoggedEntry[];
    },
  } satisfies Pick<EntryStore, 'readLog' | 'size'>;
  const time = (ms: number): EpochMs => msOf(new Date(START + ms).toISOString());
  return {
    reads,
    since: (ms: number) => firstAtOrAfter(log, time(ms)),
    until: (ms: number) => endBefore(log, time(ms)),
  };
}

describe('a time in the log', () => {
  it('is found exactly where times ascend', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }).map((all) => all.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: -1, max: 51 }), async (all, asked) => {
        const log = logOf(all);
        expect(await log.since(asked)).toBe(all.filter((at) => at < asked).length);
        expect(await log.until(asked)).toBe(all.filter((at) => at < asked).length);
      }),
    );
  });

  it('leaves out nothing that stands near its place, whatever the order of the clocks', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: -1, max: 51 }), async (all, asked) => {
        const log = logOf(all);
        const first = all.findIndex((at) => at >= asked);
        expect(await log.since(asked)).toBe(first === -1 ? all.length : first);
        expect(await log.until(asked)).toBe(all.findLastIndex((at) => at < asked) + 1);
      }),
    );
  });

  it('is searched by halves, and only its neighbours are looked through', async () => {
    const log = logOf(Array.from({ length: 100_000 }, (_, i) => i * 10));
    expect(await log.since(500_005)).toBe(50_001);
    expect(log.reads.length).toBeLessThanOrEqual(17 + 4);
    expect(log.reads.reduce((sum, { limit }) => sum + limit, 0)).toBeLessThanOrEqual(17 + 1_024);
  });

  it('is found beside entries that cannot be read, and leaves none of them out', async () => {
    const log = logOf([0, 1, undefined, undefined, 4, undefined, 6]);
    expect([await log.since(4), await log.since(5), await log.until(5), await log.until(7)]).toEqual([2, 5, 5, 7]);
    expect(await logOf([undefined, undefined]).since(1)).toBe(0);
    expect(await logOf([]).since(1)).toBe(0);
  });
});

describe('since and until', () => {
  const at = (text: string) => must(parseMoment(text), text);
  const hourly = async () => {
    const fixture = feedFixture();
    for (let i = 0; i < 10; i++) {
      await fixture.publish({ eventId: `e-${i}` });
      await fixture.clock.advance(3_600_000);
    }
    const read = async (options: object): Promise<string[]> => {
      const { items } = await fixture.feed.read(fixture.as('aud'), { ...now, ...options });
      return items.map(({ event }) => event.eventId);
    };
    return { ...fixture, read };
  };

  it('are where a page begins and ends', async () => {
    const { read } = await hourly();
    expect(await read({ since: at('150m') })).toEqual(['e-8', 'e-9']);
    expect(await read({ since: at('2h') })).toEqual(['e-8', 'e-9']);
    expect(await read({ until: at('8h') })).toEqual(['e-0', 'e-1']);
    expect(await read({ since: at('5h'), until: at('3h') })).toEqual(['e-5', 'e-6']);
    expect(await read({ since: at('3h'), until: at('5h') })).toEqual([]);
    expect(await read({ since: at('0s') })).toEqual([]);
    expect(await read({ since: at('2999-01-01T00:00:00Z') })).toEqual([]);
    expect(await read({ until: at('2999-01-01T00:00:00Z') })).toHaveLength(10);
    expect(await read({ since: at('5h'), topics: ['budget.*'] })).toEqual([]);
    expect(await read({ since: at('5h'), until: at('3h'), entityId: 'account:1' })).toEqual(['e-5', 'e-6']);
  });

  it('give way to a cursor, and the end stays', async () => {
    const { read, feed, as } = await hourly();
    const range = { since: at('5h'), until: at('2h') };
    const first = await feed.read(as('aud'), { ...now, ...range, limit: 1 });
    expect(await read({ ...range, after: first.cursor })).toEqual(['e-6', 'e-7']);
    expect(await read({ ...range, after: 'p0' })).toHaveLength(8);
    const last = await feed.read(as('aud'), { ...now, ...range });
    const over = await feed.read(as('aud'), { ...now, ...range, after: last.cursor, waitMs: 20_000 }); // waits for nothing
    expect(over).toEqual({ items: [], cursor: last.cursor, isLast: true });
  });

  it('wait for nothing behind the end, although the log ends there, too', async () => {
    const { feed, as } = await hourly();
    const none = { until: at('0s'), topics: ['budget.*'], waitMs: 20_000 };
    expect(await feed.read(as('aud'), { ...now, ...none })).toMatchObject({ items: [], isLast: true });
  });

  it('end a stream, which says how far it came', async () => {
    const fixture = await hourly();
    const { feed, as } = fixture;
    const { signal } = new AbortController();
    const follow = (options: object) => feed.follow(as('aud'), { signal, until: at('2h'), ...options });
    const { done, ids, batches } = collect(must(await follow({ since: at('4h') }), 'a stream'));
    await done;
    expect(ids()).toEqual(['e-6', 'e-7']);
    await fixture.publish({ eventId: 'later' });
    expect(await follow({ after: batches.at(-1)?.cursor })).toBeUndefined();
    const filtered = collect(must(await follow({ topics: ['budget.*'] }), 'a stream'));
    await filtered.done;
    expect(await follow({ after: filtered.batches.at(-1)?.cursor })).toBeUndefined();
  });
});
