/** What is hashed and signed is exact: a number that JSON readers round differently is refused, in plans and grants. */
import { expect, it } from 'vitest';
import * as z from 'zod';
import { planHash, preconditionHash, readPlan } from '../../../core/changes/operations/executor-answers.ts';
import { grantInputHash } from '../../../core/changes/operations/grant.ts';
import type { Operation } from '../../../core/changes/model/steps.ts';

const operation = { type: 'executor.invoke', executor: 'limits@1', payload: { n: 1 }, inverse: 'none' } as Operation;
const plan = { facts: {}, precondition: null, inverse: null };
const fraction = { n: 0.5 };

it('takes whole numbers, and gives each content its own hash', () => {
  const hashes = [
    ...[planHash(operation, plan), planHash(operation, { ...plan, facts: { n: 1 } })],
    ...[planHash(operation, { ...plan, precondition: 1 }), planHash(operation, { ...plan, inverse: 1 })],
    ...[planHash({ ...operation, payload: { n: 2 } }, plan), planHash({ ...operation, executor: 'limits@2' }, plan)],
    ...[preconditionHash(plan), preconditionHash({ ...plan, precondition: 1 })],
    ...[grantInputHash({ n: 1 }), grantInputHash({ n: 2 }), grantInputHash({ n: 1 }, 1)],
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(grantInputHash({ n: 1 })).toBe(grantInputHash({ n: 1 }, null));
});

it('refuses fractions', () => {
  const refused = expect.objectContaining({ code: 'NOT_I_JSON' }) as Error;
  expect(() => planHash({ ...operation, payload: fraction }, plan)).toThrow(refused);
  expect(() => preconditionHash({ ...plan, precondition: fraction })).toThrow(refused);
  expect(() => grantInputHash(fraction)).toThrow(refused);
  expect(() => grantInputHash(null, fraction)).toThrow(refused);
});

const declared = {
  ...{ version: '1', description: 'limits', maxSeconds: 9 },
  schema: z.strictObject({ n: z.int() }),
};

it('reads plans within their bounds: facts and precondition of a kibibyte, inverses of eight', () => {
  const read = (answer: object, reversible = true): unknown => readPlan(answer, { ...declared, reversible });
  const sound = { facts: {}, precondition: null, inverse: { n: 1 } };
  expect(read(sound)).toEqual(sound);
  expect(read({ facts: {} }, false)).toEqual({ facts: {}, precondition: null, inverse: null });
  expect(read(sound, false)).toEqual({ ...sound, inverse: null });
  expect(() => read({ ...sound, facts: fraction })).toThrow('decimals');
  const ofBytes = (bytes: number): object => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });
  expect(read({ ...sound, facts: ofBytes(1024), precondition: ofBytes(1024) })).toMatchObject({ inverse: { n: 1 } });
  expect(() => read({ ...sound, facts: ofBytes(1025) })).toThrow('its facts has 1025 canonical bytes');
  expect(() => read({ ...sound, precondition: ofBytes(1025) })).toThrow('its precondition has 1025');
  expect(() => read({ ...sound, inverse: ofBytes(8193) })).toThrow('its inverse has 8193');
  expect(() => read({ ...sound, inverse: { n: 'x' } })).toThrow('its own schema');
});
