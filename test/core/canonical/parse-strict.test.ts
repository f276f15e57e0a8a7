import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalize, decodeUtf8, MAX_DEPTH, parseStrict } from '../../../core/canonical/index.ts';

const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

it('reads what JSON.stringify writes, as text and as bytes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      const reserved = /"(__proto__|constructor|prototype)":/.test(text);
      const hugeInteger = /(^|[:,[])-?\d{16,}([,\]}]|$)/.test(text);
      fc.pre(!reserved && !hugeInteger);
      expect(parseStrict(text)).toEqual(JSON.parse(text));
      expect(parseStrict(Buffer.from(JSON.stringify(value, null, '\t')))).toEqual(JSON.parse(text));
    }),
  );
});

it('agrees with the engine on which mutations of a text are JSON, except for what it refuses on purpose', () => {
  const mutated = fc
    .tuple(fc.jsonValue({ maxDepth: 3 }), fc.nat(), fc.string({ maxLength: 2 }))
    .map(([value, at, put]) => {
      const text = JSON.stringify(value);
      const i = at % (text.length + 1);
      return text.slice(0, i) + put + text.slice(i + 1);
    });
  fc.assert(
    fc.property(mutated, (text) => {
      let mine: unknown;
      try {
        mine = parseStrict(text);
      } catch {
        return; // stricter is fine
      }
      expect(mine).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

it('reads escapes, whitespace and the edges of numbers', () => {
  expect(
    parseStrict(' \t\r\n{"\\u0041\\/\\b\\f\\n\\r\\t\\"\\\\" : [ -0 , 9007199254740991 , 1e2 , 1.5E-3 ] }\n'),
  ).toEqual({
    'A/\b\f\n\r\t"\\': [-0, 9007199254740991, 100, 0.0015],
  });
  expect(parseStrict('"\\ud83d\\ude00"')).toBe('😀');
});

describe('refuses', () => {
  it.each([
    ['a key twice', '{"a":1,"b":{"c":1,"\\u0063":2}}', '/b/c'],
    ['a __proto__ key', '{"a":[{"__proto__":{"admin":true}}]}', '/a/0/__proto__'],
    ['an escaped one', '{"\\u005f_proto__":1}', '/__proto__'],
    ['a constructor key', '{"constructor":1}', '/constructor'],
    ['a prototype key', '{"prototype":1}', '/prototype'],
    ['a lone surrogate', '{"a":"\\ud800"}', '/a'],
    ['a reversed pair', '["\\udc00\\ud800"]', '/0'],
    ['a raw lone surrogate', '["\ud800"]', '/0'],
    ['an unknown escape', '["\\x41"]', '/0'],
    ['a short \\u', '["\\u00g0"]', '/0'],
    ['a control character', '["a\u0000"]', '/0'],
    ['a raw newline', '["a\n"]', '/0'],
    ['a byte order mark', '\ufeff{}', ''],
    ['text after the value', '{} {}', ''],
    ['nothing', '', ''],
    ['only spaces', '  ', ''],
    ['an open string', '"abc', ''],
    ['an open object', '{"a":1', ''],
    ['a trailing comma', '[1,]', '/1'],
    ['a key without quotes', '{a:1}', ''],
    ['single quotes', "{'a':1}", ''],
    ['NaN', '[NaN]', '/0'],
    ['Infinity', '[-Infinity]', '/0'],
    ['undefined', 'undefined', ''],
    ['a leading zero', '[01]', ''],
    ['a leading plus', '[+1]', '/0'],
    ['a bare point', '[.5]', '/0'],
    ['an open fraction', '[1.]', ''],
    ['hexadecimal', '[0x10]', ''],
    ['2^53', '{"n":9007199254740992}', '/n'],
    ['-2^53', '{"n":-9007199254740992}', '/n'],
    ['a number beyond a double', '[1e400]', '/0'],
    ['a comment', '[1 /* one */]', ''],
    ['a no-break space', '[\u00a01]', '/0'],
    ['half a word', 'tru', ''],
  ])('%s', (_, text, pointer) => {
    expect(() => parseStrict(text)).toThrow(
      expect.objectContaining({ code: 'NOT_I_JSON', problems: [expect.objectContaining({ pointer })] }) as Error,
    );
  });

  it.each([
    ['a stray continuation byte', bytes('"', [0x80], '"')],
    ['an overlong slash', bytes('"', [0xc0, 0xaf], '"')],
    ['an encoded surrogate', bytes('"', [0xed, 0xa0, 0x80], '"')],
    ['a cut character', bytes('"', [0xe2, 0x82], '"')],
    ['beyond Unicode', bytes('"', [0xf4, 0x90, 0x80, 0x80], '"')],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le')],
    ['a byte order mark', bytes([0xef, 0xbb, 0xbf], '{}')],
  ])('bytes with %s', (_, input) =>
    expect(() => parseStrict(input)).toThrow(expect.objectContaining({ code: 'NOT_I_JSON' }) as Error),
  );

  it('nesting beyond the limit before it exhausts the stack', () => {
    const arrays = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(canonicalize(parseStrict(arrays(MAX_DEPTH)))).toBe(arrays(MAX_DEPTH));
    for (const text of [arrays(MAX_DEPTH + 1), '['.repeat(1_000_000), '{"a":'.repeat(1_000_000)])
      expect(() => parseStrict(text)).toThrow(expect.objectContaining({ code: 'TOO_DEEP' }) as Error);
  });
});

it('pollutes no prototype and answers only with CanonicalError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (input) => {
      try {
        parseStrict(input);
      } catch (error) {
        expect((error as Error).name).toBe('CanonicalError');
      }
    }),
  );
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  expect(decodeUtf8(Buffer.from('é'))).toBe('é');
});
