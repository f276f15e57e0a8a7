/** The window of a day, kept while a ledger is replayed, against the plain reading of what it must be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RECENT } from '../../../../core/changes/store/recent-changes.ts';
import { CLOCK_SLACK_MS } from '../../../../core/changes/replay/authority.ts';
import {
  RecentWindow,
  WINDOW_MS,
  type RecentQuery,
  type AssessedChange,
} from '../../../../core/changes/replay/recent-window.ts';

const START = Date.UTC(2026, 10, 21);
const HOUR_MS = 3_600_000;
const assessed = (change: string, at: number, more: Partial<AssessedChange> = {}): AssessedChange => ({
  ...{ change, at, sponsor: 'ann', entityId: 'account:1', moved: 1 },
  ...more,
});
const asked = (at: number, more: Partial<RecentQuery> = {}): RecentQuery => ({
  ...{ change: 'new', sponsor: 'ann', entityId: 'account:1', from: at, to: at },
  ...more,
});
const names = (all: readonly unknown[]): string[] => (all as AssessedChange[]).map(({ change }) => change);

interface Known extends AssessedChange {
  readonly endedAt?: number;
}
/** Everything there ever was, looked through again for every question. */
function plainly(known: readonly Known[], { change, from, to }: RecentQuery, isOf: (one: Known) => boolean) {
  const others = known.filter((one) => one.change !== change && isOf(one));
  const live = (since: number): Known[] => others.filter(({ endedAt, at }) => endedAt === undefined && at >= since);
  const justEnded = others.filter(({ endedAt = 0, at }) => endedAt >= from - CLOCK_SLACK_MS && at >= from - WINDOW_MS);
  return {
    certain: names(live(to - WINDOW_MS)).sort(),
    possible: names([...live(from - WINDOW_MS), ...justEnded]).sort(),
  };
}

it('holds what certainly counted, and what possibly did, by sponsor and by entity', () => {
  const step = fc.record({
    change: fc.integer({ min: 0, max: 6 }).map((n) => `c${n}`),
    sponsor: fc.constantFrom('ann', 'bob'),
    entityId: fc.constantFrom('account:1', 'account:2'),
    ends: fc.boolean(),
    /** the edges of all bounds, and what lies between */
    waits: fc.constantFrom(
      0,
      1,
      CLOCK_SLACK_MS - 1,
      CLOCK_SLACK_MS,
      CLOCK_SLACK_MS + 1,
      HOUR_MS,
      11 * HOUR_MS,
      WINDOW_MS,
      2 * WINDOW_MS,
    ),
    spread: fc.constantFrom(0, 1, CLOCK_SLACK_MS),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const window = new RecentWindow();
      let known: Known[] = [];
      let now = START;
      for (const { change, sponsor, entityId, ends, waits, spread } of steps) {
        now += waits;
        const before = known.find((one) => one.change === change && one.endedAt === undefined);
        if (!ends && known.some((one) => one.change === change && one.endedAt !== undefined)) continue;
        // A window may have forgotten what is older than any question; that it ended says nothing then.
        if (ends && before !== undefined && before.at < now - WINDOW_MS) continue;
        known = known.filter((one) => one !== before);
        if (!ends) {
          const one = { change, at: now, sponsor, entityId, moved: 1 };
          known.push(one);
          window.assessed(one);
        } else if (before !== undefined) {
          known.push({ ...before, endedAt: now });
          window.ended(change, now);
        }
        for (const [who, what, whom] of [
          ['ann', 'account:1', 'new'],
          ['bob', 'account:2', 'c1'],
        ] as const) {
          const question = { change: whom, sponsor: who, entityId: what, from: now - spread, to: now };
          const [certain, possible] = [window.certain(question), window.possible(question)];
          const by = plainly(known, question, (one) => one.sponsor === who);
          const on = plainly(known, question, (one) => one.entityId === what);
          expect({ certain: names(certain.byInitiator).sort(), possible: names(possible.byInitiator).sort() }).toEqual(
            by,
          );
          expect({ certain: names(certain.onEntity).sort(), possible: names(possible.onEntity).sort() }).toEqual(on);
        }
      }
    }),
    { numRuns: 300 },
  );
});

describe('at the edges of a day', () => {
  const now = START + WINDOW_MS;
  const certainAt = (at: number, to: number): string[] => {
    const window = new RecentWindow();
    window.assessed(assessed('old', at));
    return names(window.certain(asked(to)).onEntity);
  };

  it('counts what is a day old, and nothing older', () => {
    expect(certainAt(START, now)).toEqual(['old']);
    expect(certainAt(START, now + 1)).toEqual([]);
  });

  it('certainly counts from the latest it may have been counted, possibly from the earliest', () => {
    const window = new RecentWindow();
    window.assessed(assessed('old', START));
    const question = asked(now, { to: now + 1 });
    expect(names(window.certain(question).byInitiator)).toEqual([]);
    expect(names(window.possible(question).byInitiator)).toEqual(['old']);
  });

  it('possibly counts what ended within what clocks may differ', () => {
    const ended = (at: number): string[] => {
      const window = new RecentWindow();
      window.assessed(assessed('gone', now - HOUR_MS));
      window.ended('gone', at);
      expect(names(window.certain(asked(now)).onEntity)).toEqual([]);
      return names(window.possible(asked(now)).onEntity);
    };
    expect(ended(now - CLOCK_SLACK_MS)).toEqual(['gone']);
    expect(ended(now - CLOCK_SLACK_MS - 1)).toEqual([]);
  });

  it('keeps those that count in the order of their times, then of their names', () => {
    const window = new RecentWindow();
    for (const [change, at] of [
      ['c', 2],
      ['b', 2],
      ['a', 3],
      ['d', 1],
    ] as const)
      window.assessed(assessed(change, now + at));
    window.assessed(assessed('e', now + 2));
    window.ended('e', now + 3);
    expect(names(window.possible(asked(now + 4)).onEntity)).toEqual(['d', 'b', 'c', 'e', 'a']);
  });

  it('knows nothing of what it never heard of', () => {
    const window = new RecentWindow();
    window.ended('nothing', now);
    expect(window.possible(asked(now))).toEqual({ byInitiator: [], onEntity: [] });
  });
});

it('tells a thousand apart, and one more than that is as good as any number', () => {
  const window = new RecentWindow();
  for (let n = 0; n < MAX_RECENT + 5; n++) window.assessed(assessed(`c${String(n).padStart(5, '0')}`, START + n));
  const question = asked(START + MAX_RECENT + 5);
  expect(window.certain(question).onEntity).toHaveLength(MAX_RECENT + 1);
  window.ended('c00000', START + MAX_RECENT + 5);
  const possible = names(window.possible(question).onEntity);
  expect(possible).toHaveLength(MAX_RECENT + 1);
  expect(possible[0]).toBe('c00000');
  expect(window.certain({ ...question, change: 'c00001' }).onEntity).toHaveLength(MAX_RECENT);
});
