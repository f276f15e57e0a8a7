import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askBreaker, breakerAfter, createBreaker, type Breaker } from '../../../core/guard/index.ts';

const NOW = Date.UTC(2026, 10, 21, 9);
const PROBE_MS = 30_000;
const fresh = createBreaker({ failures: 3, probeAfterMs: PROBE_MS });
const after = (outcomes: readonly ('success' | 'failure')[], from: Breaker = fresh): Breaker =>
  outcomes.reduce((breaker, outcome) => breakerAfter(breaker, outcome, NOW), from);
const probing = (breaker: Breaker, nowMs: number): Breaker => {
  const asked = askBreaker(breaker, nowMs);
  if (asked.kind !== 'probe') throw new Error(asked.kind);
  return asked.breaker;
};

describe('a breaker', () => {
  it('opens at the third failure in a row, and a success between starts the count again', () => {
    expect(after(['failure', 'failure']).state).toBe('closed');
    expect(after(['failure', 'failure', 'success', 'failure', 'failure']).state).toBe('closed');
    expect(after(['failure', 'failure', 'failure']).state).toBe('open');
    expect(createBreaker()).toMatchObject({ failures: 3, probeAfterMs: PROBE_MS });
  });

  it('holds back while open, then lets one through; the next waits for that one', () => {
    const open = after(['failure', 'failure', 'failure']);
    expect(askBreaker(open, NOW + PROBE_MS - 1)).toEqual({ kind: 'wait', untilMs: NOW + PROBE_MS });
    const halfOpen = probing(open, NOW + PROBE_MS);
    expect(halfOpen.state).toBe('half-open');
    expect(askBreaker(halfOpen, NOW + PROBE_MS + 1)).toEqual({ kind: 'wait', untilMs: NOW + 2 * PROBE_MS });
  });

  it('closes when the probe succeeds, and opens again for as long when it fails', () => {
    const halfOpen = probing(after(['failure', 'failure', 'failure']), NOW + PROBE_MS);
    expect(breakerAfter(halfOpen, 'success', NOW + PROBE_MS)).toEqual(fresh);
    const again = breakerAfter(halfOpen, 'failure', NOW + PROBE_MS + 5);
    expect(askBreaker(again, NOW + PROBE_MS + 6)).toEqual({ kind: 'wait', untilMs: NOW + 2 * PROBE_MS + 5 });
  });

  it('sends another probe when one was lost with its process', () => {
    const halfOpen = probing(after(['failure', 'failure', 'failure']), NOW + PROBE_MS);
    expect(askBreaker(halfOpen, NOW + 2 * PROBE_MS).kind).toBe('probe');
  });

  it('is not moved by deliveries that began before it opened', () => {
    const open = after(['failure', 'failure', 'failure']);
    expect(after(['success', 'failure'], open)).toEqual(open);
  });

  it('does not wait for a clock that was set back', () => {
    expect(askBreaker(after(['failure', 'failure', 'failure']), NOW - 3_600_000).kind).toBe('probe');
    expect(askBreaker(after(['failure', 'failure', 'failure']), NOW - 1).kind).toBe('probe');
    expect(askBreaker(after(['failure', 'failure', 'failure']), NOW).kind).toBe('wait'); // it has just opened
  });

  it('is plain data: kept and read back, it decides the same', () => {
    const step = fc.record({
      outcome: fc.constantFrom('success' as const, 'failure' as const),
      waitMs: fc.integer({ min: 0, max: 60_000 }),
    });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 5 }), (steps, failures) => {
        let breaker = createBreaker({ failures, probeAfterMs: 1_000 });
        let nowMs = NOW;
        let row = 0;
        for (const { outcome, waitMs } of steps) {
          nowMs += waitMs;
          const asked = askBreaker(breaker, nowMs);
          expect(askBreaker(JSON.parse(JSON.stringify(breaker)) as Breaker, nowMs)).toEqual(asked);
          if (asked.kind === 'wait') continue;
          breaker = breakerAfter(asked.kind === 'probe' ? asked.breaker : breaker, outcome, nowMs);
          row = outcome === 'failure' ? row + 1 : 0;
          // The model: open exactly when the last deliveries, probes included, are failures, and enough of them.
          expect(breaker.state).toBe(row >= failures ? 'open' : 'closed');
        }
      }),
    );
  });
});
