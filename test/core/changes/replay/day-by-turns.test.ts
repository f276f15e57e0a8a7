/** What an assessment must have counted, told by turns alone: at each edge, one less than it must is found. */
import { describe, expect, it } from 'vitest';
import { MAX_RECENT } from '../../../../core/changes/store/recent-changes.ts';
import { CLOCK_SLACK_MS } from '../../../../core/changes/replay/authority.ts';
import { DayByTurns, type TurnRecord } from '../../../../core/changes/replay/day-by-turns.ts';
import { WINDOW_MS } from '../../../../core/changes/replay/recent-window.ts';

const START = Date.UTC(2026, 10, 21);
const PLENTY = { recentChanges: 1e6, recentMoved: 1e9, recentEntities: 1e6 };

/** The n-th assessment, which says it counted plenty. */
function taken(turn: number, more: Partial<TurnRecord> = {}): TurnRecord {
  const at = more.at ?? START + turn;
  return {
    ...{ change: `c${turn}`, sponsor: 'ann', entityId: 'account:1', moved: 10, at, asOf: at, position: turn },
    ...{ turns: { sponsor: turn, entity: turn }, initiator: PLENTY, onEntity: PLENTY },
    ...more,
  };
}
const short = (all: readonly TurnRecord[], ended: Readonly<Record<string, number>> = {}): string | undefined => {
  const day = new DayByTurns();
  for (const one of all) day.take(one);
  for (const [change, at] of Object.entries(ended)) day.ended(change, at);
  const found = day.firstShort();
  return found === undefined ? undefined : `${found.position}: ${found.reason}`;
};

describe('an assessment', () => {
  const before = [taken(0), taken(1, { entityId: 'account:2', moved: 5 })];
  const says = (more: object): TurnRecord => taken(2, { initiator: { ...PLENTY, ...more }, moved: 1 });

  it.each([
    ['recentChanges', 3],
    ['recentMoved', 16],
    ['recentEntities', 2],
  ])('counts at least what there was: %s is %i', (fact, least) => {
    expect(short([...before, says({ [fact]: least })])).toBeUndefined();
    expect(short([...before, says({ [fact]: least - 1 })])).toBe(
      `2: its fact ${fact} is ${least - 1}, at least ${least} counted`,
    );
  });

  it('counts on its entity what was on it, whoever answered for it', () => {
    const of = (recentChanges: number): TurnRecord => taken(2, { onEntity: { ...PLENTY, recentChanges } });
    const others = [taken(0, { sponsor: 'bob' }), taken(1, { entityId: 'account:2' })];
    expect(short([...others, of(2)])).toBeUndefined();
    expect(short([...others, of(1)])).toMatch(/^2: its fact recentChanges is 1, at least 2/);
  });

  it('is not judged by what it does not say', () => {
    expect(short([...before, taken(2, { initiator: {}, onEntity: { recentMoved: 'much' } })])).toBeUndefined();
  });

  it('counts a change-set once, however often that was assessed, and itself as it is now', () => {
    const twice = [taken(0), taken(1, { change: 'c0', moved: 7 })];
    const of = (recentChanges: number, recentMoved: number): TurnRecord =>
      taken(2, { moved: 1, initiator: { ...PLENTY, recentChanges, recentMoved } });
    expect(short([...twice, of(2, 8)])).toBeUndefined();
    expect(short([...twice, of(2, 7)])).toMatch(/recentMoved is 7, at least 8/);
    expect(
      short([taken(0), taken(1, { change: 'c0', initiator: { recentChanges: 1, recentMoved: 10 } })]),
    ).toBeUndefined();
  });

  it('counts a change-set as it was assessed last, also on a document that nobody else saw', () => {
    const revised = taken(1, { change: 'c0', moved: 0, initiator: {}, onEntity: {}, isExternal: true });
    const of = (recentMoved: number): TurnRecord => taken(2, { moved: 1, initiator: { ...PLENTY, recentMoved } });
    expect(short([taken(0), revised, of(1)])).toBeUndefined();
    expect(short([taken(0), revised, of(0)])).toMatch(/^2: .*recentMoved is 0, at least 1/);
  });

  it('is not judged on a document that nobody else saw', () => {
    expect(short([...before, { ...says({ recentChanges: 0 }), isExternal: true }])).toBeUndefined();
  });

  it('goes by turns, not by the order of the log', () => {
    const first = taken(0, { position: 9, initiator: { recentChanges: 1 } });
    const second = taken(1, { position: 4, initiator: { recentChanges: 1 } });
    expect(short([second, first])).toMatch(/^4: .*at least 2/);
    expect(short([taken(1, { position: 4 }), first])).toBeUndefined();
  });

  it('is told by its place in the log, the first of all that counted too little', () => {
    const bad = { recentChanges: 0 };
    const all = [
      taken(0, { position: 8, initiator: bad }),
      taken(1, { position: 3, onEntity: bad }),
      taken(2, { initiator: bad, position: 5 }),
    ];
    expect(short(all)).toMatch(/^3: /);
  });
});

describe('at the edges of a day', () => {
  const last = (asOf: number, recentChanges: number): TurnRecord =>
    taken(1, { at: asOf, asOf, initiator: { recentChanges } });

  it('counts what is a day old, and nothing older', () => {
    expect(short([taken(0), last(START + WINDOW_MS, 1)])).toMatch(/at least 2/);
    expect(short([taken(0), last(START + WINDOW_MS + 1, 1)])).toBeUndefined();
  });

  it('counts what stood a minute after it, and not what ended within that', () => {
    const end = START + 1 + CLOCK_SLACK_MS;
    expect(short([taken(0), taken(1, { initiator: { recentChanges: 1 } })], { c0: end })).toBeUndefined();
    expect(short([taken(0), taken(1, { initiator: { recentChanges: 1 } })], { c0: end + 1 })).toMatch(/at least 2/);
  });

  it('finds its way over many days, and counts of each only the last', () => {
    const daily = Array.from({ length: 9 }, (_, n) => {
      const at = START + (n * WINDOW_MS) / 2;
      return taken(n, { at, asOf: at, initiator: { recentChanges: Math.min(n + 1, 3) } });
    });
    expect(short(daily)).toBeUndefined();
    expect(
      short(daily.map((one) => ({ ...one, initiator: { recentChanges: Math.min(one.position + 1, 2) } }))),
    ).toMatch(/^2: .*at least 3/);
  });
});

it('asks for no sum where more than a thousand change-sets are not told apart any more', () => {
  const many = (count: number): TurnRecord[] => Array.from({ length: count }, (_, n) => taken(n));
  const last = (count: number, initiator: object): TurnRecord => taken(count, { initiator });
  expect(short([...many(MAX_RECENT - 1), last(MAX_RECENT - 1, { recentMoved: 0 })])).toMatch(/at least 10000/);
  expect(short([...many(MAX_RECENT), last(MAX_RECENT, { recentMoved: 0 })])).toBeUndefined();
  expect(short([...many(MAX_RECENT + 5), last(MAX_RECENT + 5, { recentChanges: MAX_RECENT + 1 })])).toMatch(
    /at least 1002/,
  );
  expect(short([...many(MAX_RECENT + 5), last(MAX_RECENT + 5, { recentChanges: MAX_RECENT + 2 })])).toBeUndefined();
});
