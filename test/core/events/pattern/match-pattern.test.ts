/** The language by hand-written cases, so that the tests mean something without the shared vectors. */
import { describe, expect, it } from 'vitest';
import { matchPattern, parsePattern } from '../../../../core/events/pattern/index.ts';

function matches(rule: unknown, event: unknown): boolean {
  return matchPattern(parsePattern(rule), event);
}

/** A list of values against one field, which stands in an object so that `undefined` means absent. */
function accepts(values: readonly unknown[], ...found: readonly unknown[]): boolean {
  return matches({ f: values }, found.length === 0 ? { other: 1 } : { f: found[0] });
}

interface Table {
  readonly values: readonly unknown[];
  readonly yes: readonly unknown[];
  readonly no: readonly unknown[];
}

const TABLES: Record<string, Table> = {
  'exact string': { values: ['a'], yes: ['a', ['b', 'a'], [['a']]], no: ['A', 'aa', '', null, 1, {}, { a: 'a' }, []] },
  'exact empty string': { values: [''], yes: [''], no: ['a', null, []] },
  'exact number': { values: [3], yes: [3, 3.0, [1, 3]], no: ['3', 3.000001, true, [[]]] },
  'exact large number': { values: [111122223333], yes: [111122223333], no: ['111122223333'] },
  'exact zero': { values: [0], yes: [0, -0], no: ['', null, false] },
  'exact literals': { values: [true, null], yes: [true, null, [null]], no: [false, 'true', 'null', 1, 0] },
  exactly: { values: [{ exactly: '10.0.0.1' }], yes: ['10.0.0.1'], no: ['010.0.0.1'] },
  'exact address': {
    values: ['2001:db8::1', '10.0.0.1', '1:2:3:4:5:6:7:8'],
    yes: ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1', '10.0.0.1', '::ffff:a00:1'],
    no: ['2001:db8::2', '10.0.0.10', '10.0.0', '2001:db8::1:', ':', '::1::1', '1:2:3:4:5:6:7:8::'],
  },
  prefix: { values: [{ prefix: 'ab' }], yes: ['ab', 'abc'], no: ['a', 'Ab', 'cab', 1, null] },
  'empty prefix': { values: [{ prefix: '' }], yes: ['', 'x'], no: [1, null, true, {}] },
  suffix: { values: [{ suffix: '.csv' }], yes: ['.csv', 'a.csv'], no: ['a.CSV', 'a.csv.gz', 1] },
  'prefix, no case': { values: [{ prefix: { 'equals-ignore-case': 'Žo' } }], yes: ['žO', 'ŽOFIE'], no: ['zofie', 'ž'] },
  'suffix, no case': { values: [{ suffix: { 'equals-ignore-case': 'ŽO' } }], yes: ['žo', 'x-Žo'], no: ['o', 'žo-'] },
  'equals-ignore-case': { values: [{ 'equals-ignore-case': 'Aß1' }], yes: ['aß1', 'ASS1'], no: ['aẞ1', 'aß', 'aß12'] },
  'ignore-case, text has no ß': { values: [{ 'equals-ignore-case': 'ss' }], yes: ['SS', 'sS'], no: ['ß', 's'] },
  'ignore-case, two units': { values: [{ 'equals-ignore-case': '𐐀😀' }], yes: ['𐐨😀'], no: ['𐐀', '𐐀😁'] },
  wildcard: { values: [{ wildcard: 'a*b*c' }], yes: ['abc', 'axbxc', 'abbcc'], no: ['ac', 'acb', 'abcd', 'xabc'] },
  'wildcard, overlap': { values: [{ wildcard: 'ab*ba' }], yes: ['abba', 'abXba'], no: ['aba', 'ab', 'ba'] },
  'wildcard, middle and end overlap': { values: [{ wildcard: '*ab*bc' }], yes: ['abbc', 'abxbc'], no: ['abc', 'bc'] },
  'wildcard, escapes': { values: [{ wildcard: '\\**\\\\' }], yes: ['*\\', '*x\\'], no: ['x\\', '*', '**'] },
  'wildcard, only star': { values: [{ wildcard: '*' }], yes: ['', 'x'], no: [1, null] },
  'wildcard, no star': { values: [{ wildcard: 'ab' }], yes: ['ab'], no: ['abc', ''] },
  'anything-but': {
    values: [{ 'anything-but': 'x' }],
    yes: ['y', 1, null, true, ['x', 'y']],
    no: ['x', ['x'], [], {}],
  },
  'anything-but list': { values: [{ 'anything-but': ['x', 'y'] }], yes: ['z', 1], no: ['x', 'y', ['x', 'y']] },
  'anything-but number': { values: [{ 'anything-but': [7, 8] }], yes: [9, '7', null], no: [7, 8.0] },
  'anything-but prefix': { values: [{ 'anything-but': { prefix: 'a' } }], yes: ['b', '', 1, null], no: ['a', 'ab'] },
  'anything-but suffix': { values: [{ 'anything-but': { suffix: ['a', 'b'] } }], yes: ['c', 1], no: ['xa', 'b'] },
  'anything-but case': {
    values: [{ 'anything-but': { 'equals-ignore-case': ['A', 'b'] } }],
    yes: ['c'],
    no: ['a', 'B'],
  },
  'anything-but wildcard': { values: [{ 'anything-but': { wildcard: 'a*z' } }], yes: ['a', 'za'], no: ['az', 'a-z'] },
  'two anything-but': { values: [{ 'anything-but': 'x' }, { 'anything-but': 'y' }], yes: ['x', 'y'], no: [[], {}] },
  'numeric =': { values: [{ numeric: ['=', 3.018e2] }], yes: [301.8], no: ['301.8', 301.9, null] },
  'numeric <': { values: [{ numeric: ['<', 0] }], yes: [-0.000001, -1e300], no: [0, -0, 1, NaN, '-1'] },
  'numeric <=': { values: [{ numeric: ['<=', 0] }], yes: [0, -1], no: [0.000001, NaN] },
  'numeric >': { values: [{ numeric: ['>', 0] }], yes: [0.000001, 1e300, Infinity], no: [0, NaN, true] },
  'numeric range': { values: [{ numeric: ['>=', -5, '<', 5] }], yes: [-5, 0, 4.999999], no: [5, -5.000001, NaN] },
  'numeric range, other ends': { values: [{ numeric: ['>', -5, '<=', 5] }], yes: [5, 0], no: [-5, 5.000001] },
  'cidr v4': {
    values: [{ cidr: '10.0.0.77/25' }],
    yes: ['10.0.0.0', '10.0.0.127'],
    no: ['10.0.0.128', '9.255.255.255', 1],
  },
  'cidr v4, all': {
    values: [{ cidr: '0.0.0.0/0' }],
    yes: ['255.255.255.255'],
    no: ['::1', '256.0.0.1', '1.2.3', 'host'],
  },
  'cidr v6': { values: [{ cidr: '2001:db8::/32' }], yes: ['2001:db8:ffff::'], no: ['2001:db9::', '32.1.13.184', '::'] },
  'exists true': {
    values: [{ exists: true }],
    yes: ['', 0, null, false, [1], [[1]]],
    no: [[], {}, { a: 1 }, [{ a: 1 }], [[]]],
  },
  'exists false': {
    values: [{ exists: false }],
    yes: [[], {}, { a: 1 }, [{ a: 1 }], [[], {}]],
    no: [null, '', [1], [[null]]],
  },
  'exists false or a value': { values: [{ exists: false }, 'a'], yes: ['a', [], {}], no: ['b', ['b'], null] },
};

