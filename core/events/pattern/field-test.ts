/**
 * What the list of values of one field accepts, compiled: `acceptsValue` decides about one JSON leaf (string, number,
 * boolean or null). Does not know where the leaf stood; absence is only recorded here and decided by the tree walk.
 */
import { addressOf, isInRange, type IpRange } from './ip-range.ts';
import { endsIgnoringCase, equalsIgnoringCase, startsIgnoringCase, type Letters } from './letter-case.ts';
import { matchesWildcard, type Wildcard } from './wildcard.ts';

export type Leaf = string | number | boolean | null;

export type TextTest =
  | { readonly kind: 'prefix' | 'suffix'; readonly text: string }
  | {
      readonly kind: 'equals-ignore-case' | 'prefix-ignore-case' | 'suffix-ignore-case';
      readonly letters: Letters;
    }
  | { readonly kind: 'wildcard'; readonly parts: Wildcard };

export type ValueTest =
  | TextTest
  /** from an exact value or `exists: true` */
  | { readonly kind: 'exactly'; readonly value: Leaf }
  | { readonly kind: 'present' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'ip'; readonly range: IpRange }
  | { readonly kind: 'numeric'; readonly bounds: NumericBounds }
  | { readonly kind: 'anything-but'; readonly values: ReadonlySet<Leaf>; readonly texts: readonly TextTest[] };

export interface NumericBounds {
  readonly low: number;
  readonly lowIncluded: boolean;
  readonly high: number;
  readonly highIncluded: boolean;
}

export interface FieldTest {
  /** accepts that the field has no leaf at all (`exists: false`) */
  readonly acceptsAbsence: boolean;
  /** exact values, for one look-up however long the list is */
  readonly exact: ReadonlySet<Leaf>;
  readonly others: readonly ValueTest[];
}

export function fieldTestOf(tests: readonly ValueTest[]): FieldTest {
  const exact = new Set<Leaf>();
  const others: ValueTest[] = [];
  for (const test of tests) {
    if (test.kind === 'exactly') exact.add(test.value);
    else if (test.kind !== 'absent') others.push(test);
  }
  return { acceptsAbsence: tests.some((test) => test.kind === 'absent'), exact, others };
}

export function acceptsValue(test: FieldTest, leaf: Leaf): boolean {
  if (test.exact.size > 0 && test.exact.has(leaf)) return true;
  for (const other of test.others) if (passes(other, leaf)) return true;
  return false;
}

function passes(test: ValueTest, leaf: Leaf): boolean {
  switch (test.kind) {
    case 'exactly':
      return test.value === leaf;
    case 'present':
      return true;
    case 'absent':
      return false;
    case 'numeric':
      return typeof leaf === 'number' && isWithin(test.bounds, leaf);
    case 'ip':
      return typeof leaf === 'string' && isInRange(test.range, leaf);
    case 'anything-but':
      return !test.values.has(leaf) && !(typeof leaf === 'string' && test.texts.some((text) => passesText(text, leaf)));
    case 'prefix':
    case 'suffix':
    case 'equals-ignore-case':
    case 'prefix-ignore-case':
    case 'suffix-ignore-case':
    case 'wildcard':
      return typeof leaf === 'string' && passesText(test, leaf);
  }
}

function passesText(test: TextTest, text: string): boolean {
  switch (test.kind) {
    case 'prefix':
      return text.startsWith(test.text);
    case 'suffix':
      return text.endsWith(test.text);
    case 'equals-ignore-case':
      return equalsIgnoringCase(test.letters, text);
    case 'prefix-ignore-case':
      return startsIgnoringCase(test.letters, text);
    case 'suffix-ignore-case':
      return endsIgnoringCase(test.letters, text);
    case 'wildcard':
      return matchesWildcard(test.parts, text);
  }
}

/** NaN is within no bounds. */
function isWithin(bounds: NumericBounds, value: number): boolean {
  const aboveLow = bounds.lowIncluded ? value >= bounds.low : value > bounds.low;
  return aboveLow && (bounds.highIncluded ? value <= bounds.high : value < bounds.high);
}

/** A text that is an IP address is the same value in any spelling of that address. */
export function exactTextTest(text: string): ValueTest {
  const address = addressOf(text);
  return address === undefined
    ? { kind: 'exactly', value: text }
    : { kind: 'ip', range: { low: address, high: address } };
}
