/** When a failed delivery is tried again: ever later, never later than the policy says, and not for ever. */
import { describe, expect, it } from 'vitest';
import { afterFailure, failureReason } from '../../../../core/events/subscriptions/delivery.ts';

const policy = { maxAttempts: 100, baseMs: 200, maxMs: 60_000 };
const latest = 1 - Number.EPSILON;

describe('a failed delivery', () => {
  it.each([
    [1, 200],
    [2, 400],
    [3, 800],
    [9, 51_200],
    [10, 60_000],
    [99, 60_000],
  ])('after %i attempts waits up to %i ms, anywhere between nothing and that', (attempts, ceilingMs) => {
    expect(afterFailure(policy, attempts, 0)).toEqual({ kind: 'retry', afterMs: 0 });
    expect(afterFailure(policy, attempts, 0.5)).toEqual({ kind: 'retry', afterMs: ceilingMs / 2 });
    expect(afterFailure(policy, attempts, latest)).toEqual({ kind: 'retry', afterMs: ceilingMs - 1 });
  });

  it('waits no longer than the policy says, however often it failed', () => {
    const patient = { ...policy, maxAttempts: 1e6, maxMs: 1e9 };
    expect(afterFailure(patient, 999_999, 0.5)).toEqual({ kind: 'retry', afterMs: 5e8 });
  });

  it('is a dead letter with the last attempt it may have', () => {
    expect(afterFailure(policy, 99, 0.5).kind).toBe('retry');
    expect(afterFailure(policy, 100, 0.5)).toEqual({ kind: 'dead-letter' });
    expect(afterFailure(policy, 101, 0.5)).toEqual({ kind: 'dead-letter' });
  });
});

it('keeps why it failed as one bounded line, whatever was thrown', () => {
  expect(failureReason(new TypeError('no\n  such  thing'))).toBe('TypeError: no such thing');
  expect(failureReason('refused')).toBe('refused');
  expect(failureReason(undefined)).toBe('undefined');
  expect(failureReason('x'.repeat(1_000))).toHaveLength(500);
});
