/** JSON Patch from strangers: what RFC 6902 says happens, and nothing else does. */
import fc from 'fast-check';
import { applyPatch } from 'rfc6902';
import { describe, expect, it } from 'vitest';
import { canonicalize, type JsonObject } from '../../../../core/canonical/index.ts';
import { operationTypes } from '../../../../core/changes/index.ts';
import { diffDocuments } from '../../../../core/changes/model/document.ts';
import { patchDocument, patchSchema } from '../../../../core/changes/model/json-patch.ts';

const apply = (document: JsonObject | null, patch: unknown): JsonObject => {
  const type = operationTypes().get('state.patch');
  if (type === undefined) throw new Error('state.patch is missing');
  return type.plan(document, type.parse(patch)) as JsonObject;
};

describe('RFC 6902', () => {
  it.each([
    ['add a member', { a: 1 }, [{ op: 'add', path: '/b', value: [1] }], { a: 1, b: [1] }],
    ['add replaces a member', { a: 1 }, [{ op: 'add', path: '/a', value: null }], { a: null }],
    ['insert into an array', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['append to an array', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    [
      'remove',
      { a: [1, 2], b: 1 },
      [
        { op: 'remove', path: '/a/0' },
        { op: 'remove', path: '/b' },
      ],
      { a: [2] },
    ],
    ['replace', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: 'x' }], { a: { b: 'x' } }],
    ['move', { a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
    ['move to the same place', { a: 1 }, [{ op: 'move', from: '/a', path: '/a' }], { a: 1 }],
    ['move within an array', { a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
    [
      'copy',
      { a: [1] },
      [
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'add', path: '/b/-', value: 2 },
      ],
      { a: [1], b: [1, 2] },
    ],
    [
      'test',
      { a: { x: 1, y: [null] } },
      [
        { op: 'test', path: '/a', value: { y: [null], x: 1 } },
        { op: 'remove', path: '/a' },
      ],
      {},
    ],
    [
      'escaped names',
      { 'a/b': 1, 'c~d': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'replace', path: '/c~0d', value: 3 },
      ],
      { 'c~d': 3 },
    ],
    ['the empty name', { '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
    ['the whole document', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['the whole document by a move', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '' }], { b: 1 }],
    ['on no document', null, [{ op: 'add', path: '/a', value: 1 }], { a: 1 }],
  ] as const)('%s', (_name, document, patch, expected) => {
    const before = canonicalize(document);
    expect(apply(document, patch)).toEqual(expected);
    expect(canonicalize(document)).toBe(before);
  });
});

describe('hostile patches', () => {
  const document = { a: 1, list: [1, 2], text: 'abc', deep: { x: null } };
  it.each([
    ['nothing there', [{ op: 'remove', path: '/b' }]],
    ['an inherited method', [{ op: 'remove', path: '/toString' }]],
    ['an inherited method as a source', [{ op: 'copy', from: '/hasOwnProperty', path: '/b' }]],
    ['the length of an array', [{ op: 'replace', path: '/list/length', value: 0 }]],
    ['the length of a string', [{ op: 'test', path: '/text/length', value: 3 }]],
    ['into a string', [{ op: 'replace', path: '/text/0', value: 'x' }]],
    ['below a number', [{ op: 'add', path: '/a/b', value: 1 }]],
    ['below null', [{ op: 'add', path: '/deep/x/y', value: 1 }]],
    ['an index with a leading zero', [{ op: 'remove', path: '/list/01' }]],
    ['an index beyond the end', [{ op: 'add', path: '/list/3', value: 1 }]],
    ['a negative index', [{ op: 'replace', path: '/list/-1', value: 1 }]],
    ['an index with an exponent', [{ op: 'replace', path: '/list/1e0', value: 1 }]],
    ['the place after the end, to be read', [{ op: 'remove', path: '/list/-' }]],
    ['a failing test', [{ op: 'test', path: '/a', value: '1' }]],
    ['a prototype', [{ op: 'add', path: '/__proto__/evil', value: 1 }]],
    ['a constructor', [{ op: 'add', path: '/constructor/prototype/evil', value: 1 }]],
    [
      'a prototype inside a value',
      [{ op: 'add', path: '/b', value: JSON.parse('{"__proto__":{"evil":1}}') as unknown }],
    ],
    ['a prototype as a source', [{ op: 'move', from: '/__proto__', path: '/b' }]],
    ['the root becomes an array', [{ op: 'replace', path: '', value: [] }]],
    ['the root becomes null', [{ op: 'add', path: '', value: null }]],
    ['the root becomes a number by copy', [{ op: 'copy', from: '/a', path: '' }]],
    ['the root removed', [{ op: 'remove', path: '' }]],
    ['a move into itself', [{ op: 'move', from: '/deep', path: '/deep/x' }]],
    ['a move of everything into itself', [{ op: 'move', from: '', path: '/b' }]],
    ['a pointer without slash', [{ op: 'add', path: 'b', value: 1 }]],
    ['a wrong escape', [{ op: 'add', path: '/a~2', value: 1 }]],
    ['a fraction', [{ op: 'add', path: '/b', value: 1.5 }]],
    ['a long pointer', [{ op: 'add', path: '/' + 'x'.repeat(600), value: 1 }]],
    ['no value', [{ op: 'add', path: '/b' }]],
    ['an unknown operation', [{ op: 'eval', path: '/b', value: 1 }]],
    ['an unknown member', [{ op: 'remove', path: '/a', evil: 1 }]],
    ['an empty patch', []],
    ['no array', { op: 'remove', path: '/a' }],
    ['too many steps', Array.from({ length: 101 }, () => ({ op: 'test', path: '/a', value: 1 }))],
    [
      'a copy bomb',
      [
        { op: 'add', path: '/b', value: 'x'.repeat(1000) },
        ...Array.from({ length: 12 }, (_, i) => ({ op: 'copy', from: '', path: `/b${i}` })),
      ],
    ],
    ['a deep value', [{ op: 'add', path: '/b', value: JSON.parse('['.repeat(40) + ']'.repeat(40)) as unknown }]],
    [
      'a document deeper than its parts',
      Array.from({ length: 40 }, (_, i) => ({ op: 'add', path: '/b'.repeat(i + 1), value: {} })),
    ],
  ])('%s', (_name, patch) => {
    expect(() => apply(document, patch)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(CHANGE_UNFIT|CHANGE_INVALID|NOT_I_JSON)$/) as string }),
    );
    expect(({} as { evil?: unknown }).evil).toBeUndefined();
    expect(document).toEqual({ a: 1, list: [1, 2], text: 'abc', deep: { x: null } });
  });

  it('names the step that does not fit', () => {
    expect(() =>
      apply({ a: 1 }, [
        { op: 'test', path: '/a', value: 1 },
        { op: 'remove', path: '/b' },
      ]),
    ).toThrow(/step 1: remove \/b finds nothing there/);
  });
});

