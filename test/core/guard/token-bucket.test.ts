import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oweTokens, takeTokens, type Rate } from '../../../core/guard/index.ts';

const NOW = Date.UTC(2026, 10, 21, 9);
const rate: Rate = { perMinute: 60, burst: 10 };

const rates = fc.record({ perMinute: fc.integer({ min: 1, max: 1e6 }), burst: fc.integer({ min: 1, max: 1e4 }) });
/** what publishers do: wait (or see the clock set back), then want some */
const wishes = fc.array(
  fc.record({ waitMs: fc.integer({ min: 0, max: 60_000 }), wanted: fc.integer({ min: 1, max: 200 }) }),
  {
    maxLength: 60,
  },
);

describe('takeTokens', () => {
  it('gives a burst at once, then a token as often as they come back', () => {
    const first = takeTokens(rate, 0, 12, NOW);
    expect(first).toMatchObject({ taken: 10, retryAfterMs: 1_000 });
    expect(takeTokens(rate, first.fullAtMs, 1, NOW + 999)).toMatchObject({ taken: 0, retryAfterMs: 1 });
    expect(takeTokens(rate, first.fullAtMs, 5, NOW + 1_000)).toMatchObject({ taken: 1, retryAfterMs: 1_000 });
    expect(takeTokens(rate, first.fullAtMs, 99, NOW + 3_600_000)).toMatchObject({ taken: 10 });
  });

  it('gives the whole burst of a quick bucket, however little by little it is asked', () => {
    const quick: Rate = { perMinute: 255_468, burst: 3 };
    const two = takeTokens(quick, 0, 2, NOW);
    expect(takeTokens(quick, two.fullAtMs, 1, NOW)).toMatchObject({ taken: 1, retryAfterMs: 0 });
  });

  it('never gives more than the burst and what came back, in any span of time', () => {
    fc.assert(
      fc.property(rates, wishes, (limits, made) => {
        let [nowMs, fullAtMs] = [NOW, 0];
        const given: { readonly atMs: number; readonly taken: number }[] = [];
        for (const { waitMs, wanted } of made) {
          nowMs += waitMs;
          const step = takeTokens(limits, fullAtMs, wanted, nowMs);
          fullAtMs = step.fullAtMs;
          given.push({ atMs: nowMs, taken: step.taken });
        }
        for (const [i, { atMs: from }] of given.entries()) {
          let sum = 0;
          for (const { atMs, taken } of given.slice(i)) {
            sum += taken;
            expect(sum).toBeLessThanOrEqual(limits.burst + ((atMs - from + 0.001) / 60_000) * limits.perMinute + 1e-3);
          }
        }
      }),
    );
  });

  it('tells when the next token is there: then, and not before', () => {
    fc.assert(
      fc.property(rates, wishes, (limits, made) => {
        let [nowMs, fullAtMs] = [NOW, 0];
        for (const { waitMs, wanted } of made) {
          nowMs += waitMs;
          const step = takeTokens(limits, fullAtMs, wanted, nowMs);
          fullAtMs = step.fullAtMs;
          expect(step.retryAfterMs > 0).toBe(step.taken < wanted);
          if (step.taken === wanted) continue;
          expect(takeTokens(limits, fullAtMs, 1, nowMs + step.retryAfterMs + 0.01).taken).toBe(1);
          expect(takeTokens(limits, fullAtMs, 1, nowMs + step.retryAfterMs * 0.99 - 0.01).taken).toBe(0);
        }
      }),
    );
  });

  it('lets nobody wait for a clock that was set back longer than an empty bucket would', () => {
    const { fullAtMs } = takeTokens(rate, 0, 10, NOW);
    const later = takeTokens(rate, fullAtMs, 1, NOW - 86_400_000);
    expect(later).toMatchObject({ taken: 0, retryAfterMs: 1_000 });
    expect(takeTokens(rate, later.fullAtMs, 1, NOW - 86_400_000 + 1_000)).toMatchObject({ taken: 1 });
  });
});

describe('oweTokens', () => {
  it('takes what takeTokens takes where there is enough, and goes on below empty where there is not', () => {
    expect(oweTokens(rate, 0, 4, NOW)).toBe(takeTokens(rate, 0, 4, NOW).fullAtMs);
    const owed = oweTokens(rate, oweTokens(rate, 0, 10, NOW), 5, NOW);
    expect(takeTokens(rate, owed, 1, NOW)).toMatchObject({ taken: 0 });
  });
});
