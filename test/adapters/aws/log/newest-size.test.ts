import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestSize, type ListSizes } from '../../../../adapters/aws/log/newest-size.ts';

function listing(sizes: readonly number[]): { readonly list: ListSizes; asked: () => number } {
  let asked = 0;
  const list: ListSizes = async (after, limit) => {
    asked += 1;
    let first = 0;
    for (let end = sizes.length; first < end;) {
      const middle = (first + end) >> 1;
      if ((sizes[middle] ?? 0) > after) end = middle;
      else first = middle + 1;
    }
    return sizes.slice(first, first + limit);
  };
  return { list, asked: () => asked };
}

describe('the newest of sizes that are only listed upwards', () => {
  const anything = fc.oneof(fc.nat(5_000), fc.maxSafeNat());

  it('is right whatever there is, and whatever was believed before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anything, { maxLength: 400 }),
        fc.option(anything, { nil: undefined }),
        async (some, known) => {
          const sizes = some.sort((a, b) => a - b);
          expect(await newestSize(listing(sizes).list, known)).toBe(sizes.at(-1));
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a year of anchors', Array.from({ length: 500_000 }, (_, i) => i * 17)],
    ['a quiet start and a busy end', Array.from({ length: 100_000 }, (_, i) => (i < 99_000 ? i : i * 1_000_000))],
  ])('takes few questions for %s, and one when it is known', async (_, sizes) => {
    const cold = listing(sizes);
    expect(await newestSize(cold.list, undefined)).toBe(sizes.at(-1));
    expect(cold.asked()).toBeLessThan(80);
    const warm = listing(sizes);
    expect(await newestSize(warm.list, sizes.at(-1))).toBe(sizes.at(-1));
    expect(warm.asked()).toBe(1);
  });
});
