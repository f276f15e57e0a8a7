/** R9: which characters hide, where, and how they are shown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hiddenIn, hiddenProblem, showHidden, showHiddenJson } from '../../../core/canonical/index.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** As the fault lists them. */
const LISTED = [
  ...range(0x200b, 0x200f),
  0x061c,
  ...[0x2028, 0x2029],
  ...range(0x202a, 0x202e),
  ...range(0x2060, 0x2064),
  ...range(0x2066, 0x2069),
  ...[0xfeff, 0x00ad, 0x3164, 0x115f, 0x1160, 0xffa0],
  ...range(0xe0000, 0xe007f),
  ...range(0xe0100, 0xe01ef),
  ...range(0xfe00, 0xfe0f),
  ...range(0x00, 0x08),
  ...range(0x0b, 0x1f),
  ...range(0x7f, 0x9f),
];

describe('R9: hidden text', () => {
  it('R9: every listed character is found and named, in one line and in text', () => {
    for (const codePoint of LISTED)
      for (const layout of ['line', 'text'] as const)
        expect(hiddenIn(`pay${String.fromCodePoint(codePoint)}er`, layout)).toMatchObject({ index: 3, codePoint });
    expect(hiddenProblem('a\u202eb', 'line')).toMatch(/^has U\+202E \(.*reorders.*\) at character 2: .*leave it out$/);
  });

  it('R9: what Unicode calls ignorable, a control or a bidirectional control is found, whatever the list forgot', () => {
    const hides = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Zl}\p{Zp}]/u;
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
      const text = `x${String.fromCodePoint(codePoint)}`;
      if (hides.test(text)) expect([codePoint, hiddenIn(text, 'line')?.codePoint]).toEqual([codePoint, codePoint]);
    }
  });

  it('R9: what people write stays as it is', () => {
    const written = [
      'Ana Novák',
      'žluťoučký kůň',
      'Ελληνικά',
      'עברית',
      'العربية',
      'हिन्दी',
      '한국어',
      '葛\u{e0100}城',
      '日本語',
    ];
    const emoji = ['👍', '❤\ufe0f', '1\ufe0f\u20e3', '🇨🇿', 'naïve — “quotes” …', '12 000,00 Kč'];
    for (const text of [...written, ...emoji]) expect([text, hiddenIn(text, 'line')]).toEqual([text, undefined]);
    expect(hiddenIn('two\n\tlines', 'text')).toBeUndefined();
    expect(hiddenIn('two\nlines', 'line')).toMatchObject({ codePoint: 10 });
    expect(hiddenIn('1\ufe0f', 'line')).toMatchObject({ codePoint: 0xfe0f }); // nothing there to vary
    expect(hiddenIn('❤\ufe0f\ufe0f', 'line')).toMatchObject({ index: 2 });
  });

  it('R9: shown, nothing hides any more; and JSON means the same', () => {
    expect(showHidden('a\u202eb\u{e0041}\tc\n', 'text')).toBe('a\\u202eb\\u{e0041}\tc\n');
    const hostile = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '\u202e', '\u200b', '\u{e0041}', '\ufe0f', '❤', '\n'),
    });
    fc.assert(
      fc.property(hostile, (text) => {
        expect(hiddenIn(showHidden(text, 'line'), 'line')).toBeUndefined();
        const json = showHiddenJson(JSON.stringify({ [text]: text }));
        expect(hiddenIn(json.replaceAll('\ufe0f', ''), 'line')).toBeUndefined();
        expect(JSON.parse(json)).toEqual({ [text]: text });
      }),
    );
  });
});

it('R9: writes each as the shortest escape that holds it, and keeps the lines of JSON', () => {
  expect(showHidden('\ufeff\u{e0000}', 'line')).toBe('\\ufeff\\u{e0000}');
  expect(showHidden('\u0001', 'line')).toBe('\\u0001');
  expect(showHiddenJson('{\n\t"a": "\u202e"\n}')).toBe('{\n\t"a": "\\u202e"\n}');
});

it('R9: a keycap is shown wherever it stands, and its selector alone is not', () => {
  for (const text of ['1\ufe0f\u20e3', 'at 9\ufe0f\u20e3!', '#\ufe0f\u20e3'])
    expect(hiddenIn(text, 'line')).toBeUndefined();
  for (const text of ['1\ufe0f', 'x1\ufe0fy', '\ufe0f\u20e3']) expect(hiddenIn(text, 'line')?.codePoint).toBe(0xfe0f);
});
