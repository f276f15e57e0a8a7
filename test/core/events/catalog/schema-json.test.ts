/** Branches of two unions that belong together: the equal ones, then those of one kind, then a single one left on each side. */
import { expect, it } from 'vitest';
import { pairBranches, resolved } from '../../../../core/events/catalog/schema-json.ts';

const text = { type: 'string' };
const kind = (name: string, more: object = {}): object => ({
  type: 'object',
  properties: { k: { const: name }, ...more },
});

it.each<[string, object[], object[], object]>([
  [
    'the same in another order',
    [text, { type: 'null' }],
    [{ type: 'null' }, text],
    {
      pairs: [
        [1, 0],
        [0, 1],
      ],
      removed: [],
      added: [],
    },
  ],
  [
    'one of the same kind',
    [kind('a'), kind('b')],
    [kind('b', { n: text }), kind('a')],
    {
      pairs: [
        [0, 1],
        [1, 0],
      ],
      removed: [],
      added: [],
    },
  ],
  [
    'one left on each side',
    [text, kind('a')],
    [text, kind('b')],
    {
      pairs: [
        [0, 0],
        [1, 1],
      ],
      removed: [],
      added: [],
    },
  ],
  ['one left, and two new', [kind('a')], [kind('b'), kind('c')], { pairs: [], removed: [0], added: [0, 1] }],
  ['two left, and one new', [kind('a'), kind('b')], [kind('c')], { pairs: [], removed: [0, 1], added: [0] }],
  ['one more', [text], [text, kind('a')], { pairs: [[0, 0]], removed: [], added: [1] }],
  ['true and false', [true as never], [false as never, true as never], { pairs: [[0, 1]], removed: [], added: [0] }],
])('%s', (_, older, newer, expected) => {
  expect(pairBranches(older, newer)).toEqual(expected);
});

it('knows a kind by all that it fixes, in whatever order that is written', () => {
  const one = { type: 'object', properties: { a: { const: 1 }, b: { const: 2 }, n: text } };
  const other = { type: 'object', properties: { b: { const: 2 }, m: text, a: { const: 1 } } };
  const third = { type: 'object', properties: { a: { const: 1 }, b: { const: 3 } } };
  expect(pairBranches([third, one], [other, text, text])).toMatchObject({ pairs: [[1, 0]], removed: [0] });
});

it.each<[unknown, object]>([
  [true, {}],
  [undefined, {}],
  [false, { not: {} }],
  [7, { not: 7 }],
  [{ type: 'string' }, { type: 'string' }],
  [
    { $ref: '#/no', minLength: 1 },
    { not: {}, minLength: 1 },
  ],
  [{ $ref: '#/any', minLength: 1 }, { minLength: 1 }],
  [
    { $ref: '#/text', minLength: 1 },
    { type: 'string', minLength: 1 },
  ],
  [{ $ref: '#/missing' }, { $ref: '#/missing' }],
  [{ $ref: 'elsewhere#/text' }, { $ref: 'elsewhere#/text' }],
  [{ $ref: 7 }, { $ref: 7 }],
])('%j as an object, its reference followed, is %j', (schema, wanted) => {
  expect(resolved(schema, { no: false, any: true, text: { type: 'string', minLength: 9 } })).toEqual(wanted);
});
