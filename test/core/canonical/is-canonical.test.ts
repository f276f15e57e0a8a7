/** Text is canonical or it is not: the quick way to tell must never take what the slow way refuses. */
import { describe, expect, it } from 'vitest';
import { isCanonical, MAX_DEPTH } from '../../../core/canonical/index.ts';

const deep = (open: string, core: string, close: string, levels: number): string =>
  open.repeat(levels) + core + close.repeat(levels);
const tells = (text: string, integersOnly?: boolean): boolean =>
  isCanonical(text, JSON.parse(text), integersOnly === undefined ? {} : { integersOnly });

describe('canonical', () => {
  it.each(['1', '{"a":1,"b":{"c":[],"d":null}}', '[true,"x",[{}]]', '{"1":1,"10":2,"9":3}', '"\\\\ud800"'])(
    '%s is, where decimals are allowed and where not',
    (text) => {
      expect([tells(text), tells(text, false), tells(text, true)]).toEqual([true, true, true]);
    },
  );

  it.each(['1.5', '[1,0.5]', '{"a":1,"b":{"c":1e+30}}', '9007199254740992', '[[0,-0.25],7]'])(
    '%s is, but not where an integer is asked for',
    (text) => {
      expect([tells(text), tells(text, false), tells(text, true)]).toEqual([true, true, false]);
    },
  );

  it.each([
    ...[
      '{"b":1,"a":2}',
      '[1,{"b":1,"a":2}]',
      '[{"b":1,"a":2},1]',
      '{"a":1,"b":{"d":1,"c":2}}',
      '{"a":{"d":1,"c":2},"b":1}',
    ],
    ...[
      '{"b":1,"c":1,"a":2}',
      '{"a":1,"c":1,"b":2}',
      '{"10":2,"9":3}'.replace('10', '2').replace('9', '10'),
      ' 1',
      '1.0',
      '"\\u0041"',
      '"\\ud800"',
    ],
  ])('%s is not', (text) => {
    expect([tells(text), tells(text, true)]).toEqual([false, false]);
  });

  it.each([
    ['[', '', ']'],
    ['{"a":', '1', '}'],
    ['[{"a":', '1', '}]'],
  ])('is nothing nested deeper than it may be: %s', (open, core, close) => {
    const most = MAX_DEPTH / (open.includes('[{') ? 2 : 1);
    expect(tells(deep(open, core, close, most))).toBe(true);
    expect(tells(deep(open, core, close, most + 1))).toBe(false);
  });
});
