/** What EventBridge is told of a subscription: never too little, and exactly the filter where it can be. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IsoInstant, ChainHash } from '../../../../core/brands/index.ts';
import {
  busRules,
  matchPattern,
  parsePattern,
  parseSubscriptionInput,
  PatternError,
  subscriptionMatcher,
  topicDomain,
  topicDomains,
  type DeliveredEvent,
} from '../../../../core/events/index.ts';
import { checked } from '../../../support/checked.ts';

const DOMAINS = ['orders', 'other'];

function event(payload: object = {}, more: Partial<DeliveredEvent> = {}): DeliveredEvent {
  return {
    ...{
      eventId: 'e1',
      topic: 'orders.new',
      version: 1,
      timestamp: checked<IsoInstant>('2026-11-21T09:00:00.123Z'),
      entityId: 'a',
    },
    ...{ source: 'shop', payload: payload as DeliveredEvent['payload'] },
    ledger: { entity: 'a', seq: 0, hash: checked<ChainHash>('00') },
    ...more,
  };
}

/** As a rule sees it: the id is EventBridge's own, its time has no milliseconds, and it adds fields. */
function onTheBus(one: DeliveredEvent): object {
  return {
    ...{ version: '0', id: '7a3f', account: '000000000000', region: 'us-east-1', resources: [] },
    ...{ source: `nervous.main.${one.source}`, 'detail-type': one.topic, time: '2026-11-21T09:00:00Z', detail: one },
  };
}

function patternsFor(topics: string[], filter?: object, domain = 'orders'): readonly object[] {
  const subscription = { topics, ...(filter === undefined ? {} : { filter: filter as never }) };
  return busRules('main', subscription, DOMAINS).find((rule) => rule.domain === domain)?.patterns ?? [];
}

