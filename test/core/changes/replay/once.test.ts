/** What may be used once: the second use with the lowest log index is found, among many, and after going on from a state. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Once } from '../../../../core/changes/replay/once.ts';

/** Room is made for as many at first, and then for twice as many again and again. */
const FIRST_CAPACITY = 1_024;

function used(names: readonly string[], once = new Once()): Once {
  names.forEach((name, i) => once.use(name, i));
  return once;
}

describe('what is used once', () => {
  it('is found when it is used again, with the first use of it', () => {
    expect(used([]).firstTwice()).toBeUndefined();
    expect(used(['a']).firstTwice()).toBeUndefined();
    expect(used(['a', 'b', 'c']).firstTwice()).toBeUndefined();
    expect(used(['a', 'b', 'a']).firstTwice()).toEqual({ position: 2, first: 0 });
    expect(used(['a', 'b', 'b', 'a']).firstTwice()).toEqual({ position: 2, first: 1 });
    expect(used(['x', 'a', 'a', 'a']).firstTwice()).toEqual({ position: 2, first: 1 });
  });

  it('is the same answer as of whoever looks through all of them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }).map(String), { maxLength: 20 }), (names) => {
        const position = names.findIndex((name, i) => names.indexOf(name) < i);
        const expected = position < 0 ? undefined : { position, first: names.indexOf(names[position] ?? '') };
        expect(used(names).firstTwice()).toEqual(expected);
      }),
    );
  });

  it('is kept at every number of uses around those at which room is made', () => {
    const many = Array.from({ length: 4 * FIRST_CAPACITY + 1 }, (_, i) => `n${i}`);
    for (const count of [1, 2, 4].flatMap((times) => [-1, 0, 1].map((more) => times * FIRST_CAPACITY + more))) {
      const names = many.slice(0, count);
      expect([count, used(names).firstTwice()]).toEqual([count, undefined]);
      expect(used([...names, 'n0']).firstTwice()).toEqual({ position: count, first: 0 });
      expect(used([...names, `n${count - 1}`]).firstTwice()).toEqual({ position: count, first: count - 1 });
      expect(used(names).state().positions).toHaveLength(count);
    }
  });

  it('is known after it was left off and gone on with', () => {
    const left = used(['a', 'b']).state();
    expect([left.high.length, left.low.length, left.positions.length]).toEqual([2, 2, 2]);
    const goneOn = new Once(left);
    goneOn.use('c', 7);
    expect(goneOn.firstTwice()).toBeUndefined();
    goneOn.use('b', 9);
    expect(goneOn.firstTwice()).toEqual({ position: 9, first: 1 });
    const fromNothing = new Once(new Once().state());
    fromNothing.use('a', 0);
    expect(fromNothing.firstTwice()).toBeUndefined();
    fromNothing.use('a', 3);
    expect(fromNothing.firstTwice()).toEqual({ position: 3, first: 0 });
  });
});
