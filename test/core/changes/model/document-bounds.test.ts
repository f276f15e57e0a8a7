/** The deepest and the largest document, and the largest input: they are taken, and one more is refused. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { canonicalize } from '../../../../core/canonical/index.ts';
import { parseInput } from '../../../../core/changes/operations/content.ts';
import { orThrow } from '../../../../core/changes/model/refusal.ts';
import { assertDocument, assertPlain } from '../../../../core/changes/model/document.ts';
import { createFixture, patchOf, proposal, who } from '../fixture.ts';

const takes = (judge: () => unknown): boolean => {
  try {
    judge();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'CHANGE_INVALID' });
    return false;
  }
};
const deep = (levels: number): object => (levels <= 1 ? {} : { a: deep(levels - 1) });
const ofBytes = (bytes: number): object => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });
/** where `takes` turns from yes to no */
function mostOf(judge: (size: number) => unknown, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (takes(() => judge(middle))) low = middle;
    else high = middle;
  }
  return low;
}

it('is as deep as it may be', () => {
  expect(takes(() => assertPlain(deep(32) as never))).toBe(true);
  expect(takes(() => assertPlain(deep(33) as never))).toBe(false);
});

it('is as large as it may be, and not a byte more', () => {
  expect(mostOf((size) => assertDocument(ofBytes(size)), 8, 100_000)).toBe(32 * 1_024);
  const most = mostOf((size) => orThrow(parseInput(z.looseObject({}), ofBytes(size))), 8, 100_000);
  expect(canonicalize(ofBytes(most))).toHaveLength(most);
  expect(most).toBe(48 * 1_024);
});

it.each([[], 'x', 7, null, undefined])('is no document: %j', (value) => {
  expect(takes(() => assertDocument(value))).toBe(false);
});

it('is whole numbers', () => {
  expect(() => parseInput(z.looseObject({}), { n: 0.5 })).toThrow(
    expect.objectContaining({ code: 'NOT_I_JSON' }) as Error,
  );
});

describe('R9: what a step is about hides nothing', () => {
  const proposed = (operations: object[]): Promise<unknown> =>
    createFixture().changes.propose(who('pete'), proposal(operations));
  const HIDDEN = '/no\u202ete';

  it.each([
    ['a path', [{ op: 'add', path: HIDDEN, value: 1 }]],
    ['where it is moved from', [{ op: 'move', from: HIDDEN, path: '/b' }]],
  ])('in %s', async (_, payload) => {
    await expect(proposed([{ type: 'state.patch', payload }])).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
  });

  it('in the key of a document, at any depth', async () => {
    const document = { a: [{ b: { 'c\u202e': 1 } }] };
    await expect(proposed([{ type: 'state.put', payload: document }])).rejects.toMatchObject({
      code: 'CHANGE_INVALID',
    });
  });

  it('while a value may hold anything, also under the name of a path', async () => {
    await expect(proposed([patchOf('/note', { path: HIDDEN, from: [HIDDEN] })])).resolves.toBeDefined();
    await expect(proposed([{ type: 'state.put', payload: { path: HIDDEN } }])).resolves.toBeDefined();
  });
});
