/** The index over rules gives what a loop with the plain matcher gives, whatever the rules and events, in order of insertion. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createRuleIndex,
  matchPattern,
  parsePattern,
  PatternError,
  type Pattern,
} from '../../../../core/events/pattern/index.ts';
import { FieldIndex } from '../../../../core/events/pattern/field-index.ts';
import { MAX_PLACES_PER_RULE } from '../../../../core/events/pattern/rule-index.ts';

const key = fc.constantFrom('a', 'b', 'c');
const text = fc.constantFrom('x', 'xy', 'xyz', 'y', '', '10.0.0.1', '::ffff:a00:1', '2001:db8::1');
const leaf = fc.oneof(text, fc.integer({ min: -1, max: 2 }), fc.boolean(), fc.constant(null));
const value = fc.oneof(
  { weight: 4, arbitrary: leaf },
  fc.constantFrom<unknown>({ exists: true }, { exists: false }),
  fc.constantFrom<unknown>({ 'anything-but': 'x' }, { 'anything-but': [1, 2] }, { 'anything-but': { prefix: 'x' } }),
  fc.constantFrom<unknown>({ numeric: ['=', 1] }, { numeric: ['>', 0, '<=', 2] }, { cidr: '10.0.0.0/8' }),
  text.map((prefix) => ({ prefix })),
  text.map((suffix) => ({ suffix })),
  fc.constantFrom<unknown>(
    { exactly: '10.0.0.1' },
    { 'equals-ignore-case': 'XY' },
    { prefix: { 'equals-ignore-case': 'X' } },
  ),
  fc.constantFrom('x*', '*y', '*', 'x*z', 'xy', '').map((wildcard) => ({ wildcard })),
);
const { node: rule } = fc.letrec<{ node: Record<string, unknown>; any: unknown }>((tie) => ({
  node: fc.oneof(
    { weight: 5, arbitrary: fc.dictionary(key, tie('any'), { minKeys: 1, maxKeys: 3 }) },
    { weight: 1, arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map(($or) => ({ $or })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('node'), fc.array(tie('node'), { minLength: 2, maxLength: 2 }))
        .map(([beside, $or]) => ({ ...beside, $or })),
    },
  ),
  any: fc.oneof({ maxDepth: 3, depthIdentifier: 'rule' }, fc.array(value, { minLength: 1, maxLength: 3 }), tie('node')),
}));
const pattern = rule.map(parsed).filter((one) => one !== undefined);
const { object: event } = fc.letrec<{ object: Record<string, unknown>; any: unknown }>((tie) => ({
  object: fc.dictionary(key, tie('any'), { maxKeys: 3 }),
  any: fc.oneof({ maxDepth: 4, depthIdentifier: 'event' }, leaf, tie('object'), fc.array(tie('any'), { maxLength: 3 })),
}));

function parsed(source: unknown): Pattern | undefined {
  try {
    return parsePattern(source);
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

/** The rules that stand, in order of insertion. */
function loop(rules: Iterable<readonly [number, Pattern]>, one: unknown): number[] {
  return [...rules].filter(([, found]) => matchPattern(found, one)).map(([id]) => id);
}

