/**
 * Every codec of a stored item: what was written is read back; with a field gone, of another kind or too many, it is refused by a
 * named error that says which item and which field. A store is untrusted: nothing of it becomes a TypeError or a default.
 */
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../core/canonical/index.ts';
import { UnreadableError } from '../../core/values/index.ts';
import { STORED, type StoredKind } from './items.ts';

const PLACE = { pk: 'ledger#kind', sk: 'one' };

type Step = string | number;

/** Every place of a value, itself included. */
function places(value: JsonValue, at: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  const steps: [Step, JsonValue][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value as object);
  return [at, ...steps.flatMap(([step, inner]) => places(inner, [...at, step]))];
}

function changed(value: JsonValue, at: readonly Step[], change: (found: JsonValue) => unknown): JsonValue {
  const [step, ...rest] = at;
  if (step === undefined) return change(value) as JsonValue;
  const next = changed(valueAt(value, [step]), rest, change) as JsonValue | undefined;
  if (Array.isArray(value)) return (value as JsonValue[]).with(Number(step), next as JsonValue);
  const fields = Object.entries({ ...(value as object), [step]: next }).filter((field) => field[1] !== undefined);
  return Object.fromEntries(fields) as JsonValue;
}

function valueAt(value: JsonValue, at: readonly Step[]): JsonValue {
  return at.reduce((found, step) => (found as Record<Step, JsonValue>)[step] as JsonValue, value);
}

function isOneOf(patterns: readonly string[] = [], at: readonly Step[]): boolean {
  const steps = at.map(String);
  return patterns.some((pattern) => {
    const wanted = pattern.split('/').slice(1);
    return wanted.length === steps.length && wanted.every((one, i) => one === '*' || one === steps[i]);
  });
}

/** Of another kind than what stands there. */
function otherKinds(found: JsonValue): JsonValue[] {
  const all: JsonValue[] = [null, true, -1.5, 'x\u0000', [null], { '': {} }];
  return all.filter((one) => kindOf(one) !== kindOf(found));
}

const kindOf = (value: JsonValue): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);

function refusal({ codec }: StoredKind, value: unknown): UnreadableError {
  try {
    codec.decode({ ...PLACE, value });
  } catch (error) {
    if (error instanceof UnreadableError) return error;
    throw error;
  }
  throw new Error(`the ${codec.kind} takes ${JSON.stringify(value)}`);
}

describe.each(STORED.map((stored) => [stored.codec.kind, stored] as const))('%s', (_, stored) => {
  const { codec, optional, anything, orNull, open } = stored;
  const items = stored.items as readonly JsonValue[];
  const isFree = (at: readonly Step[]): boolean => at.some((__, i) => isOneOf(anything, at.slice(0, i + 1)));
  const cases = items.flatMap((item) => places(item).map((at) => ({ item, at })));

  it('is read back as it was written, through the text that a store keeps', () => {
    for (const item of items) {
      const text = JSON.stringify(codec.encode(item as never));
      expect(codec.decode({ ...PLACE, value: JSON.parse(text) as unknown })).toEqual(item);
    }
  });

  it('is refused with any field gone that is not optional, and read without one that is', () => {
    for (const { item, at } of cases.filter(({ at }) => typeof at.at(-1) === 'string' && !isFree(at.slice(0, -1)))) {
      const without = changed(item, at, () => undefined);
      if (isOneOf(optional, at)) expect(codec.decode({ ...PLACE, value: without }), at.join('/')).toEqual(without);
      else if (!isOneOf(open, at.slice(0, -1)))
        expect(refusal(stored, without), at.join('/')).toMatchObject({
          code: 'ENTRY_UNREADABLE',
          message: expect.stringContaining(
            `the ${codec.kind} "ledger#kind" / "one" is damaged (/${String(at[0])}`,
          ) as string,
        });
    }
  });

  it('is refused with any value of another kind', () => {
    for (const { item, at } of cases.filter((one) => !isFree(one.at)))
      for (const other of otherKinds(valueAt(item, at))) {
        if (other === null && isOneOf(orNull, at)) continue;
        if (isStartAt(stored, at, other)) continue;
        const { problems } = refusal(
          stored,
          changed(item, at, () => other),
        );
        expect(problems[0]?.pointer.split('/').slice(1, 2)).toEqual(at.length === 0 ? [] : [String(at[0])]);
      }
  });

  it('is refused with a field too many', () => {
    for (const { item, at } of cases.filter((one) => !isFree(one.at) && !isOneOf(open, one.at))) {
      if (kindOf(valueAt(item, at)) !== 'object') continue;
      refusal(
        stored,
        changed(item, at, (found) => ({ ...(found as object), 'one more': 1 })),
      );
    }
  });

  it('is never anything else, whatever a store answers', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...cases), (value, { item, at }) => {
        const hostile = changed(item, at, () => value);
        try {
          expect(codec.decode({ ...PLACE, value: hostile })).toEqual(hostile);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The one field with two kinds. */
function isStartAt({ codec }: StoredKind, at: readonly Step[], other: JsonValue): boolean {
  return codec.kind === 'subscription' && at[0] === 'startAt' && typeof other === 'string';
}

it('every codec of the product is in the table', () => {
  const root = join(import.meta.dirname, '../..');
  const kinds = ['core', 'adapters', 'lambdas'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && file.name.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(file.parentPath, file.name), 'utf8').matchAll(/= codecOf<[^]*?'([^']+)'/g),
      ])
      .map(([, kind]) => kind),
  );
  expect(kinds.sort()).toEqual(STORED.map(({ codec }) => codec.kind).sort());
});
