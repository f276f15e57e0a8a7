/** The settings of a subscription, at their bounds, and when it begins. */
import { describe, expect, it } from 'vitest';
import { diffSchemas, order } from '../../../../core/events/catalog/schema-diff.ts';
import { addressOf, isInRange, parseCidr } from '../../../../core/events/pattern/ip-range.ts';
import {
  parseSubscriptionInput,
  startsAtMs,
  type Subscription,
} from '../../../../core/events/subscriptions/subscription.ts';

const HOUR_MS = 3_600_000;
const CREATED = '2026-11-21T08:00:00.000Z';
const input = { id: 's', topics: ['a.*'] };
const takes = (more: object): boolean => {
  try {
    parseSubscriptionInput({ ...input, ...more });
    return true;
  } catch {
    return false;
  }
};

describe('a subscription', () => {
  it('gives what there is, or waits since it was made or last resumed', () => {
    const begins = (more: object): number => startsAtMs({ createdAt: CREATED, ...more } as unknown as Subscription);
    const buffer = { maxSize: 1, maxDelayMs: 1, startDelayMs: 5_000 };
    expect(begins({})).toBe(0);
    expect(begins({ buffer: { ...buffer, startDelayMs: 0 } })).toBe(0);
    expect(begins({ buffer })).toBe(Date.parse(CREATED) + 5_000);
    const resumedAt = '2026-11-21T09:00:00.000Z';
    expect(begins({ buffer, resumedAt })).toBe(Date.parse(resumedAt) + 5_000);
  });

  it.each([
    ['maxAttempts', 100],
    ['baseMs', HOUR_MS],
    ['maxMs', 24 * HOUR_MS],
  ])('retries with %s from 1 to its bound', (name, most) => {
    const takesThat = (value: number): boolean => takes({ retry: { [name]: value } });
    expect([0, 1, most, most + 1].map(takesThat)).toEqual([false, true, true, false]);
  });

  it('filters by a pattern, which is an object', () => {
    expect(takes({ filter: { userId: ['ana'] } })).toBe(true);
    for (const filter of [[], null, 'x', 7]) expect(takes({ filter })).toBe(false);
  });
});

describe('an IP address', () => {
  it('has as many groups as it must have, and stands for the same however it is spelt', () => {
    expect(addressOf('192.0.2.1')).toBe('c0000201');
    expect(addressOf('::ffff:192.0.2.1')).toBeUndefined();
    expect(addressOf('::ffff:c000:201')).toBe('c0000201');
    expect(addressOf('2001:db8::1')).toBe(`20010db8${'0'.repeat(20)}0001`);
    expect(addressOf('::')).toBe('0'.repeat(32));
    expect(addressOf('1:2:3:4:5:6:7:8')).toHaveLength(32);
    expect(addressOf('1:2:3:4:5:6:7::')).toBe('00010002000300040005000600070000'); // one group left out
    expect(addressOf('::2:3:4:5:6:7:8')).toBe('00000002000300040005000600070008');
    for (const wrong of ['1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '1::2::3', '12345::', 'g::'])
      expect(addressOf(wrong)).toBeUndefined();
    for (const wrong of ['192.0.2', '192.0.2.256', '192.0.2.1.1', '1.2.3.x']) expect(addressOf(wrong)).toBeUndefined();
  });

  it('is in a range from its first to its last address', () => {
    const parsed = parseCidr('10.0.0.0/30');
    if (!('range' in parsed)) throw new Error('the range is one');
    expect(
      ['9.255.255.255', '10.0.0.0', '10.0.0.3', '10.0.0.4', '::', 'x'].map((ip) => isInRange(parsed.range, ip)),
    ).toEqual([false, true, true, false, false, false]);
  });
});

describe('what changed between two schemas', () => {
  it('is told in order of place', () => {
    expect([order('a', 'b'), order('b', 'a'), order('a', 'a')]).toEqual([-1, 1, 0]);
  });

  it.each([
    ['minimum', 1, 0, 'more'],
    ['minimum', 0, 1, 'fewer'],
    ['minLength', 1, 0, 'more'],
    ['maximum', 0, 1, 'more'],
    ['maxLength', 1, 0, 'fewer'],
  ] as const)('says whether %s from %i to %i lets %s values in', (keyword, before, after, which) => {
    const [change] = diffSchemas({ [keyword]: before }, { [keyword]: after });
    const [widened] = diffSchemas({ type: 'string' }, { type: ['string', 'number'] });
    const [narrowed] = diffSchemas({ type: ['string', 'number'] }, { type: 'string' });
    const told = (detail = ''): string => detail.slice(detail.indexOf(': ') + 2);
    expect(told(widened?.detail)).not.toBe(told(narrowed?.detail));
    expect(told(change?.detail)).toBe(told((which === 'more' ? widened : narrowed)?.detail));
  });
});
