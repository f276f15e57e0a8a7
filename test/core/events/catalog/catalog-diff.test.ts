/** Every kind of change to a catalog has its class; equal catalogs differ in nothing, in whatever order they are written. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  catalogEntries,
  diffCatalogs,
  EventError,
  parseCatalogDocument,
  sensitive,
  severityOf,
  type CatalogChange,
  type CatalogDocument,
  type Topics,
} from '../../../../core/events/index.ts';
import { config } from '../../../../nervous.config.ts';

const TOPIC = 'things.made';

function catalogOf(topics: Topics): CatalogDocument {
  return parseCatalogDocument(JSON.parse(JSON.stringify({ topics: catalogEntries(topics) })));
}

function withSchema(schema: unknown): CatalogDocument {
  return parseCatalogDocument({ topics: [{ topic: TOPIC, version: 1, description: 'made', schema }] });
}

function diffOf(older: z.ZodType, newer: z.ZodType): readonly CatalogChange[] {
  const of = (schema: z.ZodType): CatalogDocument =>
    catalogOf({ [TOPIC]: { description: 'made', versions: { 1: schema } } });
  return diffCatalogs(of(older), of(newer));
}

const text = z.string();
const base = z.strictObject({ id: text, note: text.optional() });
interface Row {
  readonly change: string;
  readonly older: z.ZodType;
  readonly newer: z.ZodType;
  readonly expected: string;
}

function row(change: string, older: z.ZodType, newer: z.ZodType, expected: string): Row {
  return { change, older, newer, expected };
}

function field(older: z.ZodType, newer: z.ZodType): readonly [z.ZodType, z.ZodType] {
  return [z.strictObject({ f: older }), z.strictObject({ f: newer })];
}

const union = (...kinds: string[]): z.ZodType =>
  z.strictObject({
    u: z.discriminatedUnion('k', kinds.map((k) => z.strictObject({ k: z.literal(k), n: text })) as never),
  });

const rows: readonly Row[] = [
  row('an optional field is added', base, base.extend({ more: text.optional() }), 'minor /properties/more'),
  row('a required field is added', base, base.extend({ more: text }), 'breaking /properties/more'),
  row(
    'an optional field is added to an open object',
    z.looseObject({ id: text }),
    z.looseObject({ id: text, more: text.optional() }),
    'breaking /properties/more',
  ),
  row(
    'an optional field of any value is added to an open object',
    z.looseObject({ id: text }),
    z.looseObject({ id: text, more: z.unknown().optional() }),
    'minor /properties/more',
  ),
  row(
    'an optional sensitive field is added',
    base,
    base.extend({ more: sensitive(text).optional() }),
    'minor /properties/more',
  ),
  row('an optional field is removed', base, z.strictObject({ id: text }), 'breaking /properties/note'),
  row('a required field is removed', base, z.strictObject({ note: text.optional() }), 'breaking /properties/id'),
  row('a field becomes required', base, z.strictObject({ id: text, note: text }), 'breaking /properties/note'),
  row(
    'a field becomes optional',
    base,
    z.strictObject({ id: text.optional(), note: text.optional() }),
    'breaking /properties/id',
  ),
  row(
    'unknown fields are taken',
    base,
    z.looseObject({ id: text, note: text.optional() }),
    'minor /additionalProperties',
  ),
  row(
    'unknown fields are refused',
    z.object({ id: text }),
    z.strictObject({ id: text }),
    'breaking /additionalProperties',
  ),
  row('the type changes', ...field(text, z.int()), 'breaking /properties/f/type'),
  row('the type widens to null', ...field(text, text.nullable()), 'breaking /properties/f/type'),
  row('a bound widens', ...field(text.max(10), text.max(20)), 'breaking /properties/f/maxLength'),
  row('a bound narrows', ...field(text.max(20), text.max(10)), 'breaking /properties/f/maxLength'),
  row('a bound is added', ...field(text, text.min(1)), 'breaking /properties/f/minLength'),
  row('a bound is removed', ...field(text.min(1), text), 'breaking /properties/f/minLength'),
  row('a pattern changes', ...field(text.regex(/^a/), text.regex(/^b/)), 'breaking /properties/f/pattern'),
  row(
    'a value is added to an enum',
    ...field(z.enum(['a', 'b']), z.enum(['a', 'b', 'c'])),
    'breaking /properties/f/enum',
  ),
  row('a value is removed from an enum', ...field(z.enum(['a', 'b']), z.enum(['a'])), 'breaking /properties/f/enum'),
  row('an enum is written in another order', ...field(z.enum(['a', 'b']), z.enum(['b', 'a'])), ''),
  row('a literal becomes an enum of it', ...field(z.literal('a'), z.enum(['a'])), ''),
  row('a literal changes', ...field(z.literal('a'), z.literal('b')), 'breaking /properties/f/const'),
  row('any value becomes some', ...field(z.unknown(), text), 'breaking /properties/f'),
  row('some values become any', ...field(text, z.unknown()), 'breaking /properties/f'),
  row('a default changes', ...field(text.default('a'), text.default('b')), 'breaking /properties/f/default'),
  row('a sensitive mark is set', ...field(text, sensitive(text)), 'breaking /properties/f/sensitive'),
  row('a sensitive mark is taken away', ...field(sensitive(text), text), 'breaking /properties/f/sensitive'),
  row('a field gets another description', ...field(text, text.describe('words')), 'patch /properties/f/description'),
  row(
    'elements get an optional field',
    ...field(z.array(base), z.array(base.extend({ more: text.optional() }))),
    'minor /properties/f/items/properties/more',
  ),
  row('elements change', ...field(z.array(text), z.array(z.int())), 'breaking /properties/f/items/type'),
  row('a tuple gets a place', ...field(z.tuple([text]), z.tuple([text, text])), 'breaking /properties/f/maxItems'),
  row(
    'values of a record change',
    ...field(z.record(text, text), z.record(text, z.int())),
    'breaking /properties/f/additionalProperties/type',
  ),
  row('a union gets a branch', union('a', 'b'), union('a', 'b', 'c'), 'breaking /properties/u/oneOf/2'),
  row('a union loses a branch', union('a', 'b'), union('a'), 'breaking /properties/u/oneOf'),
  row('a union is written in another order', union('a', 'b'), union('b', 'a'), ''),
  row(
    'a branch gets an optional field and another place',
    z.strictObject({
      u: z.discriminatedUnion('k', [z.strictObject({ k: z.literal('a') }), z.strictObject({ k: z.literal('b') })]),
    }),
    z.strictObject({
      u: z.discriminatedUnion('k', [
        z.strictObject({ k: z.literal('b'), n: text.optional() }),
        z.strictObject({ k: z.literal('a'), n: text.optional() }),
      ]),
    }),
    'minor /properties/u/oneOf/0/properties/n',
  ),
];

describe('classes', () => {
  it.each(rows)('$change: $expected', ({ older, newer, expected }) => {
    const changes = diffOf(older, newer);
    if (expected === '') {
      expect(changes).toEqual([]);
      return;
    }
    const [severity, pointer] = expected.split(' ');
    expect(severityOf(changes)).toBe(severity);
    expect(changes).toContainEqual(expect.objectContaining({ topic: TOPIC, version: 1, severity, pointer }));
    expect(changes.every((change) => (change.fix !== undefined) === (change.severity === 'breaking'))).toBe(true);
  });

  it.each([
    ['an unknown keyword', { magic: 1 }, { magic: 2 }, 'breaking'],
    ['an own annotation', { 'x-owner': 'a' }, { 'x-owner': 'b' }, 'patch'],
    ['a reference written out', { $defs: { A: { type: 'string' } }, $ref: '#/$defs/A' }, { type: 'string' }, undefined],
    [
      'what a reference means',
      { $ref: '#/$defs/A', $defs: { A: { type: 'string' } } },
      { $ref: '#/$defs/A', $defs: { A: { type: 'integer' } } },
      'breaking',
    ],
    ['a reference that is not used', { $defs: { A: {} }, type: 'object' }, { type: 'object' }, undefined],
    ['a reference out of the document', { $ref: 'https://a.example' }, { $ref: 'https://b.example' }, 'breaking'],
    ['a recursive type', tree('string'), tree('integer'), 'breaking'],
    ['no change of a recursive type', tree('string'), tree('string'), undefined],
    ['a false schema', false, {}, 'breaking'],
    ['true and the empty schema', true, {}, undefined],
    [
      'what stands beside a reference',
      { $ref: '#/$defs/A', maxLength: 9, $defs: { A: { $ref: '#/$defs/B' }, B: { type: 'string' } } },
      { $ref: '#/$defs/A', $defs: { A: { $ref: '#/$defs/B' }, B: { type: 'string' } } },
      'breaking',
    ],
    [
      'a required field of any value gets a type',
      { type: 'object', required: ['b'] },
      { type: 'object', required: ['b'], properties: { b: { type: 'string' } } },
      'breaking',
    ],
    ['field patterns', { patternProperties: { '^a': {} } }, { patternProperties: { '^b': {} } }, 'breaking'],
    ['a subschema under not', { not: { type: 'string' } }, { not: { type: 'integer' } }, 'breaking'],
  ])('%s', (_, older, newer, expected) => {
    expect(severityOf(diffCatalogs(withSchema(older), withSchema(newer)))).toBe(expected);
  });

  function tree(type: string): unknown {
    return { type: 'object', properties: { v: { type }, kids: { type: 'array', items: { $ref: '#' } } } };
  }
});

describe('the report', () => {
  it('is in the order of places, whatever the order of fields', () => {
    const shared = (type: string, ...names: string[]): CatalogDocument =>
      withSchema({
        $defs: { A: { type } },
        properties: Object.fromEntries(names.map((name) => [name, { items: { $ref: '#/$defs/A' } }])),
        additionalProperties: type === 'string',
      });
    const changes = diffCatalogs(shared('string', 'b', 'a'), shared('integer', 'c', 'b', 'a'));
    expect(changes.map(({ pointer, detail }) => `${pointer} ${detail.split(':')[0] ?? ''}`)).toEqual([
      '/additionalProperties unknown fields are refused now',
      '/properties/a/items/type type went from "string" to "integer"',
      '/properties/b/items/type type went from "string" to "integer"',
      '/properties/c new field of an object that took unknown fields',
    ]);
  });
});

describe('one object at two places', () => {
  it('is compared at both', () => {
    const of = (type: string): CatalogDocument => {
      const shared = { type };
      return withSchema({ properties: { a: shared, b: shared } });
    };
    expect(diffCatalogs(of('string'), of('integer')).map(({ pointer }) => pointer)).toEqual([
      '/properties/a/type',
      '/properties/b/type',
    ]);
  });
});

describe('topics and versions', () => {
  const one = (topics: Record<string, readonly number[]>, description = 'd'): CatalogDocument =>
    catalogOf(
      Object.fromEntries(
        Object.entries(topics).map(([topic, versions]) => [
          topic,
          { description, versions: Object.fromEntries(versions.map((version) => [version, base])) },
        ]),
      ),
    );

  it.each([
    ['a new topic', one({ 'a.a': [1] }), one({ 'a.a': [1], 'b.b': [1] }), 'minor', 'b.b', 1],
    ['a new version', one({ 'a.a': [1] }), one({ 'a.a': [1, 2] }), 'minor', 'a.a', 2],
    ['a topic that is gone', one({ 'a.a': [1], 'b.b': [1] }), one({ 'a.a': [1] }), 'breaking', 'b.b', 1],
    ['a version that is gone', one({ 'a.a': [1, 2] }), one({ 'a.a': [2] }), 'breaking', 'a.a', 1],
    ['another description', one({ 'a.a': [1, 2] }), one({ 'a.a': [1, 2] }, 'other'), 'patch', 'a.a', 2],
  ])('%s', (...[, older, newer, severity, topic, version]) => {
    expect(diffCatalogs(older, newer)).toMatchObject([{ severity, topic, version, pointer: '' }]);
  });

  it('a break says what is to be done: the next version, whatever the newest is', () => {
    const of = (schema: z.ZodType): CatalogDocument =>
      catalogOf({ 'a.a': { description: 'd', versions: { 1: schema, 4: base } } });
    expect(diffCatalogs(of(base), of(z.strictObject({ id: text, note: text })))).toEqual([
      {
        topic: 'a.a',
        version: 1,
        pointer: '/properties/note',
        severity: 'breaking',
        detail: '"note" is required now: events recorded under this version may lack it',
        fix: 'leave version 1 as it was and declare the new shape as version 5',
      },
    ]);
  });
});

describe('properties', () => {
  const schema = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom({ type: 'string' }, { type: 'integer', minimum: 0 }, {}, { enum: ['a', 'b'] }, { $ref: '#' }),
      fc
        .record({
          properties: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), { maxKeys: 3 }),
          required: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
          closed: fc.boolean(),
        })
        .map(({ properties, required, closed }) => ({
          type: 'object',
          properties,
          required,
          ...(closed ? { additionalProperties: false } : {}),
        })),
      tie('schema').map((items) => ({ type: 'array', items })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    ),
  })).schema;
  /** A root that is a reference to itself is refused. */
  const root = schema.filter((one) => !Object.hasOwn(one, '$ref'));
  const catalog = fc
    .uniqueArray(
      fc.record({
        topic: fc.constantFrom('a.a', 'b.b'),
        version: fc.integer({ min: 1, max: 3 }),
        description: fc.constantFrom('d', 'e'),
        schema: root,
      }),
      {
        selector: ({ topic, version }) => `${topic}@${version}`,
        maxLength: 4,
      },
    )
    .map((topics) => ({ topics }));

  function reordered(json: unknown): unknown {
    if (Array.isArray(json)) return json.map(reordered);
    if (typeof json !== 'object' || json === null) return json;
    return Object.fromEntries(
      Object.entries(json)
        .reverse()
        .map(([key, value]) => [key, reordered(value)]),
    );
  }

  it('equal catalogs do not differ, whatever the order of topics and keys', () => {
    fc.assert(
      fc.property(catalog, (one) => {
        const other = reordered({ topics: [...one.topics].reverse() }) as CatalogDocument;
        expect(diffCatalogs(one, one)).toEqual([]);
        expect(diffCatalogs(one, other)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('the differences do not depend on the order either, and are in order', () => {
    fc.assert(
      fc.property(catalog, catalog, (older, newer) => {
        const changes = diffCatalogs(older, newer);
        const shuffled = (one: CatalogDocument): CatalogDocument =>
          reordered({ topics: [...one.topics].reverse() }) as CatalogDocument;
        expect(diffCatalogs(shuffled(older), shuffled(newer))).toEqual(changes);
        const places = changes.map(({ topic, version }) => `${topic}@${version}`);
        expect(places).toEqual([...places].sort());
      }),
      { numRuns: 500 },
    );
  });

  it('what differs differs in both directions, and an addition is a break backwards', () => {
    fc.assert(
      fc.property(catalog, catalog, (older, newer) => {
        const [there, back] = [diffCatalogs(older, newer), diffCatalogs(newer, older)];
        expect(there.length > 0).toBe(back.length > 0);
        if (severityOf(there) === 'minor') expect(severityOf(back)).toBe('breaking');
        if (severityOf(there) === 'patch') expect(severityOf(back)).toBe('patch');
      }),
      { numRuns: 500 },
    );
  });

  /** One change of an object schema, most of them compatible. */
  type Edit = (schema: Fields) => Fields;
  interface Fields {
    readonly properties: Record<string, unknown>;
    readonly required: readonly string[];
    readonly [keyword: string]: unknown;
  }
  const name = fc.constantFrom('a', 'b', 'c');
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(name, schema)
        .map(([key, type]): Edit => (one) => ({ ...one, properties: { [key]: type, ...one.properties } })),
    },
    fc.constantFrom<Edit>(
      ({ additionalProperties: _, ...one }) => one,
      (one) => ({ ...one, additionalProperties: false }),
      (one) => ({ ...one, description: 'words' }),
    ),
    name.map((key): Edit => (one) => ({ ...one, required: [...new Set([...one.required, key])] })),
    name.map((key): Edit => (one) => ({
      ...one,
      properties: Object.fromEntries(Object.entries(one.properties).filter(([at]) => at !== key)),
    })),
  );
  const edits = fc.array(edit, { minLength: 1, maxLength: 2 });

  it('compatible changes one after the other are compatible from end to end', () => {
    let chains = 0;
    fc.assert(
      fc.property(fc.array(edits, { minLength: 3, maxLength: 5 }), (steps) => {
        const first: Fields = { type: 'object', properties: {}, required: [], additionalProperties: false };
        const chain = [first];
        for (const step of steps) {
          const last = chain.at(-1) ?? first;
          const next = step.reduce((one, change) => change(one), last);
          if (severityOf(diffCatalogs(withSchema(last), withSchema(next))) !== 'breaking') chain.push(next);
        }
        if (chain.length > 2) chains += 1;
        expect(severityOf(diffCatalogs(withSchema(first), withSchema(chain.at(-1))))).not.toBe('breaking');
      }),
      { numRuns: 1_000 },
    );
    expect(chains).toBeGreaterThan(300);
  });

  /** As a reader of that schema sees it that ignores what it does not know. */
  function tolerant(json: unknown): unknown {
    if (Array.isArray(json)) return json.map(tolerant);
    if (typeof json !== 'object' || json === null) return json;
    const kept = Object.entries(json).filter(([key, value]) => key !== 'additionalProperties' || value !== false);
    return Object.fromEntries(kept.map(([key, value]) => [key, tolerant(value)]));
  }

  /** The validator knows no required field without a declaration. */
  function sound(json: unknown): unknown {
    if (Array.isArray(json)) return json.map(sound);
    if (typeof json !== 'object' || json === null) return json;
    const { required, ...rest } = json as Fields;
    if (!Array.isArray(required))
      return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, sound(value)]));
    return {
      ...rest,
      properties: sound(rest.properties),
      required: required.filter((key: string) => Object.hasOwn(rest.properties, key)),
    };
  }

  it('after a compatible change old events are valid, and new ones to tolerant old readers, says a validator', () => {
    const leaf = fc.constantFrom<unknown>('a', 'b', 'z', 0, -1, 7, null);
    const { event } = fc.letrec<{ event: unknown; object: unknown }>((tie) => ({
      object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('event'), { maxKeys: 4 }),
      event: fc.oneof({ maxDepth: 2 }, leaf, tie('object'), fc.array(leaf, { maxLength: 2 })),
    }));
    const payload = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), event, { maxKeys: 4 });
    const fields = fc
      .record({
        properties: fc.dictionary(name, schema, { maxKeys: 3 }),
        required: fc.subarray(['a', 'b']),
        closed: fc.boolean(),
      })
      .map(({ closed, ...rest }): Fields => ({
        type: 'object',
        ...rest,
        ...(closed ? { additionalProperties: false } : {}),
      }));
    const tried = { compatible: 0, valid: 0 };
    fc.assert(
      fc.property(fields, edits, fc.array(payload, { minLength: 10, maxLength: 30 }), (first, changes, payloads) => {
        const older = sound(first);
        const newer = sound(changes.reduce((one, change) => change(one), first));
        // The validator does not resolve references to the root.
        fc.pre(!JSON.stringify([older, newer]).includes('$ref'));
        if (severityOf(diffCatalogs(withSchema(older), withSchema(newer))) === 'breaking') return;
        tried.compatible += 1;
        const [old, now, reader] = [older, newer, tolerant(older)].map((one) => z.fromJSONSchema(one as never));
        for (const one of payloads) {
          if (old?.safeParse(one).success === true) expect(now?.safeParse(one).success).toBe(true);
          if (now?.safeParse(one).success !== true) continue;
          tried.valid += 1;
          expect(reader?.safeParse(one).success).toBe(true);
        }
      }),
      { numRuns: 1_500 },
    );
    expect(tried.compatible).toBeGreaterThan(200);
    expect(tried.valid).toBeGreaterThan(500);
  });

  it('the sample configuration’s own catalog does not differ from itself', () => {
    expect(diffCatalogs(catalogOf(config.topics), catalogOf(config.topics))).toEqual([]);
  });
});

