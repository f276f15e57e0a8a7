/** What a pattern may cost: the most of each kind is taken, and one more is refused. */
import { describe, expect, it } from 'vitest';
import { matchPattern, parsePattern } from '../../../../core/events/pattern/index.ts';

const takes = (pattern: unknown): boolean => {
  try {
    parsePattern(pattern);
    return true;
  } catch (error) {
    if ((error as Error).name !== 'PatternError') throw error;
    return false;
  }
};
const nested = (levels: number): unknown => (levels === 0 ? [1] : { a: nested(levels - 1) });
const named = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, [1]]));
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const either = (branches: number, fields: number): object => ({ $or: numbers(branches).map(() => named(fields)) });

it.each<[string, (size: number) => unknown, number]>([
  ['levels', nested, 100],
  ['values of a field', (count) => ({ a: numbers(count) }), 1_000],
  ['excluded values', (count) => ({ a: [{ 'anything-but': numbers(count) }] }), 1_000],
  ['fields', named, 256],
  ['branches', (count) => either(count, 1), 1_000],
  ['fields of all branches', (count) => ({ $or: [...numbers(99).map(() => named(200)), named(count)] }), 200],
  ['characters of a wildcard', (count) => ({ a: [{ wildcard: '*'.padEnd(count, 'x') }] }), 1_024],
  ['a number', (value) => ({ a: [{ numeric: ['=', value] }] }), 5_000_000_000],
  ['a number below nothing', (value) => ({ a: [{ numeric: ['>', -value] }] }), 5_000_000_000],
])('%s: the most is taken, one more is refused', (_, pattern, most) => {
  expect(takes(pattern(most))).toBe(true);
  expect(takes(pattern(most + 1))).toBe(false);
});

describe('a numeric range', () => {
  const matching = (numeric: unknown[]): number[] =>
    [-1, 0, 1, 2, 3, 4].filter((n) => matchPattern(parsePattern({ n: [{ numeric }] }), { n }));

  it.each([
    [['=', 1], [1]],
    [
      ['>', 1],
      [2, 3, 4],
    ],
    [
      ['>=', 1],
      [1, 2, 3, 4],
    ],
    [
      ['<', 1],
      [-1, 0],
    ],
    [
      ['<=', 1],
      [-1, 0, 1],
    ],
    [
      ['>', 0, '<', 3],
      [1, 2],
    ],
    [
      ['>=', 0, '<', 3],
      [0, 1, 2],
    ],
    [
      ['>', 0, '<=', 3],
      [1, 2, 3],
    ],
    [
      ['>=', 0, '<=', 3],
      [0, 1, 2, 3],
    ],
  ])('%j takes its bounds as they are written', (numeric, expected) => {
    expect(matching(numeric)).toEqual(expected);
  });

  it.each([
    [[7]],
    [['!', 7]],
    [[['='], 7]],
    [['=', 7, '<', 9]],
    [['<', 7, '>', 3]],
    [['>', 7, '=', 9]],
    [['>', 7, ['<'], 9]],
    [['>', 7, '<', 7]],
    [['>=', 7, '<=', 7]],
    [['>', 7, '<', 9, '<', 10]],
    [['>', '7']],
    [[]],
  ])('%j is refused', (numeric) => {
    expect(takes({ n: [{ numeric }] })).toBe(false);
  });
});

it.each([NaN, Infinity, undefined, 1n, Symbol('x'), () => 1])('%s is no value to match', (value) => {
  expect(takes({ a: [value] })).toBe(false);
});
