import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spread } from '../../../../adapters/aws/log/sampled-anchors.ts';

describe('a sample of anchors', () => {
  it('is all of them while they are few, else evenly spread, and always has the newest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 500 }), (count, most) => {
        const all = Array.from({ length: count }, (_, i) => i * 7);
        const chosen = spread(all, most);
        expect(chosen).toHaveLength(Math.min(count, most));
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.at(-1)).toBe(all.at(-1));
        expect(chosen.every((size) => all.includes(size))).toBe(true);
        const gaps = chosen.slice(1).map((size, i) => (size - (chosen[i] ?? 0)) / 7);
        expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(Math.ceil(count / most));
      }),
    );
  });
});
