/** must, defined, countOf, and codecs: what they say of a value that is not what it should be. */
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { InternalError, must } from '../../../core/errors/index.ts';
import * as z from 'zod';
import type { Brand, ChainHash, IsoInstant } from '../../../core/brands/index.ts';
import type { JsonValue } from '../../../core/canonical/index.ts';
import {
  codecOf,
  countOf,
  defined,
  hash,
  instant,
  json,
  jsonObject,
  stored,
  UnreadableError,
  whole,
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
      { examples: [[{ ['__proto__']: {} }]] },
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

describe('a codec', () => {
  interface Row {
    readonly name: string;
    readonly tries: readonly { readonly at: IsoInstant; readonly ok: boolean }[];
    readonly size: number;
    readonly by: ChainHash;
    readonly more: JsonValue;
    readonly note?: string | null;
  }
  const codec = codecOf<Row>(
    'thing',
    stored<Row>({
      name: z.string(),
      tries: z.array(stored<Row['tries'][number]>({ at: instant, ok: z.boolean() })),
      size: whole,
      by: hash(),
      more: json,
      note: z.string().nullable().exactOptional(),
    }),
  );
  const at = '2026-11-22T04:00:00.000Z';
  const by = 'a0'.repeat(32);
  const good = { name: 'n', tries: [{ at, ok: true }], size: 0, by, more: null };
  const decode = (value: unknown): unknown => codec.decode({ pk: 'p', sk: 's', value });

  it.each([
    ['without what is optional', good],
    ['with all of it', { ...good, size: 2 ** 53 - 1, note: null, more: { any: ['thing'] } }],
  ])('gives back what was stored, and no copy of it, %s', (_, value) => {
    expect(decode(value)).toBe(value);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a list', [], ''],
    ['a field that is undefined', { ...good, name: undefined }, '/name'],
    ['a field that was never there', { ...good, tries: undefined }, '/tries'],
    ['no value at all', { ...good, more: undefined }, '/more'],
    ['one too many', { ...good, extra: 1 }, ''],
    ['a name of the prototype', { ...good, toString: 1 }, ''],
    ['another kind', { ...good, name: 7 }, '/name'],
    ['something inside a list', { ...good, tries: [good.tries[0], { at, ok: 'yes' }] }, '/tries/1/ok'],
    ['a time that is none', { ...good, tries: [{ at: 'noon', ok: true }] }, '/tries/0/at'],
    ['a time of a zone', { ...good, tries: [{ at: '2026-11-22T04:00:00+01:00', ok: true }] }, '/tries/0/at'],
    ['a hash in capitals', { ...good, by: by.toUpperCase() }, '/by'],
    ['a hash that is too long', { ...good, by: `${by}0` }, '/by'],
    ['a fraction', { ...good, size: 0.5 }, '/size'],
    ['less than nothing', { ...good, size: -1 }, '/size'],
    ['more than can be counted exactly', { ...good, size: 2 ** 53 }, '/size'],
    ['what is no number', { ...good, size: Number.NaN }, '/size'],
    ['an optional field that is undefined', { ...good, note: undefined }, '/note'],
  ])('names item and field of what is damaged: %s', (_, value, pointer) => {
    expect(() => decode(value)).toThrow(
      expect.objectContaining({
        code: 'ENTRY_UNREADABLE',
        message: expect.stringMatching(
          /^the thing "p" \/ "s" is damaged \(.+\): verify the ledger, restore it$/,
        ) as string,
        problems: [expect.objectContaining({ pointer })],
      }) as Error,
    );
  });

  it('throws nothing else, whatever is there, and shows no text of it', () => {
    const secret = 'a confidential text';
    const anything = fc.anything({ withNullPrototype: true, withBigInt: false });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.oneof(anything, fc.constant(secret)), (name, value) => {
        const error = thrownBy(() => decode({ ...good, [name]: value }));
        expect(error === undefined || error instanceof UnreadableError).toBe(true);
        if (value === secret) expect(JSON.stringify([error, String(error)])).not.toContain(secret);
      }),
    );
  });

  it('of one of several forms takes each of them, and no text where it must be an object', () => {
    const either = codecOf('either', z.union([whole, jsonObject]));
    for (const value of [1, {}]) expect(either.decode({ pk: 'p', sk: 's', value })).toBe(value);
    for (const value of [-1, [], 'a', null])
      expect(() => either.decode({ pk: 'p', sk: 's', value })).toThrow(UnreadableError);
  });

  it('knows every field of its type', () => {
    // @ts-expect-error a field is forgotten
    stored<{ a: string; b: string }>({ a: z.string() });
    // @ts-expect-error it is optional
    stored<{ a?: string }>({ a: z.string() });
    // @ts-expect-error it is another kind
    stored<{ a: string }>({ a: whole });
    // @ts-expect-error it is the hash of something else
    stored<{ a: ChainHash }>({ a: hash<LeafTextHash>() });
  });
});

type LeafTextHash = Brand<string, 'LeafTextHash'>;

function thrownBy(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}
