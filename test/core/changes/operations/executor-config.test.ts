/** Executors that are declared take the operation that calls them. */
import { expect, it } from 'vitest';
import * as z from 'zod';
import { executorId, executorProblems, executorsSchema } from '../../../../core/changes/operations/executor-config.ts';

const one = { version: '1', description: 'limits', schema: z.strictObject({}), reversible: true, maxSeconds: 900 };
const parses = (more: object, name = 'limits'): boolean =>
  executorsSchema.safeParse({ [name]: { ...one, ...more } }).success;

it('asks for the operation just where there are executors', () => {
  const declared = executorsSchema.parse({ limits: one });
  expect(executorProblems(declared, ['state.put'])).toMatchObject([{ path: ['operations', 'enabled'] }]);
  expect(executorProblems(declared, ['executor.invoke'])).toEqual([]);
  expect(executorProblems({}, [])).toEqual([]);
  expect(executorId('limits', { version: '2' })).toBe('limits@2');
});

it('takes what a grant and a function allow', () => {
  expect(executorsSchema.parse(undefined)).toEqual({});
  expect([parses({}), parses({ maxSeconds: 1 }), parses({ function: 'limits' })]).toEqual([true, true, true]);
  expect(parses({ function: 'arn:aws:lambda:eu-central-1:123456789012:function:limits:live' })).toBe(true);
  for (const more of [{ maxSeconds: 0 }, { maxSeconds: 901 }, { version: '' }, { schema: {} }, { function: 'a b' }])
    expect(parses(more)).toBe(false);
  expect(parses({ description: '' })).toBe(false);
  expect(parses({ description: 'd'.repeat(301) })).toBe(false);
  expect(parses({ description: 'd'.repeat(300) })).toBe(true);
  expect(parses({}, 'Limits')).toBe(false);
});
