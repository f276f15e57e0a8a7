import { describe, expect, it } from 'vitest';
import { budgetsSchema, protectionProblems, protectionSchema, stormLimit } from '../../../core/guard/index.ts';

describe('the section "protection"', () => {
  it('item 8: is on for people, hops and storms, and asks for the rest', () => {
    expect(protectionSchema.parse(undefined)).toEqual({
      rates: { sessions: { perMinute: 100, burst: 100 }, modules: {} },
      budgets: budgetsSchema.parse(undefined),
      subscriptionsPerPrincipal: 100,
      storm: { perSecond: 100, topics: {} },
      loop: { maxHops: 16, windowSeconds: 60, resetAfterSeconds: 3_600 },
    });
  });

  it('item 8: limits every topic but those that say otherwise', () => {
    const protection = protectionSchema.parse({ storm: { topics: { bulk: 'unlimited', rare: 2 } } });
    expect(['bulk', 'rare', 'other', 'constructor'].map((topic) => stormLimit(protection, topic))).toEqual([
      ...[undefined, 2, 100, 100],
    ]);
    expect(stormLimit(protectionSchema.parse({}), 'other')).toBe(100);
    expect(stormLimit(protectionSchema.parse({ storm: { perSecond: 'unlimited' } }), 'other')).toBeUndefined();
  });

  it.each([
    { rates: { sessions: { perMinute: 1 } } },
    { rates: { sessions: { perMinute: 60_000_000, burst: 60_000_000 } } },
    { storm: { perSecond: 1 } },
    { storm: { perSecond: 1_000_000 } },
    { loop: { maxHops: 1 } },
    { loop: { resetAfterSeconds: 2_592_000 } },
  ])('takes %j', (input) => {
    expect(protectionSchema.safeParse(input).success).toBe(true);
  });

  it.each([
    { rates: { sessions: { perMinute: 60_000_001 } } },
    { rates: { sessions: { perMinute: 1, burst: 60_000_001 } } },
    { rates: { sessions: { perMinute: 1, burst: 0 } } },
    { storm: { perSecond: 0 } },
    { storm: { perSecond: 1_000_001 } },
    { loop: { windowSeconds: 0 } },
    { loop: { resetAfterSeconds: 2_592_001 } },
    { rates: { sessions: { perMinute: 0 } } },
    { rates: { sessions: 'none' } },
    { rates: { modules: { feed: 'unlimited' } } },
    { storm: { perSecond: 1.5 } },
    { storm: { topics: { a: -1 } } },
    { loop: { maxHops: 0 } },
    { lop: {} },
  ])('refuses %j', (input) => {
    expect(protectionSchema.safeParse(input).success).toBe(false);
  });

  it('names modules and topics that are not declared', () => {
    const protection = protectionSchema.parse({
      rates: { modules: { feed: { perMinute: 1 }, toString: { perMinute: 1 } } },
      storm: { topics: { 'a.b': 1 } },
    });
    const paths = protectionProblems(protection, { modules: { feed: {} }, topics: {} }).map(({ path }) =>
      path.join('.'),
    );
    expect(paths).toEqual(['protection.rates.modules.toString', 'protection.storm.topics.a.b']);
  });
});
