import { expect, it } from 'vitest';
import { z } from 'zod';
import { catalogEntries, createCatalog, topicsSchema } from '../../../../core/events/index.ts';

const catalog = createCatalog({
  'orders.new': {
    description: 'An order.',
    versions: {
      1: z.strictObject({ id: z.string() }),
      10: z.strictObject({ id: z.string(), lines: z.array(z.strictObject({ n: z.int() })) }),
      2: z.strictObject({}),
    },
  },
  'user.login': { description: 'A login.', versions: { 1: z.strictObject({}) } },
});
const error = (code: string, more: object = {}): Error => expect.objectContaining({ code, ...more }) as Error;

it('checks a payload against the version asked for, or the newest', () => {
  expect(catalog.check('orders.new', 1, { id: 'a' })).toBe(1);
  expect(catalog.check('orders.new', undefined, { id: 'a', lines: [] })).toBe(10);
});

it('names the topic that was probably meant', () => {
  for (const [typed, meant] of [
    ['order.new', 'orders.new'],
    ['user.logn', 'user.login'],
    ['USER.LOGIN', 'user.login'],
  ])
    expect(() => catalog.check(typed ?? '', 1, {})).toThrow(
      error('TOPIC_UNKNOWN', { message: expect.stringContaining(`"${meant}"`) as string }),
    );
  for (const topic of ['constructor', '__proto__', ''])
    expect(() => catalog.require(topic)).toThrow(error('TOPIC_UNKNOWN'));
  expect(() => createCatalog({}).require('a.b')).toThrow('the catalog is empty');
});

it('refuses versions that are not declared', () => {
  for (const version of [0, 3, -1, 1.5])
    expect(() => catalog.check('orders.new', version, {})).toThrow(error('VERSION_UNKNOWN'));
});

it('points at every field that is wrong', () => {
  const check = (): number => catalog.check('orders.new', 10, { id: 7, lines: [{ n: 1 }, { n: 'x' }], extra: 1 });
  const pointers = ['/payload/id', '/payload/lines/1/n', '/payload'].map(
    (pointer) => expect.objectContaining({ pointer }) as unknown,
  );
  expect(check).toThrow(error('PAYLOAD_INVALID', { problems: expect.arrayContaining(pointers) as unknown }));
});

it('lists each version with its schema, one of them the latest', () => {
  const orders = catalogEntries(catalog.topics).filter(({ topic }) => topic === 'orders.new');
  expect(orders.map(({ version, latest }) => [version, latest])).toEqual([
    [1, false],
    [2, false],
    [10, true],
  ]);
  expect(orders[0]?.schema).toMatchObject({ type: 'object', required: ['id'], additionalProperties: false });
});

it.each([
  ['Upper.case', { 1: z.any() }],
  ['nodomain', { 1: z.any() }],
  ['a.b', {}],
  ['a.b', { 0: z.any() }],
  ['a.b', { one: z.any() }],
  ['a.b', { 1: { type: 'object' } }],
])('a declaration of %s with %o is refused', (topic, versions) => {
  expect(topicsSchema.safeParse({ [topic]: { description: 'x', versions } }).success).toBe(false);
});
