/** Every refusal, with the exact position; and the bounds on hostile patterns. */
import { describe, expect, it } from 'vitest';
import { NervousError } from '../../../../core/errors/index.ts';
import { matchPattern, parsePattern, PatternError } from '../../../../core/events/pattern/index.ts';

function refusalOf(rule: unknown): PatternError {
  try {
    parsePattern(rule);
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(rule)}`);
}

const field = (value: unknown) => ({ detail: { a: [value] } });
const A0 = '/detail/a/0';

const REFUSED: readonly (readonly [reason: RegExp, pointer: string, rule: unknown])[] = [
  [/not an object.*an array/, '', []],
  [/not an object.*null/, '', null],
  [/not an object.*nothing/, '', undefined],
  [/empty object/, '', {}],
  [/empty object/, '/detail', { detail: {} }],
  [/empty array/, '/detail/a', { detail: { a: [] } }],
  [/write \["x"\]/, '/detail/a', { detail: { a: 'x' } }],
  [/object or an array/, '/a~1b/c~0d', { 'a/b': { 'c~d': null } }],
  [/not a value to match/, A0, field(['x'])],
  [/not a value to match/, A0, field(NaN)],
  [/not a value to match/, '/a/1', { a: ['x', undefined] }],
  [/empty/, A0, field({})],
  [/one key, got 2/, A0, field({ prefix: 'x', suffix: 'y' })],
  [/unknown match expression "Prefix"/, `${A0}/Prefix`, field({ Prefix: 'x' })],
  [/unknown match expression "__proto__"/, `${A0}/__proto__`, JSON.parse('{"detail":{"a":[{"__proto__":1}]}}')],
  [/a string, got 1/, `${A0}/prefix`, field({ prefix: 1 })],
  [/a string, got an array/, `${A0}/suffix`, field({ suffix: ['x'] })],
  [/equals-ignore-case/, `${A0}/prefix/suffix`, field({ prefix: { suffix: 'x' } })],
  [/one key/, `${A0}/prefix`, field({ prefix: { 'equals-ignore-case': 'x', b: 1 } })],
  [/a string/, `${A0}/suffix/equals-ignore-case`, field({ suffix: { 'equals-ignore-case': 1 } })],
  [/a string/, `${A0}/equals-ignore-case`, field({ 'equals-ignore-case': null })],
  [/a string/, `${A0}/exactly`, field({ exactly: 1 })],
  [/true or false, got "true"/, `${A0}/exists`, field({ exists: 'true' })],
  [/consecutive stars at character 1/, `${A0}/wildcard`, field({ wildcard: 'a**b' })],
  [/backslash at character 1/, `${A0}/wildcard`, field({ wildcard: 'a\\b' })],
  [/backslash at character 1/, `${A0}/wildcard`, field({ wildcard: 'a\\' })],
  [/longer than 1024/, `${A0}/wildcard`, field({ wildcard: 'a'.repeat(1025) })],
  [/an array/, `${A0}/numeric`, field({ numeric: 5 })],
  [/operator.*got nothing/, `${A0}/numeric/0`, field({ numeric: [] })],
  [/operator.*got "!="/, `${A0}/numeric/0`, field({ numeric: ['!=', 5] })],
  [/a number, got nothing/, `${A0}/numeric/1`, field({ numeric: ['>'] })],
  [/a number, got "5"/, `${A0}/numeric/1`, field({ numeric: ['=', '5'] })],
  [/outside/, `${A0}/numeric/1`, field({ numeric: ['=', 5_000_000_000.1] })],
  [/outside/, `${A0}/numeric/1`, field({ numeric: ['<', NaN] })],
  [/nothing may follow =/, `${A0}/numeric/2`, field({ numeric: ['=', 5, '<', 6] })],
  [/low bound first/, `${A0}/numeric/2`, field({ numeric: ['<', 5, '>', 6] })],
  [/followed by < or <=/, `${A0}/numeric/2`, field({ numeric: ['>', 5, '=', 6] })],
  [/a number/, `${A0}/numeric/3`, field({ numeric: ['>', 5, '<'] })],
  [/outside/, `${A0}/numeric/3`, field({ numeric: ['>', 5, '<', 6e9] })],
  [/two bounds/, `${A0}/numeric/4`, field({ numeric: ['>', 5, '<', 6, '<', 7] })],
  [/5 must be less than the high bound 3/, `${A0}/numeric`, field({ numeric: ['>', 5, '<', 3] })],
  [/must be less than/, `${A0}/numeric`, field({ numeric: ['>=', 5, '<=', 5] })],
  [/a string/, `${A0}/cidr`, field({ cidr: 10 })],
  [/address\/bits/, `${A0}/cidr`, field({ cidr: '10.0.0.0' })],
  [/address\/bits/, `${A0}/cidr`, field({ cidr: '10.0.0.0/8/8' })],
  [/neither IPv4 nor IPv6/, `${A0}/cidr`, field({ cidr: 'localhost/8' })],
  [/neither IPv4 nor IPv6/, `${A0}/cidr`, field({ cidr: '10.0.0.256/8' })],
  [/0 to 31/, `${A0}/cidr`, field({ cidr: '10.0.0.1/32' })],
  [/0 to 127/, `${A0}/cidr`, field({ cidr: '::1/128' })],
  [/0 to 31/, `${A0}/cidr`, field({ cidr: '10.0.0.1/-1' })],
  [/strings or numbers, got true/, `${A0}/anything-but`, field({ 'anything-but': true })],
  [/strings or numbers, got null/, `${A0}/anything-but/1`, field({ 'anything-but': ['x', null] })],
  [/mixes/, `${A0}/anything-but`, field({ 'anything-but': ['x', 1] })],
  [/empty array/, `${A0}/anything-but`, field({ 'anything-but': [] })],
  [/outside/, `${A0}/anything-but`, field({ 'anything-but': -6e9 })],
  [/prefix, suffix, equals/, `${A0}/anything-but/numeric`, field({ 'anything-but': { numeric: ['=', 1] } })],
  [/empty prefix/, `${A0}/anything-but/prefix`, field({ 'anything-but': { prefix: '' } })],
  [/empty suffix/, `${A0}/anything-but/suffix/1`, field({ 'anything-but': { suffix: ['x', ''] } })],
  [/empty array/, `${A0}/anything-but/prefix`, field({ 'anything-but': { prefix: [] } })],
  [/a string/, `${A0}/anything-but/prefix`, field({ 'anything-but': { prefix: 1 } })],
  [/consecutive/, `${A0}/anything-but/wildcard/1`, field({ 'anything-but': { wildcard: ['*', '**'] } })],
  [/array of objects/, '/$or', { $or: { a: [1] } }],
  [/at least 2/, '/detail/$or', { detail: { $or: [] } }],
  [/at least 2/, '/$or', { $or: [{ a: [1] }] }],
  [/takes objects/, '/$or/1', { $or: [{ a: [1] }, 'x'] }],
  [/empty object/, '/$or/1', { $or: [{ a: [1] }, {}] }],
  [/"prefix" cannot name a field/, '/$or/0/prefix', { $or: [{ prefix: ['x'] }, { a: [1] }] }],
  [/"=" cannot name a field/, '/$or/1/b/=', { $or: [{ a: [1] }, { b: { '=': [1] } }] }],
  [/"a" is tested twice/, '', { a: [1], $or: [{ a: [2] }, { b: [1] }] }],
  [/"a\.b" is tested twice/, '/a', { 'a.b': [1], a: { b: [1] } }],
];

describe('parsePattern refuses', () => {
  it.each(
    REFUSED.map(([reason, pointer, rule]) => ({
      reason,
      pointer,
      rule,
      shown: JSON.stringify(rule ?? null).slice(0, 80),
    })),
  )('$shown at "$pointer" for $reason', ({ reason, pointer, rule }) => {
    const error = refusalOf(rule);
    expect(error).toBeInstanceOf(NervousError);
    expect(error.code).toBe('PATTERN_INVALID');
    expect(error.problems).toHaveLength(1);
    expect(error.problems[0]?.pointer).toBe(pointer);
    expect(error.problems[0]?.detail).toMatch(reason);
    expect(error.message).toBe(`${pointer === '' ? 'the pattern' : pointer}: ${error.problems[0]?.detail ?? ''}`);
  });

  it('shows only the start of a long value', () => {
    expect(refusalOf({ a: 'x'.repeat(1_000_000) }).message.length).toBeLessThan(200);
  });
});

describe('bounds', () => {
  function nested(levels: number): unknown {
    let rule: unknown = ['x'];
    for (let level = 0; level < levels; level += 1) rule = { a: rule };
    return rule;
  }

  const branches = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => ({ [`${prefix}${index}`]: [1] }));

  it('100 levels, not 101', () => {
    let event: unknown = 'x';
    for (let level = 0; level < 100; level += 1) event = { a: event };
    expect(matchPattern(parsePattern(nested(100)), event)).toBe(true);
    expect(refusalOf(nested(101)).message).toMatch(/deeper than 100/);
    expect(refusalOf(nested(100_000)).message).toMatch(/deeper than 100/);
  });

  it('256 fields, not 257', () => {
    const fields = (count: number) => Object.assign({}, ...branches(count, 'f')) as unknown;
    expect(() => parsePattern(fields(256))).not.toThrow();
    expect(refusalOf(fields(257)).message).toMatch(/more than 256 fields/);
  });

  it('1000 values of a field, not 1001', () => {
    const values = Array.from({ length: 1001 }, (_, index) => index);
    expect(() => parsePattern({ a: values.slice(1) })).not.toThrow();
    expect(refusalOf({ a: values }).problems[0]?.pointer).toBe('/a');
    expect(refusalOf({ a: [{ 'anything-but': values }] }).problems[0]?.pointer).toBe('/a/0/anything-but');
  });

  it('1000 combinations of $or, not 1001', () => {
    const squares = (count: number) => ({ $or: branches(count, 'a'), x: { $or: branches(20, 'b') } });
    expect(() => parsePattern(squares(50))).not.toThrow();
    expect(refusalOf(squares(51)).message).toMatch(/more than 1000 combinations/);
    expect(refusalOf({ $or: branches(1001, 'a') }).message).toMatch(/more than 1000 combinations/);
  });

  it('20 000 fields in all combinations', () => {
    const wide = Object.assign({ $or: branches(1000, 'a') }, ...branches(20, 'f')) as unknown;
    expect(refusalOf(wide).message).toMatch(/more than 20000 fields/);
  });

  it('arrays in arrays: 100 are looked into, deeper ones count as absent', () => {
    const arrays = (levels: number) => JSON.parse('['.repeat(levels) + '1' + ']'.repeat(levels)) as unknown;
    const exists = parsePattern({ a: [{ exists: true }] });
    const absent = parsePattern({ a: [{ exists: false }] });
    expect(matchPattern(exists, { a: arrays(100) })).toBe(true);
    expect(matchPattern(absent, { a: arrays(100) })).toBe(false);
    expect(matchPattern(exists, { a: arrays(101) })).toBe(false);
    expect(matchPattern(absent, { a: arrays(101) })).toBe(true);
    expect(matchPattern(exists, { a: arrays(5_000) })).toBe(false);
  });

  it('many elements in independent arrays do not multiply', () => {
    const elements = Array.from({ length: 5_000 }, () => ({ x: 1 }));
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const rule = { ...Object.fromEntries(names.map((name) => [name, { x: [1] }])), z: ['no'] };
    const event = { ...Object.fromEntries(names.map((name) => [name, elements])), z: 'yes' };
    expect(matchPattern(parsePattern(rule), event)).toBe(false);
  });

  it('a wildcard that is exponential for a backtracking matcher', () => {
    const pattern = parsePattern({ a: [{ wildcard: `${'a*'.repeat(500)}b` }] });
    expect(matchPattern(pattern, { a: 'a'.repeat(200_000) })).toBe(false);
  });
});