describe('the index', () => {
  it('answers as the loop does for any rules and events', () => {
    let matches = 0;
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 30 }), fc.array(event, { maxLength: 10 }), (patterns, events) => {
        const index = createRuleIndex<number>();
        for (const [id, one] of patterns.entries()) index.add(id, one);
        for (const one of events) {
          const found = index.match(one);
          expect(found).toEqual(loop(patterns.entries(), one));
          matches += found.length;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(matches).toBeGreaterThan(1_000);
  });

  it('answers as the loop does while rules come, go and are replaced', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), id: fc.nat(9), pattern }) },
      fc.record({ kind: fc.constant('remove' as const), id: fc.nat(9) }),
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('match' as const), event }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = createRuleIndex<number>();
        const rules = new Map<number, Pattern>();
        for (const one of steps) {
          if (one.kind === 'match') expect(index.match(one.event)).toEqual(loop(rules, one.event));
          else if (one.kind === 'remove') expect(index.remove(one.id)).toBe(rules.delete(one.id));
          else {
            index.add(one.id, one.pattern);
            rules.delete(one.id);
            rules.set(one.id, one.pattern);
          }
          expect(index.size).toBe(rules.size);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('answers as the loop does for every vector: all their rules against each of their events', () => {
    const folder = resolve(import.meta.dirname, '../../../vectors/eventbridge-patterns');
    const cases = readFileSync(resolve(folder, 'cases.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { rule: unknown; event: unknown; matches: boolean });
    expect(cases.length).toBe(351);
    const rules = new Map(cases.map((one, id) => [id, parsePattern(one.rule)]));
    const index = createRuleIndex<number>();
    for (const [id, one] of rules) index.add(id, one);
    for (const [id, one] of cases.entries()) {
      const found = index.match(one.event);
      expect(found).toEqual(loop(rules, one.event));
      expect(found.includes(id)).toBe(one.matches);
    }
  });

  it('may be changed between and after answers, which are the caller’s own', () => {
    const index = createRuleIndex<string>();
    index.add('first', parsePattern({ a: [1] }));
    index.add('second', parsePattern({ a: [{ exists: true }] }));
    const found = index.match({ a: 1 });
    for (const id of found) index.remove(id);
    expect(found).toEqual(['first', 'second']);
    expect(index.match({ a: 1 })).toEqual([]);
    index.add('first', parsePattern({ a: [2] }));
    expect(index.match({ a: 2 })).toEqual(['first']);
    found.push('other');
    expect(index.match({ a: 2 })).toEqual(['first']);
  });

  it('reads nothing into what is no event, and takes hostile keys for names', () => {
    const index = createRuleIndex<number>();
    index.add(0, parsePattern({ a: [{ exists: false }] }));
    index.add(1, parsePattern({ constructor: { name: ['Object'] } }));
    index.add(2, parsePattern(JSON.parse('{"__proto__":{"a":["x"]}}')));
    for (const one of [null, undefined, 'a', 1, [], [{ a: 1 }]]) expect(index.match(one)).toEqual([]);
    expect(index.match({ constructor: { name: 'Object' }, a: 1 })).toEqual([1]);
    expect(index.match(JSON.parse('{"__proto__":{"a":"x"}}'))).toEqual([0, 2]);
    expect(index.match({ a: 0 })).toEqual([]);
  });
});

describe('the work it saves', () => {
  /** Counts how many patterns are looked at, by reading through a proxy of each. */
  function counted(sources: readonly unknown[]): { match: (event: unknown) => number[]; tried: () => number } {
    let tried = 0;
    const index = createRuleIndex<number>();
    let armed = false;
    for (const [id, source] of sources.entries())
      index.add(
        id,
        new Proxy(parsePattern(source), {
          get: (target, property) => {
            if (armed) tried += 1;
            return Reflect.get(target, property) as unknown;
          },
        }),
      );
    armed = true;
    return { match: (one) => index.match(one), tried: () => tried };
  }

  it('a thousand rules of one topic on different accounts cost an event the few of its account', () => {
    const sources = Array.from({ length: 1_000 }, (_, n) => ({
      'detail-type': ['transactions.new'],
      detail: { entityId: [`account:${n % 500}`], payload: { amount: [{ numeric: ['>', n] }] } },
    }));
    const { match, tried } = counted(sources);
    const found = match({
      'detail-type': 'transactions.new',
      detail: { entityId: 'account:7', payload: { amount: 8 } },
    });
    expect(found).toEqual([7]);
    expect(tried()).toBeLessThan(20);
  });

  it('beginnings, wildcards and addresses are found by look-up too', () => {
    const sources = Array.from({ length: 300 }, (_, n) => [
      { f: [{ prefix: `p${n}-` }] },
      { f: [{ wildcard: `w${n}-*-end` }] },
      { f: [`10.0.${n >> 8}.${n & 255}`] },
    ]).flat();
    const { match, tried } = counted(sources);
    expect(match({ f: 'p12-x' })).toEqual([36]);
    expect(match({ f: 'w12-x-end' })).toEqual([37]);
    expect(match({ f: '::ffff:a00:c' })).toEqual([38]);
    expect(tried()).toBe(3);
  });
});

describe('bounds', () => {
  it('a rule is filed at a bounded number of places, and still found', () => {
    const many = Array.from({ length: 20 }, (_, branch) => ({
      [`f${branch}`]: Array.from({ length: 1_000 }, (_, n) => `v${branch}-${n}`),
    }));
    const index = createRuleIndex<number>();
    index.add(0, parsePattern({ $or: many }));
    index.add(1, parsePattern({ f19: ['v19-999'] }));
    expect(MAX_PLACES_PER_RULE).toBeLessThan(20 * 1_000);
    expect(index.match({ f0: 'v0-0' })).toEqual([0]);
    expect(index.match({ f19: 'v19-999' })).toEqual([0, 1]);
    expect(index.match({ f19: 'other' })).toEqual([]);
    index.remove(0);
    expect(index.match({ f19: 'v19-999' })).toEqual([1]);
  });

  it('looks at no more beginnings of a text than it files lengths of', () => {
    const index = createRuleIndex<number>();
    const long = 'x'.repeat(5_000);
    for (let n = 0; n < 5_000; n++)
      index.add(n, parsePattern({ f: [{ prefix: `${long.slice(0, n)}${n % 2 ? '' : '!'}` }] }));
    expect(index.match({ f: `${long.slice(0, 100)}!` })).toHaveLength(51);
  });

  it('leaves nothing behind of rules that are gone', () => {
    const index = new FieldIndex<number>();
    const before = JSON.stringify(index, replacer);
    const places = [
      { path: ['a', 'b'], key: { kind: 'prefix', value: 'x' } },
      { path: ['a'], key: { kind: 'exact', value: 1 } },
      { path: ['a', 'b', 'c'], key: { kind: 'present', value: null } },
    ] as const;
    for (const place of places) index.add(place, 7);
    expect(JSON.stringify(index, replacer)).not.toBe(before);
    for (const place of places) index.remove(place, 7);
    expect(JSON.stringify(index, replacer)).toBe(before);
  });

  it('an event nested in arrays as deep as the matcher reads is read as deep', () => {
    const index = createRuleIndex<number>();
    const rules = new Map([[0, parsePattern({ a: ['x'] })]]);
    for (const [id, one] of rules) index.add(id, one);
    for (const depth of [99, 100, 101, 5_000]) {
      let nested: unknown = 'x';
      for (let level = 0; level < depth; level++) nested = [nested];
      expect(index.match({ a: nested })).toEqual(loop(rules, { a: nested }));
    }
  });
});

function replacer(_: string, found: unknown): unknown {
  return found instanceof Map || found instanceof Set ? [...(found as Iterable<unknown>)] : found;
}
