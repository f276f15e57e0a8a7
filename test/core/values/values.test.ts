/** must, defined, countOf, and shapes: what they say of a value that is not what it should be. */
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { InternalError, must } from '../../../core/errors/index.ts';
import {
  anyOf,
  byTag,
  codecOf,
  countOf,
  defined,
  dictionary,
  flag,
  instant,
  json,
  jsonObject,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
  UnreadableError,
  whole,
  type Shape,
} from '../../../core/values/index.ts';

describe('must', () => {
  it('gives back what is there, be it empty, zero or false', () => {
    for (const value of ['', 0, false, Number.NaN, []]) expect(must(value, 'it')).toBe(value);
  });

  it.each([undefined, null])('names what is missing instead of %s', (value) => {
    const error = expect.objectContaining({
      code: 'INTERNAL',
      message: 'the newest entry is missing: report it',
    }) as unknown;
    expect(() => must(value, 'the newest entry')).toThrow(InternalError);
    expect(() => must(value, 'the newest entry')).toThrow(error);
  });
});

describe('defined', () => {
  it('keeps what has a value, in its order, and leaves the rest out', () => {
    expect(defined({ a: undefined, b: 0, c: '', d: null, e: false })).toStrictEqual({ b: 0, c: '', d: null, e: false });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.option(fc.jsonValue(), { nil: undefined })), (fields) => {
        const wanted = Object.entries(fields).filter(([, value]) => value !== undefined);
        expect(Object.entries(defined(fields))).toEqual(wanted);
      }),
    );
  });

  it('has exact optional fields where something can be undefined, and no others', () => {
    const after = 'x' as string | undefined;
    expectTypeOf(defined({ after, limit: 1 })).toExtend<{ after?: string; limit: number }>();
    // @ts-expect-error it can be absent
    expectTypeOf(defined({ after })).toExtend<{ after: string }>();
  });
});

it('countOf: what was never counted was counted 0 times', () => {
  const counts = new Map([['a', 3]]);
  expect([countOf(counts, 'a'), countOf(counts, 'b')]).toEqual([3, 0]);
});

describe('a shape', () => {
  interface Row {
    readonly name: string;
    readonly tries: readonly { readonly at: string; readonly ok: boolean }[];
    readonly by?: Readonly<Record<string, number>>;
    readonly note?: string | null;
    readonly way: { readonly kind: 'in'; readonly size: number } | { readonly kind: 'out' };
  }
  const row: Shape<Row> = object<Row>({
    name: text,
    tries: list(object<Row['tries'][number]>({ at: instant, ok: flag })),
    by: optional(dictionary(whole)),
    note: optional(nullable(text)),
    way: byTag('kind', {
      in: object<Extract<Row['way'], { kind: 'in' }>>({ kind: oneOf('in'), size: number }),
      out: object<Extract<Row['way'], { kind: 'out' }>>({ kind: oneOf('out') }),
    }),
  });
  const at = '2026-11-22T04:00:00.000Z';
  const good: Row = { name: 'n', tries: [{ at, ok: true }], way: { kind: 'out' } };

  it.each<[string, Row]>([
    ['without what is optional', good],
    ['with all of it', { ...good, by: { a: 0 }, note: null }],
    ['of the other kind', { ...good, tries: [], way: { kind: 'in', size: -0.5 } }],
  ])('takes what it describes, %s', (_, value) => {
    expect(row(value)).toBeUndefined();
  });

  it.each<[string, unknown, string, string]>([
    ['nothing', undefined, '', 'is missing, not an object'],
    ['null', null, '', 'is null, not an object'],
    ['a list', [], '', 'is a list, not an object'],
    ['a field that is gone', { ...good, name: undefined }, '/name', 'is missing, not text'],
    ['a field that was never there', { tries: [], way: good.way }, '/name', 'is missing'],
    ['one too many', { ...good, more: 1 }, '/more', 'is no field of it'],
    ['a name of the prototype', { ...good, toString: 1 }, '/toString', 'is no field of it'],
    ['another kind', { ...good, name: 7 }, '/name', 'is 7, not text'],
    [
      'something inside a list',
      {
        ...good,
        tries: [
          { at, ok: true },
          { at, ok: 'yes' },
        ],
      },
      '/tries/1/ok',
      'is text of 3 characters, not true or false',
    ],
    [
      'a time that is none',
      { ...good, tries: [{ at: 'noon', ok: true }] },
      '/tries/0/at',
      'is text of 4 characters, not a time in UTC',
    ],
    [
      'something inside a dictionary',
      { ...good, by: { 'a/b': -1 } },
      '/by/a~1b',
      'is -1, not a whole number from 0 on',
    ],
    [
      'a tag that nobody knows',
      { ...good, way: { kind: 'up' } },
      '/way/kind',
      'is text of 2 characters, not "in" or "out"',
    ],
    ['the fields of another tag', { ...good, way: { kind: 'out', size: 1 } }, '/way/size', 'is no field of it'],
    ['an optional field that is undefined', { ...good, note: undefined }, '/note', 'is missing, not text'],
  ])('says where and what is wrong: %s', (_, value, pointer, detail) => {
    expect(row(value)).toEqual({ pointer, detail });
  });

  it('of numbers takes no NaN, no Infinity; of counts no fraction and nothing that cannot be counted exactly', () => {
    for (const value of [Number.NaN, Infinity, '1', null]) expect(number(value)).toBeDefined();
    for (const value of [0.5, -1, 2 ** 53, '1', null]) expect(whole(value)).toBeDefined();
    for (const value of [0, 2 ** 53 - 1]) expect(whole(value)).toBeUndefined();
  });

  it('of JSON takes everything but nothing', () => {
    expect(json(null)).toBeUndefined();
    expect(json(undefined)).toBeDefined();
    expect([jsonObject({}), jsonObject([]) === undefined]).toEqual([undefined, false]);
  });

  it('of several takes each of them', () => {
    const either = anyOf(whole, text);
    expect([either(1), either('a'), either(-1)?.detail]).toEqual([undefined, undefined, 'is -1, not text']);
  });

  it('never throws, whatever is there, and shows no text of it', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: false }), (value) => {
        const problem = codecProblem(row, value);
        expect(problem === undefined || problem instanceof UnreadableError).toBe(true);
      }),
    );
  });

  it('knows every field of its type', () => {
    // @ts-expect-error a field is forgotten
    object<{ a: string; b: string }>({ a: text });
    // @ts-expect-error it is optional
    object<{ a?: string }>({ a: text });
    // @ts-expect-error it is another kind
    object<{ a: string }>({ a: whole });
  });
});

function codecProblem(shape: Shape<object>, value: unknown): unknown {
  try {
    codecOf('row', shape).decode({ pk: 'p', sk: 's', value });
    return undefined;
  } catch (error) {
    return error;
  }
}

it('a codec gives back what was stored, or names item, field and what was found', () => {
  const codec = codecOf<{ a: number }>('thing', object<{ a: number }>({ a: whole }));
  const value = { a: 1 };
  expect(codec.decode({ pk: 'p', sk: 's', value: codec.encode(value) })).toBe(value);
  expect(() => codec.decode({ pk: 'p', sk: 's', value: { a: 'x' } })).toThrow(
    expect.objectContaining({
      code: 'ENTRY_UNREADABLE',
      message:
        'the thing "p" / "s" is damaged (/a is text of 1 characters, not a whole number from 0 on): verify the ledger, restore it',
      problems: [{ pointer: '/a', detail: 'is text of 1 characters, not a whole number from 0 on' }],
    }) as Error,
  );
});
