import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalize,
  CanonicalError,
  isCanonical,
  leafHash,
  MAX_DEPTH,
  pointerOf,
  taggedHash,
  toHex,
} from '../../../core/canonical/index.ts';

const VECTORS = join(import.meta.dirname, '../../vectors/rfc8785');
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

describe('the vectors of RFC 8785', () => {
  it.each(readdirSync(join(VECTORS, 'input')))('%s', (name) => {
    const [input, output] = ['input', 'output'].map((side) => readFileSync(join(VECTORS, side, name), 'utf8'));
    expect(canonicalize(JSON.parse(input ?? ''))).toBe(output?.trimEnd());
  });
});

it.each([
  ['{"b":1,"a":2}', '{"a":2,"b":1}'],
  ['{"10":1,"9":2,"1":3}', '{"1":3,"10":1,"9":2}'], // code units, not numbers
  [
    '{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}'.replace('\r', '\\r'),
    '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
  ],
  ['[1E30,4.50,2e-3,0.000000000000000000000000001,-0,1e21,100]', '[1e+30,4.5,0.002,1e-27,0,1e+21,100]'],
  ['"\\u20ac$\\u000f\\u000aA\'B\\"\\\\\\"/"', '"€$\\u000f\\nA\'B\\"\\\\\\"/"'],
  ['[true, false, null, [], {}]', '[true,false,null,[],{}]'],
])('%s is written %s', (input, output) => expect(canonicalize(JSON.parse(input))).toBe(output));

it('writes what it wrote: canonical form is a fixed point and keeps the value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = canonicalize(value);
      expect(canonicalize(JSON.parse(text))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('tells canonical text from any other text of the same value', () => {
  const key = fc.oneof(fc.string(), fc.nat(200).map(String), fc.constantFrom('__proto__', '-1', '01', 'constructor'));
  const leaf = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    fc.string({ unit: 'binary' }),
  );
  const { value: any } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value')),
      fc.uniqueArray(fc.tuple(key, tie('value')), { selector: ([k]) => k }).map((pairs) => Object.fromEntries(pairs)),
    ),
  }));
  fc.assert(
    fc.property(any, (value) => {
      for (const text of [JSON.stringify(value), JSON.stringify(value, null, 1), canonicalize(value)])
        expect(isCanonical(text, JSON.parse(text))).toBe(canonicalize(JSON.parse(text)) === text);
    }),
  );
});

it.each([
  ['an escaped lone surrogate', '"\\ud800"'],
  ['one as a key', '{"\\udc00":1}'],
  ['too many levels', JSON.stringify(nested(MAX_DEPTH + 1))],
  ['very many levels', '['.repeat(30_000) + ']'.repeat(30_000)],
])('holds %s for not canonical', (_, text) => expect(isCanonical(text, JSON.parse(text))).toBe(false));

it('accepts text that only looks like a surrogate escape, and the deepest nesting', () => {
  for (const text of ['"\\\\ud800"', '"\\"\\\\ud8"', JSON.stringify(nested(MAX_DEPTH))])
    expect(isCanonical(text, JSON.parse(text))).toBe(true);
});

describe('refuses, naming the place:', () => {
  class Money {
    readonly amount = 1;
  }
  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a bigint', 1n],
    ['NaN', Number.NaN],
    ['Infinity', -Infinity],
    ['a class instance', new Money()],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['bytes', new Uint8Array(2)],
    ['a lone surrogate', 'a\ud800b'],
    ['a lone surrogate as a key', { '\udfff': 1 }],
    ['a hole', new Array<number>(1)],
  ])('%s', (_, value) => {
    const error = thrownBy(() => canonicalize({ a: [0, { 'x/y~z': value }] }));
    expect(error).toMatchObject({ code: 'NOT_I_JSON' });
    expect(error.problems[0]?.pointer).toMatch(/^\/a\/1\/x~1y~0z/);
  });

  it.each([0.5, 2 ** 53, -(2 ** 53), 1e21])('%d where only integers are allowed', (value) => {
    expect(canonicalize([value])).toBe(`[${JSON.stringify(value)}]`);
    expect(thrownBy(() => canonicalize({ n: value }, { integersOnly: true }))).toMatchObject({
      code: 'NOT_I_JSON',
      problems: [{ pointer: '/n' }],
    });
  });

  it('more levels than the limit, with circular values among them', () => {
    expect(canonicalize(nested(MAX_DEPTH))).toHaveLength(2 * MAX_DEPTH);
    expect(thrownBy(() => canonicalize(nested(MAX_DEPTH + 1)))).toMatchObject({ code: 'TOO_DEEP' });
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(thrownBy(() => canonicalize(circle))).toMatchObject({ code: 'TOO_DEEP' });
  });
});

it('writes the largest safe integers and pointers by RFC 6901', () => {
  expect(canonicalize([2 ** 53 - 1, -(2 ** 53 - 1), -0], { integersOnly: true })).toBe(
    '[9007199254740991,-9007199254740991,0]',
  );
  expect(pointerOf(['a', 0, '~/'])).toBe('/a/0/~0~1');
});

it('hashes with domain separation', () => {
  // RFC 6962 leaf of no bytes,
  expect(toHex(leafHash(new Uint8Array(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  expect(taggedHash('t', 'a', 'b')).not.toBe(taggedHash('t', 'ab'));
  expect(taggedHash('t', 'a')).not.toBe(taggedHash('u', 'a'));
});

function thrownBy(work: () => unknown): CanonicalError {
  try {
    work();
  } catch (error) {
    if (error instanceof CanonicalError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