describe('one field', () => {
  for (const [name, { values, yes, no }] of Object.entries(TABLES)) {
    it.each(yes.map((value) => [JSON.stringify(value), value]))(`${name} accepts %s`, (_shown, value) =>
      expect(accepts(values, value)).toBe(true),
    );
    it.each(no.map((value) => [JSON.stringify(value), value]))(`${name} refuses %s`, (_shown, value) =>
      expect(accepts(values, value)).toBe(false),
    );
  }

  it('absent: only exists false accepts it', () => {
    expect(accepts([{ exists: false }])).toBe(true);
    for (const values of [[{ exists: true }], [{ 'anything-but': 'x' }], [null], [{ prefix: '' }]]) {
      expect(accepts(values)).toBe(false);
    }
  });
});

describe('fields and arrays', () => {
  const both = { d: { a: [1], b: [2] } };
  const aWithoutB = { d: { a: [1], b: [{ exists: false }] } };
  const bWithoutA = { d: { a: [{ exists: false }], b: [2] } };
  const gap = { d: { a: [1] }, 'd-x': { a: [1] } };

  it.each([
    ['all fields must match', both, { d: { a: 1, b: 2, c: 3 } }, true],
    ['one field differs', both, { d: { a: 1, b: 3 } }, false],
    ['same element', both, { d: [{ a: 1 }, { a: 1, b: 2 }] }, true],
    ['different elements', both, { d: [{ a: 1 }, { b: 2 }] }, false],
    ['elements of nested arrays', both, { d: [[{ a: 1 }, { b: 2 }], [{ a: 1, b: 2 }]] }, true],
    ['different elements of one nested array', both, { d: [[{ a: 1 }, { b: 2 }]] }, false],
    ['leaves of two arrays in one element', both, { d: [{ a: [0, 1], b: [2, 0] }] }, true],
    ['sibling arrays are independent', gap, { d: [{ a: 0 }, { a: 1 }], 'd-x': [{ a: 1 }, { a: 0 }] }, true],
    ['leaf beside objects', { d: [{ exists: true }] }, { d: [{ a: 1 }, 'x'] }, true],
    ['scalar where an object is named', both, { d: 1 }, false],
    ['absence is looked for in the element found before', aWithoutB, { d: [{ a: 1 }, { b: 2 }] }, true],
    ['element has it', aWithoutB, { d: [{ a: 1, b: 3 }, { b: 2 }] }, false],
    ['absence before any field found looks at every element', bWithoutA, { d: [{ a: 1 }, { b: 2 }] }, false],
    ['absent in every element', bWithoutA, { d: [{ c: 1 }, { b: 2 }] }, true],
    ['nothing found at all, nothing asked', { d: { a: [{ exists: false }] } }, { d: [{ b: 1 }, []] }, true],
    ['found in one element', { d: { a: [{ exists: false }] } }, { d: [{ b: 1 }, { a: [1] }] }, false],
    ['field deeper than a leaf is absent', { d: { a: { x: [{ exists: false }] } } }, { d: { a: 1 } }, true],
  ])('%s', (_name, rule, event, expected) => {
    expect(matches(rule, event)).toBe(expected);
  });

  it.each([[null], [undefined], ['x'], [1], [[]], [[{ a: 1 }]]])(
    'an event that is no object matches nothing: %j',
    (event) => {
      expect(matches({ a: [{ exists: false }] }, event)).toBe(false);
    },
  );
});