describe('hostile documents', () => {
  const entry = { topic: 'a.a', version: 1, description: 'd', schema: {} };
  it.each([
    ['no object', [], /this is no catalog/],
    ['no topics', {}, /\/topics: .*this is no catalog/],
    ['a topic without version', { topics: [{ ...entry, version: undefined }] }, /\/topics\/0\/version/],
    ['a schema that is none', { topics: [{ ...entry, schema: 'x' }] }, /\/topics\/0\/schema: must be a JSON Schema/],
    ['one version twice', { topics: [entry, entry] }, /\/topics\/1: "a.a@1" stands here twice/],
    ['a very deep schema', { topics: [{ ...entry, schema: deep(10_000) }] }, /deeper than 64 levels/],
  ])('%s is refused', (_, value, message) => {
    expect(() => parseCatalogDocument(value)).toThrow(EventError);
    expect(() => parseCatalogDocument(value)).toThrow(message);
  });

  it('a circle of references is refused, and one that multiplies is bounded', () => {
    const circle = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } };
    expect(() => diffCatalogs(withSchema(circle), withSchema({ type: 'string' }))).toThrow(
      /^things\.made@1: .*in a circle/,
    );
    const doubling = (type: string): unknown => ({
      $ref: '#/$defs/0',
      $defs: Object.fromEntries(
        Array.from({ length: 60 }, (_, n) => [
          String(n),
          n === 59 ? { type } : { properties: { a: { $ref: `#/$defs/${n + 1}` }, b: { $ref: `#/$defs/${n + 1}` } } },
        ]),
      ),
    });
    expect(severityOf(diffCatalogs(withSchema(doubling('string')), withSchema(doubling('integer'))))).toBe('breaking');
  });

  it('references that fit each other only after very many steps are refused', () => {
    const ring = (length: number): unknown => ({
      $ref: '#/$defs/0',
      $defs: Object.fromEntries(
        Array.from({ length }, (_, n) => [
          String(n),
          { properties: { next: { $ref: `#/$defs/${(n + 1) % length}` } } },
        ]),
      ),
    });
    expect(() => diffCatalogs(withSchema(ring(997)), withSchema(ring(991)))).toThrow(
      /too large or too deep to compare/,
    );
  });

  it('malformed keywords are compared as what they are', () => {
    const odd = { type: 5, properties: [], required: 'a', enum: 'b', anyOf: {}, prefixItems: 1, items: 7 };
    expect(diffCatalogs(withSchema(odd), withSchema(odd))).toEqual([]);
    expect(severityOf(diffCatalogs(withSchema(odd), withSchema({ ...odd, anyOf: 1 })))).toBe('breaking');
  });

  function deep(levels: number): unknown {
    let schema: unknown = {};
    for (let level = 0; level < levels; level++) schema = { items: schema };
    return schema;
  }
});
