/** Where reading stops, and with which words: the deepest that is read, bytes that are no text, keys that code means otherwise. */
import { expect, it } from 'vitest';
import { CanonicalError, MAX_DEPTH, parseStrict } from '../../../core/canonical/index.ts';

const refusal = (input: string | Uint8Array): string => {
  try {
    parseStrict(input);
    return 'none';
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return error.message;
  }
};
const objects = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
const arrays = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

it.each([objects, arrays])('reads as deep as may be, and not one level deeper', (nested) => {
  expect(parseStrict(nested(MAX_DEPTH))).toEqual(JSON.parse(nested(MAX_DEPTH)));
  expect(refusal(nested(MAX_DEPTH + 1))).toMatch(/deeper than 64 levels/);
});

it.each([
  ['', /ends too early/],
  ['[', /ends too early/],
  ['[1,', /ends too early/],
  ['[x]', /expected a JSON value/],
  ['x', /expected a JSON value/],
  ['"abc', /a string does not end/],
  ['"a\nc"', /a control character in a string must be escaped/],
])('says what is wrong with %j', (text, reason) => {
  expect(refusal(text)).toMatch(reason);
});

it.each([
  ['a byte that begins nothing', [0x22, 0xff, 0x22]],
  ['half a character', [0x22, 0xc3, 0x22]],
  ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x31]],
])('reads no bytes with %s', (_, bytes) => {
  expect(refusal(Uint8Array.from(bytes))).not.toBe('none');
});

it.each(['__proto__', 'constructor', 'prototype'])('takes the key %s for data only where any key may be', (key) => {
  const text = `{"${key}":{"a":1},"b":2}`;
  expect(refusal(text)).toMatch(/reserved by JavaScript/);
  const read = parseStrict(text, { anyRfc8785: true }) as Record<string, unknown>;
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  expect(Object.keys(read)).toEqual([key, 'b']);
  expect(Object.getOwnPropertyDescriptor(read, key)).toEqual({
    ...{ value: { a: 1 }, enumerable: true, configurable: true, writable: true },
  });
});
