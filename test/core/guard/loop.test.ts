import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loopAfter, type LoopSettings, type Window } from '../../../core/guard/index.ts';

const NOW = Date.UTC(2026, 10, 21, 9);
const settings: LoopSettings = { maxHops: 16, reentries: 3, windowSeconds: 60 };
const kindOf = (origin: object, window?: Window): string => loopAfter(window, origin, settings, NOW).verdict.kind;

describe('loopAfter', () => {
  it('takes sixteen hops, and not one more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (hops) => {
        expect(kindOf({ hops })).toBe(hops > 16 ? 'loop' : 'straight');
      }),
    );
  });

  it.each([
    [15, 'straight'],
    [16, 'straight'],
    [17, 'loop'],
  ])('takes %i hops for %s', (hops, kind) => {
    expect(kindOf({ hops })).toBe(kind);
  });

  it('counts for as long as its window says, from a whole multiple of it', () => {
    const settings = { maxHops: 16, reentries: 3, windowSeconds: 7 };
    const startMs = NOW - (NOW % 7_000);
    const first = loopAfter(undefined, { hops: 1, correlationId: 'c' }, settings, startMs + 6_999).window;
    expect(first).toEqual({ startMs, count: 1 });
    expect(loopAfter(first, { hops: 1, correlationId: 'c' }, settings, startMs + 7_000).window).toEqual({
      ...{ startMs: startMs + 7_000, count: 1 },
    });
  });

  it('counts how often a correlation comes back because of another event', () => {
    let window: Window | undefined;
    const kinds = [1, 2, 3, 4].map((hops) => {
      const step = loopAfter(window, { hops, correlationId: 'c' }, settings, NOW);
      window = step.window;
      return step.verdict.kind;
    });
    expect(kinds).toEqual(['straight', 'straight', 'straight', 'loop']);
    expect(loopAfter(window, { hops: 5, correlationId: 'c' }, settings, NOW + 60_000).verdict.kind).toBe('straight');
  });

  it('never counts what begins something: an import may give everything one correlation', () => {
    for (const origin of [{ correlationId: 'import' }, { correlationId: 'import', hops: 0 }, { hops: 3 }, {}])
      expect(loopAfter({ startMs: NOW, count: 1e6 }, origin, settings, NOW)).toEqual({
        window: undefined,
        verdict: { kind: 'straight' },
      });
    expect(kindOf({ correlationId: 'c', causationId: 'e' }, { startMs: NOW, count: 3 })).toBe('loop');
  });

  it('counts nothing where it was not asked to', () => {
    const origin = { hops: 9, correlationId: 'c' };
    expect(loopAfter(undefined, origin, { maxHops: 16, windowSeconds: 60 }, NOW).window).toBeUndefined();
  });
});
