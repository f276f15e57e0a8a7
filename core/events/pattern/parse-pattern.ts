/**
 * Reads an event pattern (EventBridge event-pattern language, as event-ruler compiles it) and makes it ready to match.
 * Decides what is refused, with position and reason, and bounds what a hostile pattern can cost. Never sees an event.
 */
import { refuse, shown } from './errors.ts';
import { fieldTestOf } from './field-test.ts';
import { nameOf, treeOf, type Field, type FieldNode } from './field-tree.ts';
import { pointerTo, type JsonObject } from './json-object.ts';
import { isObject } from '../../values/index.ts';
import { parseValueTests } from './parse-value-test.ts';

/** Levels of keys; far beyond any event, small enough for recursion. */
const MAX_PATTERN_DEPTH = 100;
/** Fields that one combination of `$or` branches may test (event-ruler's own bound). */
const MAX_FIELDS = 256;
/** Combinations of `$or` branches. */
const MAX_COMBINATIONS = 1000;
/** Fields of all combinations together: bounds memory and the cost of one match. */
const MAX_COMPILED_FIELDS = 20_000;

/** Words event-ruler keeps for expressions, so they name no field inside `$or`. */
const RESERVED_IN_OR = new Set([
  ...['exactly', 'prefix', 'suffix', 'equals-ignore-case', 'wildcard', 'anything-but', 'numeric', 'cidr', 'exists'],
  ...['=', '<', '<=', '>', '>=', 'html', 'regex', 'not-wildcard', 'not-equals-ignore-case'],
  ...['date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range'],
  ...['ip-address-in-range', 'ip-address-not-in-range'],
]);

/** Private to this area: the compiled trees; an event matches when one of them does. */
export const TREES = Symbol('compiled pattern');

/** A pattern that was read and accepted; made only by `parsePattern`. */
export interface Pattern {
  /** the pattern as it was given */
  readonly source: JsonObject;
  readonly [TREES]: readonly FieldNode[];
}

/** The fields of one combination of `$or` branches, by dotted name. */
type Combination = ReadonlyMap<string, Field>;

interface Place {
  readonly pointer: string;
  readonly path: readonly string[];
  readonly insideOr: boolean;
  readonly depth: number;
}

/** Throws `PatternError` for anything that is not a pattern. */
export function parsePattern(source: unknown): Pattern {
  if (!isObject(source)) {
    return refuse('', `is not an object: write {"field": [values]}, got ${shown(source)}`);
  }
  const combinations = parseFields(source, { pointer: '', path: [], insideOr: false, depth: 0 });
  return { source, [TREES]: combinations.map((combination) => treeOf(combination.values())) };
}

function parseFields(object: JsonObject, place: Place): readonly Combination[] {
  const keys = Object.keys(object);
  if (keys.length === 0) return refuse(place.pointer, 'an empty object is not allowed: name at least one field');
  if (place.depth >= MAX_PATTERN_DEPTH)
    return refuse(place.pointer, `is deeper than ${MAX_PATTERN_DEPTH} levels: flatten it`);
  const always = new Map<string, Field>();
  const choices: (readonly Combination[])[] = [];
  for (const key of keys) {
    const pointer = pointerTo(place.pointer, key);
    const inner = { ...place, pointer, depth: place.depth + 1 };
    const found = key === '$or' ? parseOr(object[key], inner) : parseField(key, object[key], inner);
    const [only] = found;
    if (found.length === 1 && only !== undefined) addTo(always, only, pointer);
    else choices.push(found);
  }
  // without $or this level has one combination; with it, every choice is combined with every other
  return choices.reduce((left, right) => combine(left, right, place.pointer), [always]);
}

function parseField(key: string, value: unknown, place: Place): readonly Combination[] {
  if (place.insideOr && RESERVED_IN_OR.has(key)) {
    return refuse(place.pointer, `${shown(key)} cannot name a field inside $or: expressions stand in a field's array`);
  }
  const path = [...place.path, key];
  if (isObject(value)) return parseFields(value, { ...place, path });
  if (!Array.isArray(value)) {
    return refuse(place.pointer, `must be an object or an array: write [${shown(value)}] to match that value`);
  }
  const test = fieldTestOf(parseValueTests(value, place.pointer));
  return [new Map([[nameOf(path), { path, test }]])];
}

function parseOr(value: unknown, place: Place): readonly Combination[] {
  if (!Array.isArray(value)) return refuse(place.pointer, `$or takes an array of objects, got ${shown(value)}`);
  if (value.length < 2) return refuse(place.pointer, `$or needs at least 2 objects, got ${value.length}`);
  const branches: Combination[] = [];
  for (const [index, branch] of value.entries()) {
    const pointer = `${place.pointer}/${index}`;
    if (!isObject(branch)) return refuse(pointer, `$or takes objects, got ${shown(branch)}`);
    branches.push(...parseFields(branch, { ...place, pointer, insideOr: true }));
    requireAffordable(branches, place.pointer);
  }
  return branches;
}

/** Both sides hold: every pair is a combination. */
function combine(left: readonly Combination[], right: readonly Combination[], at: string): readonly Combination[] {
  const combinations: Combination[] = [];
  for (const one of left) {
    for (const other of right) {
      const both = new Map(one);
      addTo(both, other, at);
      combinations.push(both);
    }
    requireAffordable(combinations, at);
  }
  return combinations;
}

function addTo(fields: Map<string, Field>, others: Combination, at: string): void {
  for (const [name, field] of others) {
    if (fields.has(name)) return refuse(at, `the field ${shown(name)} is tested twice: merge the two lists of values`);
    fields.set(name, field);
  }
  if (fields.size > MAX_FIELDS) return refuse(at, `tests more than ${MAX_FIELDS} fields: split the pattern`);
}

function requireAffordable(combinations: readonly Combination[], at: string): void {
  if (combinations.length > MAX_COMBINATIONS) {
    return refuse(at, `$or makes more than ${MAX_COMBINATIONS} combinations: split the pattern`);
  }
  const fieldCount = combinations.reduce((sum, combination) => sum + combination.size, 0);
  if (fieldCount > MAX_COMPILED_FIELDS) {
    return refuse(at, `$or makes more than ${MAX_COMPILED_FIELDS} fields in all: split the pattern`);
  }
}