describe('against the library, and back', () => {
  const leaf = fc.oneof(fc.constantFrom(null, true, false, '', 'x', 'é'), fc.integer({ min: -3, max: 3 }));
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', '0', '~/'), tie('json'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  const object = fc.dictionary(fc.constantFrom('a', 'b', 'c', '', '0', '~/'), json, {
    minKeys: 2,
    noNullPrototype: true,
  });
  const path = fc
    .array(fc.constantFrom('a', 'b', 'c', '0', '1', '-', '', '~0~1'), { maxLength: 3 })
    .map((tokens) => tokens.map((t) => '/' + t).join(''));
  const step = fc.oneof(
    fc.record({ op: fc.constantFrom('add', 'replace', 'test'), path, value: json }),
    fc.record({ op: fc.constant('remove'), path }),
    fc.record({ op: fc.constantFrom('move', 'copy'), from: path, path }),
  );

  it('accepts only what the library accepts too, with the same result', () => {
    let accepted = 0;
    fc.assert(
      fc.property(object, fc.array(step, { minLength: 1, maxLength: 4 }), (before, patch) => {
        if (patch.some((one) => one.path === '')) return; // the library cannot replace a root in place
        let ours: unknown;
        try {
          ours = patchDocument(before as JsonObject, patchSchema.parse(patch));
        } catch {
          return;
        }
        accepted += 1;
        const theirs = structuredClone(before);
        expect(applyPatch(theirs, structuredClone(patch) as never).every((error) => error === null)).toBe(true);
        expect(canonicalize(ours)).toBe(canonicalize(theirs));
      }),
      { numRuns: 3000, seed: 7 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('says what does not fit in whole characters, so that it can be recorded', () => {
    const path = `/list/${'a'.repeat(19)}\u{1f4a5}`;
    expect(() => patchDocument({ list: [] }, [{ op: 'add', path, value: 1 }])).toThrow(
      expect.toSatisfy(({ message }: Error) => message.includes('array index') && message.isWellFormed()) as Error,
    );
  });

  it('diffs two documents to a patch that leads from one to the other', () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const patch = diffDocuments(before as JsonObject, after as JsonObject);
        const result = patch.length === 0 ? before : patchDocument(before as JsonObject, patch);
        expect(canonicalize(result)).toBe(canonicalize(after));
      }),
    );
  });
});

describe('what is moved or copied into itself', () => {
  const document = { a: { x: 1 }, ab: {} };
  const step = (op: string, path: string): unknown => patchDocument(document, [{ op, from: '/a', path }] as never);

  it('is refused when it is moved, and copied when it is copied', () => {
    expect(() => step('move', '/a/b')).toThrow('is inside what is moved');
    expect(step('copy', '/a/b')).toEqual({ a: { x: 1, b: { x: 1 } }, ab: {} });
    expect(step('move', '/ab')).toEqual({ ab: { x: 1 } });
    expect(step('move', '/ab/c')).toEqual({ ab: { c: { x: 1 } } });
    for (const op of ['move', 'copy']) expect(step(op, '/a')).toEqual(document);
  });
});
