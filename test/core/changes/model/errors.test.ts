/** Where the problems of a payload are placed, and what is not ours to explain. */
import { expect, it } from 'vitest';
import { attempt, ChangeError, inPayload } from '../../../../core/changes/model/errors.ts';

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};
const broken = new RangeError('out of memory');
const refusal = new ChangeError({
  ...{ code: 'CHANGE_INVALID', message: 'no such path', problems: [{ pointer: '/0/path', detail: 'unknown' }] },
});

it('places the problems of an operation where its payload is', () => {
  const placed = thrownBy(() =>
    inPayload(3, () => {
      throw refusal;
    }),
  );
  expect(placed).toBeInstanceOf(ChangeError);
  expect(placed).toMatchObject({
    ...{ code: 'CHANGE_INVALID', message: '/operations/3/payload: no such path' },
    problems: [{ pointer: '/operations/3/payload/0/path', detail: 'unknown' }],
  });
});

it('lets through what is no refusal, unchanged', () => {
  const fail = (): never => {
    throw broken;
  };
  expect(thrownBy(() => inPayload(0, fail))).toBe(broken);
  expect(thrownBy(() => attempt(fail))).toBe(broken);
});

it('answers with what was made, or with why not', () => {
  expect(inPayload(0, () => 7)).toBe(7);
  expect(attempt(() => 7)).toBe(7);
  expect(
    attempt(() => {
      throw refusal;
    }),
  ).toBe('no such path');
});
