/**
 * Which of many rules an event matches, without trying them all. Each combination of a rule's `$or` branches is filed under
 * one field that it demands, the one with the fewest rules at its values; what an event finds there is then decided by
 * the plain matcher, so the answer is the plain matcher's. Knows no subscriptions.
 */
import { FieldIndex, keysOf, PRESENT, type Key, type Place } from './field-index.ts';
import type { FieldTest } from './field-test.ts';
import type { FieldNode } from './field-tree.ts';
import { matchPattern } from './match-pattern.ts';
import { TREES, type Pattern } from './parse-pattern.ts';

/** Places one rule is filed at by value; a combination beyond them is filed by its field's presence alone. */
export const MAX_PLACES_PER_RULE = 10_000;

export interface RuleIndex<Id> {
  /** A rule of the same id is replaced; the new one counts as inserted now. */
  add(id: Id, pattern: Pattern): void;
  /** @returns whether there was one */
  remove(id: Id): boolean;
  /** The ids of all rules that `matchPattern` accepts the event for, in order of insertion. The list is the caller's own. */
  match(event: unknown): Id[];
  readonly size: number;
}

interface Rule<Id> {
  readonly id: Id;
  readonly pattern: Pattern;
  /** place in the order of insertion */
  readonly ordinal: number;
  readonly places: readonly Place[];
}

export function createRuleIndex<Id>(): RuleIndex<Id> {
  const rules = new Map<Id, Rule<Id>>();
  const fields = new FieldIndex<Rule<Id>>();
  /** A combination of theirs demands no field, so any event may match. */
  const undemanding = new Set<Rule<Id>>();
  let ordinal = 0;
  const remove = (id: Id): boolean => {
    const rule = rules.get(id);
    if (rule === undefined) return false;
    for (const place of rule.places) fields.remove(place, rule);
    undemanding.delete(rule);
    return rules.delete(id);
  };
  return {
    get size() {
      return rules.size;
    },
    remove,
    add: (id, pattern) => {
      remove(id);
      const places = placesOf(pattern, (place) => fields.countAt(place));
      const rule: Rule<Id> = { id, pattern, ordinal: ordinal++, places: places ?? [] };
      rules.set(id, rule);
      for (const place of rule.places) fields.add(place, rule);
      if (places === undefined) undemanding.add(rule);
    },
    match: (event) => {
      const candidates = new Set(undemanding);
      fields.collect(event, candidates);
      return [...candidates]
        .filter(({ pattern }) => matchPattern(pattern, event))
        .sort((a, b) => a.ordinal - b.ordinal)
        .map(({ id }) => id);
    },
  };
}

interface Demand {
  readonly path: readonly string[];
  readonly keys: readonly Key[];
  /** rules an event that has one of the keys would find there, at most */
  readonly crowd: number;
}

/** Where an event must have something for the rule to match; undefined when it need not have anything. */
function placesOf(pattern: Pattern, countAt: (place: Place) => number): readonly Place[] | undefined {
  // `$or` repeats the fields beside it in every combination: each is estimated once.
  const estimated = new Map<FieldTest, Demand>();
  const places = new Map<Demand, readonly Place[]>();
  let left = MAX_PLACES_PER_RULE;
  for (const tree of pattern[TREES]) {
    let best: Demand | undefined;
    for (const { path, test } of demandedFields(tree, [])) {
      const demand = estimated.get(test) ?? estimate(path, test, countAt);
      estimated.set(test, demand);
      if (best === undefined || isBetter(demand, best)) best = demand;
    }
    if (best === undefined) return undefined;
    if (places.has(best)) continue;
    const { path, keys } = best;
    places.set(
      best,
      (keys.length <= left ? keys : [PRESENT]).map((key) => ({ path, key })),
    );
    left -= Math.min(keys.length, left);
  }
  return [...places.values()].flat();
}

/** Whoever matches the tree has a leaf there that passes. */
function* demandedFields(
  node: FieldNode,
  path: readonly string[],
): Generator<{ readonly path: readonly string[]; readonly test: FieldTest }> {
  if (node.test?.acceptsAbsence === false) yield { path, test: node.test };
  for (const [key, child] of node.children) if (!child.acceptsAbsence) yield* demandedFields(child, [...path, key]);
}

function estimate(path: readonly string[], test: FieldTest, countAt: (place: Place) => number): Demand {
  const keys = keysOf(test);
  return { path, keys, crowd: Math.max(...keys.map((key) => countAt({ path, key }))) };
}

/** By value before by presence, which every event of the kind has; then where fewer rules are; then with fewer values. */
function isBetter(one: Demand, other: Demand): boolean {
  if (isByValue(one) !== isByValue(other)) return isByValue(one);
  if (one.crowd !== other.crowd) return one.crowd < other.crowd;
  return one.keys.length < other.keys.length;
}

function isByValue({ keys }: Demand): boolean {
  return keys[0]?.kind !== 'present';
}