describe('$or', () => {
  const rule = { s: ['x'], $or: [{ a: [1] }, { b: [2], c: [3] }, { d: { $or: [{ e: [4] }, { f: [5] }] } }] };

  it.each([
    ['first branch', { s: 'x', a: 1 }, true],
    ['second branch', { s: 'x', b: 2, c: 3 }, true],
    ['half a branch', { s: 'x', b: 2 }, false],
    ['nested', { s: 'x', d: { f: 5 } }, true],
    ['no branch', { s: 'x' }, false],
    ['the rest fails', { s: 'y', a: 1, d: { e: 4 } }, false],
  ])('%s', (_name, event, expected) => {
    expect(matches(rule, event)).toBe(expected);
  });

  it('two side by side both hold', () => {
    const two = { $or: [{ a: [1] }, { b: [1] }], x: { $or: [{ c: [1] }, { d: [1] }] } };
    expect(matches(two, { b: 1, x: { c: 1 } })).toBe(true);
    expect(matches(two, { a: 1, b: 1 })).toBe(false);
  });

  it('keeps to one element of an array', () => {
    const inArray = { d: { c: [3], $or: [{ a: [1] }, { b: [2] }] } };
    expect(matches(inArray, { d: [{ c: 3, b: 2 }, { a: 1 }] })).toBe(true);
    expect(matches(inArray, { d: [{ c: 3 }, { a: 1, b: 2 }] })).toBe(false);
  });

  it('may ask for a leaf and for a field below it', () => {
    const leafAndBelow = { a: ['x'], $or: [{ a: { b: [1] } }, { c: [1] }] };
    expect(matches(leafAndBelow, { a: ['x', { b: 1 }] })).toBe(true);
    expect(matches(leafAndBelow, { a: ['x', { b: 2 }] })).toBe(false);
    expect(matches(leafAndBelow, { a: [{ b: 1 }] })).toBe(false);
    expect(matches(leafAndBelow, { a: 'x' })).toBe(false);
    expect(matches(leafAndBelow, { a: [[{ b: 1 }, 'x']] })).toBe(true);
    expect(matches(leafAndBelow, { a: [[{ b: 1 }], ['x']] })).toBe(false);
  });
});

describe('names', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])('%j is a key like any other', (key) => {
    const rule = JSON.parse(`{"d":{${JSON.stringify(key)}:["x"]}}`) as unknown;
    expect(matches(rule, JSON.parse(`{"d":{${JSON.stringify(key)}:"x"}}`))).toBe(true);
    expect(matches(rule, { d: {} })).toBe(false);
    const absent = JSON.parse(`{"d":{${JSON.stringify(key)}:[{"exists":false}]}}`) as unknown;
    expect(matches(absent, { d: {} })).toBe(true);
  });

  it('a branch through __proto__ never reaches a prototype', () => {
    const rule = JSON.parse('{"__proto__":{"constructor":{"name":[{"exists":true}]}}}') as unknown;
    expect(matches(rule, {})).toBe(false);
    const inherited: unknown = Object.create({ a: 'x' });
    expect(matches({ d: { a: [{ exists: true }] } }, { d: inherited })).toBe(false);
  });

  it('a dot is part of a key, not a path', () => {
    expect(matches({ 'a.b': [1] }, { 'a.b': 1 })).toBe(true);
    expect(matches({ 'a.b': [1] }, { a: { b: 1 } })).toBe(false);
  });
});