describe('busRules', () => {
  it('makes a rule for each bus that may carry wanted events', () => {
    const domainsOf = (...topics: string[]): string[] =>
      busRules('main', { topics }, DOMAINS).map(({ domain }) => domain);
    expect(domainsOf('*')).toEqual(DOMAINS);
    expect(domainsOf('orders.new', 'orders.paid.*')).toEqual(['orders']);
    expect(domainsOf('other.*', 'orders.new')).toEqual(DOMAINS);
    expect(domainsOf('orders', 'gone.new')).toEqual(['orders']); // no topic is just a domain, so this matches nothing
    expect(topicDomain('orders.paid.late')).toBe('orders');
    expect(topicDomains(['orders.new', 'a.b', 'orders.old'])).toEqual(['a', 'aws', 'orders', 'system', 'webhooks']);
  });

  it('names topics only where the bus carries others', () => {
    const source = [{ prefix: 'nervous.main.' }];
    expect(patternsFor(['*'])[0]).toEqual({ source });
    expect(patternsFor(['orders.*', 'orders.new'])[0]).toEqual({ source });
    expect(patternsFor(['orders.new', 'orders.paid.*', 'other.x'])[0]).toEqual({
      source,
      'detail-type': ['orders.new', { prefix: 'orders.paid.' }],
    });
  });

  it('keeps what the bus sees as subscribers do, and leaves out the rest', () => {
    const detail = { payload: { n: [1] } };
    const both = [{ detail: { payload: { a: [1] } } }, { detail: { payload: { b: [1] } } }];
    const filter = { detail, id: ['e1'], time: [{ suffix: '.123Z' }], $or: both };
    expect(patternsFor(['*'], filter)[0]).toEqual({ source: [{ prefix: 'nervous.main.' }], detail, $or: both });
    expect(patternsFor(['*'], { source: ['nervous.main.shop'] })[0]).toEqual({ source: ['nervous.main.shop'] });
    const mixed = { $or: [{ detail }, { 'detail-type': ['orders.new'] }] };
    expect(patternsFor(['orders.old'], mixed)[0]).not.toHaveProperty('$or');
  });

  it('offers wider patterns for what EventBridge refuses, and the first that is short enough', () => {
    const long = { detail: { payload: { a: Array.from({ length: 300 }, (_, i) => `value ${i}`) } } };
    expect(patternsFor(['orders.new'], long)[0]).toEqual({
      source: [{ prefix: 'nervous.main.' }],
      'detail-type': ['orders.new'],
    });
    const many = Array.from({ length: 50 }, (_, i) => `orders.${'x'.repeat(100)}${i}`);
    expect(patternsFor(many, long)).toEqual([{ source: [{ prefix: 'nervous.main.' }] }]);
  });

  it('asks for what names the module of a targeted subscription, unless its filter tests the detail itself', () => {
    const targeted = { topics: ['orders.new'], mode: 'targeted' as const, module: 'm' };
    const first = (filter?: object): object | undefined =>
      busRules('main', { ...targeted, ...(filter && { filter: filter as never }) }, DOMAINS)[0]?.patterns[0];
    const detail = { metadata: { targets: ['m'] } };
    expect(first()).toMatchObject({ detail, 'detail-type': ['orders.new'] });
    expect(first({ source: ['nervous.main.shop'] })).toMatchObject({ detail, source: ['nervous.main.shop'] });
    expect(first({ detail: { version: [1] } })).toMatchObject({ detail: { version: [1] } });
    const one = event({}, { metadata: { targets: ['other', 'm'] } });
    expect(matchPattern(parsePattern(first()), onTheBus(one))).toBe(true);
    expect(matchPattern(parsePattern(first()), onTheBus(event()))).toBe(false);
  });

  it('offers no pattern that is none, though the filter is one by itself', () => {
    const mine = { detail: { metadata: { targets: ['m'] } } };
    const filter = { $or: [mine, { detail: { version: [1] } }] };
    expect(() => parsePattern(filter)).not.toThrow();
    expect(() => parsePattern({ ...filter, ...mine })).toThrow(PatternError);
    const whose = { topics: ['orders.new'], mode: 'targeted' as const, module: 'm', filter };
    const patterns = busRules('main', whose, DOMAINS)[0]?.patterns ?? [];
    expect(patterns.map((one) => Object.keys(one).sort())).toEqual([['detail', 'detail-type', 'source'], ['source']]);
  });

  it('never lets a rule refuse what the subscription wants', () => {
    const filters = [
      { id: ['e1'] },
      { time: ['2026-11-21T09:00:00.123Z'] },
      { account: [{ exists: false }] },
      { 'detail-type': [{ prefix: 'orders.' }], source: [{ suffix: '.shop' }] },
      { $or: [{ id: ['e1'] }, { detail: { version: [7] } }] },
      { detail: { ledger: { seq: [0] }, metadata: [{ exists: false }] } },
    ];
    for (const filter of filters) {
      for (const topics of [['*'], ['orders.new'], ['orders.*', 'other.x']]) {
        expect(subscriptionMatcher('main', { topics, filter: filter })(event())).toBe(true);
        for (const pattern of patternsFor(topics, filter))
          expect(matchPattern(parsePattern(pattern), onTheBus(event()))).toBe(true);
      }
    }
  });
});

interface Case {
  readonly rule: unknown;
  readonly event: unknown;
  readonly matches: boolean;
}

const cases = readFileSync(resolve(import.meta.dirname, '../../../vectors/eventbridge-patterns/cases.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

describe("event-ruler's vectors as filters of a payload", () => {
  it('reach subscribers exactly as AWS decides: rule first, then the matcher', () => {
    let [exact, tested] = [0, 0];
    for (const one of cases) {
      const filter = asPayloadFilter(one.rule);
      if (filter === undefined || !isObject(one.event)) continue;
      tested += 1;
      const delivered = event(one.event);
      const subscription = { topics: ['orders.new'], filter: filter as never };
      const [narrow = {}, ...wider] = patternsFor(['orders.new'], filter);
      expect(subscriptionMatcher('main', subscription)(delivered), JSON.stringify(one)).toBe(one.matches);
      const atTheBus = matchPattern(parsePattern(narrow), onTheBus(delivered));
      if ('detail' in narrow) {
        exact += 1;
        expect(atTheBus, JSON.stringify(one)).toBe(one.matches);
      }
      for (const pattern of wider) expect(matchPattern(parsePattern(pattern), onTheBus(delivered))).toBe(true);
    }
    expect(tested).toBeGreaterThan(300);
    expect(exact).toBeGreaterThan(tested - 10); // the rest is too long for a rule
  });
});

/** Undefined: inside `detail.payload` this is no pattern (or no subscription's). */
function asPayloadFilter(rule: unknown): object | undefined {
  const filter = { detail: { payload: rule } };
  try {
    parsePattern(filter);
    return parseSubscriptionInput({ topics: ['orders.new'], filter }).filter;
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
