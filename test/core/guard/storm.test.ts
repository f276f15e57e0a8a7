import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atLeast, countIn, stormAfter, stormShare, type Window } from '../../../core/guard/index.ts';

const NOW = Date.UTC(2026, 10, 21, 9);

describe('stormAfter', () => {
  it('is a storm from the first event on that is one too many within a second', () => {
    let window: Window | undefined;
    const verdicts = Array.from({ length: 12 }, (_, i) => {
      const step = stormAfter(window, 10, NOW + i * 80);
      window = step.window;
      return step.verdict;
    });
    expect(verdicts.indexOf('storm')).toBe(10);
    expect(stormAfter(window, 10, NOW + 1_000).verdict).toBe('calm');
  });

  it('says so exactly when a second of the clock has more events than it may', () => {
    const times = fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 60 }), (offsets, perSecond) => {
        const perClockSecond = new Map<number, number>();
        let window: Window | undefined;
        for (const offset of offsets.toSorted((a, b) => a - b)) {
          const second = Math.floor(offset / 1_000);
          const count = (perClockSecond.get(second) ?? 0) + 1;
          perClockSecond.set(second, count);
          const step = stormAfter(window, perSecond, NOW + offset);
          window = step.window;
          expect(step.verdict).toBe(count > perSecond ? 'storm' : 'calm');
        }
      }),
    );
  });

  it('begins anew when the clock is set back, and does not count on for an hour', () => {
    const { window } = stormAfter({ startMs: NOW, count: 10 }, 10, NOW - 3_600_000);
    expect(window).toEqual({ startMs: NOW - 3_600_000, count: 1 });
  });
});

describe('atLeast', () => {
  it('is the greater count of the same window, and otherwise what was learned', () => {
    expect(atLeast({ startMs: NOW, count: 7 }, { startMs: NOW, count: 5 }).count).toBe(7);
    expect(atLeast({ startMs: NOW, count: 3 }, { startMs: NOW, count: 5 }).count).toBe(5);
    expect(atLeast(undefined, { startMs: NOW, count: 5 }).count).toBe(5);
    expect(
      countIn(atLeast(undefined, { startMs: NOW, count: 5 }), 1, { lengthMs: 1_000, nowMs: NOW + 2_000 }).count,
    ).toBe(1);
  });
});

it.each([
  [1, 1],
  [99, 1],
  [100, 2],
  [149, 2],
  [150, 3],
  [1_000_000, 20_000],
])('of a limit of %i a second, %i events are counted before the others are told', (perSecond, share) => {
  expect(stormShare(perSecond)).toBe(share);
});
