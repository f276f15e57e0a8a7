/** What no rule was made for is counted: a known path leads to one place, as deep as it is, and to nothing beside it. */
import { expect, it } from 'vitest';
import { unknownPlaces } from '../../../../core/changes/risk/unknown-places.ts';

const KNOWN = ['/balance', '/limits/*', '/a~1b/c~0d', '/list/*/n'];

it.each<[string, object | null, object | null, number]>([
  ['what is known', { balance: 1 }, { balance: 2 }, 0],
  ['any key of a level', { limits: { day: 1 } }, { limits: { day: 2, week: 3 } }, 0],
  ['escaped keys', { 'a/b': { 'c~d': 1 } }, { 'a/b': { 'c~d': 2 } }, 0],
  ['every element', { list: [{ n: 1 }] }, { list: [{ n: 2 }, { n: 3 }] }, 0],
  ['another key', { balance: 1 }, { balance: 1, note: 'x' }, 1],
  [
    'another key of the same depth, of which one token fits',
    { limits: {}, other: { day: 1 } },
    { limits: {}, other: { day: 2 } },
    1,
  ],
  ['what lies below a known place', { balance: 1 }, { balance: { cents: 1 } }, 1],
  ['what lies above one', { limits: { day: 1 } }, { limits: 7 }, 1],
  ['a place that goes', { note: 'x' }, {}, 1],
  ['each place once', { note: 1, more: 1 }, { note: 2, more: 2 }, 2],
  ['nothing that stays', { note: 1 }, { note: 1 }, 0],
  ['an empty document that begins', null, {}, 0],
  ['all of one that begins', null, { note: 1, balance: 2 }, 1],
])('counts %s', (_, before, after, count) => {
  expect(unknownPlaces([[before as never, after as never]], KNOWN)).toBe(count);
});

it('counts from stage to stage, also what comes back', () => {
  const stages = [
    [{ note: 1 }, { note: 2 }],
    [{ note: 2 }, { note: 1 }],
  ] as const;
  expect(unknownPlaces(stages, KNOWN)).toBe(2);
});
