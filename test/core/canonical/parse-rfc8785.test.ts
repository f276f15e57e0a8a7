/** Parsing for RFC 8785 alone: any key and any double, but nothing that its canonical text would change unnoticed. */
import { describe, expect, it } from 'vitest';
import { canonicalize, parseStrict } from '../../../core/canonical/index.ts';

const canonical = (text: string): string => canonicalize(parseStrict(text, { anyRfc8785: true }));

it.each([
  [' {"b":1.50,"a":[-0,1E30]} \n', '{"a":[0,1e+30],"b":1.5}'],
  ['[9007199254740992,-295147905179352830000]', '[9007199254740992,-295147905179352830000]'],
  ['[1000000000000000000000000,9007199254740994.0,-1e-27]', '[1e+24,9007199254740994,-1e-27]'],
  ['[333333333.33333329,9007199254740993.1]', '[333333333.3333333,9007199254740994]'], // fractions are rounded
  ['{"__proto__":{"constructor":1},"__":2}', '{"__":2,"__proto__":{"constructor":1}}'],
  ['{"prototype":1,"__proto__":"x"}', '{"__proto__":"x","prototype":1}'],
  ['"\\ud83d\\ude00\\u000a"', '"😀\\n"'],
])('%s is %s', (input, output) => expect(canonical(input)).toBe(output));

describe('refuses', () => {
  it.each([
    ['a key twice, escaped', '{"a":1,"\\u0061":1}', '/a'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":1}', '/__proto__'],
    ['a lone surrogate', '["\\ud800"]', '/0'],
    ['a lone surrogate in a key', '{"\\udc00":1}', ''],
    ['NaN', '{"a/b":NaN}', '/a~1b'],
    ['infinity', '[1e400]', '/0'],
    ['an integer that a double would change', '[0,9007199254740993]', '/1'],
    ['a longer one', '-333333333333333333333333', ''],
    ['too deep', '['.repeat(65) + ']'.repeat(65), '/0'.repeat(64)],
    ['text after the value', '1 2', ''],
    ['a byte order mark', '\ufeff1', ''],
  ])('%s', (_, input, pointer) => {
    expect(() => canonical(input)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ pointer })] }),
    );
  });

  it('by default also what an entry cannot hold', () => {
    for (const text of ['{"constructor":1}', '9007199254740992', '{"__proto__":1}']) {
      expect(() => parseStrict(text)).toThrow();
      expect(() => canonical(text)).not.toThrow();
    }
  });
});
