/**
 * What changed between two JSON Schemas (2020-12) of one topic version, and whether old and new readers and writers still
 * understand each other in every direction. Publishing is strict and consuming tolerant: readers ignore fields that they do
 * not know, so an optional field more is compatible. Whatever this does not know for certain counts as breaking.
 */
import { EventError } from './errors.ts';
import {
  isAnnotation,
  isSchemaObject,
  list,
  members,
  own,
  pairBranches,
  resolved,
  SHELVES,
  stable,
  type SchemaObject,
} from './schema-json.ts';

export type Severity = 'patch' | 'minor' | 'breaking';

export interface SchemaChange {
  /** JSON pointer into the schema, the new one where it has the place */
  readonly pointer: string;
  readonly severity: Severity;
  readonly detail: string;
}

/** Pairs of subschemas compared: bounds what references that multiply can cost. */
const MAX_PAIRS = 100_000;
/** Subschemas inside subschemas, references followed; keeps the recursion on the stack. */
const MAX_LEVELS = 500;
/** Characters of a value in a message. */
const SHOWN_CHARACTERS = 60;

const LOWER_BOUNDS = new Set([
  ...['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties', 'minContains'],
]);
const UPPER_BOUNDS = new Set([
  ...['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties', 'maxContains'],
]);
/** Compared together, by `compareFields`. */
const OF_OBJECTS = new Set(['properties', 'required', 'additionalProperties', 'patternProperties']);
const OF_VALUES = new Set(['enum', 'const']);

const WIDENED = 'readers of this version may now meet what they do not expect (widened)';
const NARROWED = 'events recorded under this version may not fit any more, and publishers are refused (narrowed)';

interface Walk {
  readonly older: unknown;
  readonly newer: unknown;
  readonly seen: Map<unknown, Set<unknown>>;
  readonly report: (pointer: string, severity: Severity, detail: string) => void;
  pairs: number;
}

interface Pair {
  readonly older: SchemaObject;
  readonly newer: SchemaObject;
  readonly pointer: string;
  readonly level: number;
}

/** In the order of pointers. @throws EventError when the schemas are too large to compare */
export function diffSchemas(older: unknown, newer: unknown): readonly SchemaChange[] {
  const changes: SchemaChange[] = [];
  const report: Walk['report'] = (pointer, severity, detail) => changes.push({ pointer, severity, detail });
  compare({ older, newer, seen: new Map(), report, pairs: 0 }, older, newer, { pointer: '', level: 0 });
  return changes.sort((a, b) => order(a.pointer, b.pointer) || order(a.detail, b.detail));
}

export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compare(walk: Walk, older: unknown, newer: unknown, at: Pick<Pair, 'pointer' | 'level'>): void {
  // A reference may lead back: the same two subschemas differ in the same way wherever they are used.
  if (isSchemaObject(older) || isSchemaObject(newer)) {
    const partners = walk.seen.get(older) ?? new Set();
    if (partners.has(newer)) return;
    walk.seen.set(older, partners.add(newer));
  }
  if (++walk.pairs > MAX_PAIRS || at.level > MAX_LEVELS)
    throw new EventError({
      code: 'CATALOG_INVALID',
      message: `${at.pointer.slice(0, SHOWN_CHARACTERS) || 'the schema'}: too large or too deep to compare: split the type`,
    });
  const pair = { ...at, older: resolved(older, walk.older), newer: resolved(newer, walk.newer) };
  const [wasOpen, isOpen] = [acceptsAnything(pair.older), acceptsAnything(pair.newer)];
  if (wasOpen !== isOpen) {
    const change = wasOpen
      ? `any value was valid, now only some are: ${NARROWED}`
      : `now any value is valid: ${WIDENED}`;
    walk.report(at.pointer, 'breaking', change);
    return;
  }
  compareFields(walk, pair);
  compareValues(walk, pair);
  // In order, so that what a reference leads to twice is always reported at the same place.
  for (const keyword of [...new Set([...Object.keys(pair.older), ...Object.keys(pair.newer)])].sort(order)) {
    if (!SHELVES.has(keyword) && !OF_OBJECTS.has(keyword) && !OF_VALUES.has(keyword))
      compareKeyword(walk, pair, keyword);
  }
}

function compareKeyword(walk: Walk, { older, newer, pointer, level }: Pair, keyword: string): void {
  const [before, after] = [own(older, keyword), own(newer, keyword)];
  const here = { pointer: `${pointer}/${escape(keyword)}`, level: level + 1 };
  switch (keyword) {
    case 'items':
    case 'propertyNames': {
      compare(walk, before, after, here);
      return;
    }
    case 'prefixItems': {
      comparePrefixItems(walk, list(older, keyword), list(newer, keyword), here);
      return;
    }
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
      if (Array.isArray(before) && Array.isArray(after)) {
        compareBranches(walk, before, after, { ...here, keyword });
        return;
      }
  }
  if (stable(before) === stable(after)) return;
  const change = `${keyword} ${became(before, after)}`;
  if (isAnnotation(keyword)) walk.report(here.pointer, 'patch', change);
  else walk.report(here.pointer, 'breaking', `${change}: ${consequence(keyword, before, after)}`);
}

function consequence(keyword: string, before: unknown, after: unknown): string {
  if (keyword === 'sensitive')
    return 'what is recorded stays as it was recorded, in clear or beside the ledger, and readers would look in the wrong place';
  if (keyword === 'default') return 'an event without the field would now be read in another way';
  if (keyword === 'type') return typeConsequence(before, after);
  if (after === undefined) return WIDENED;
  if (before === undefined) return NARROWED;
  if (typeof before === 'number' && typeof after === 'number') {
    if (LOWER_BOUNDS.has(keyword)) return after < before ? WIDENED : NARROWED;
    if (UPPER_BOUNDS.has(keyword)) return after > before ? WIDENED : NARROWED;
  }
  return 'other values are valid now than those recorded under this version';
}

function typeConsequence(before: unknown, after: unknown): string {
  const [were, are] = [new Set([before].flat()), new Set([after].flat())];
  if (after === undefined || (before !== undefined && are.isSupersetOf(were))) return WIDENED;
  if (before === undefined || were.isSupersetOf(are)) return NARROWED;
  return 'readers and recorded events have the other type';
}

/** `const` is an `enum` of one. */
function compareValues(walk: Walk, { older, newer, pointer }: Pair): void {
  const [before, after] = [valuesOf(older), valuesOf(newer)];
  const at = `${pointer}/${Object.hasOwn(newer, 'const') || (after === undefined && Object.hasOwn(older, 'const')) ? 'const' : 'enum'}`;
  if (before === undefined && after === undefined) return;
  if (before === undefined) {
    walk.report(at, 'breaking', `only listed values are valid now: ${NARROWED}`);
    return;
  }
  if (after === undefined) {
    walk.report(at, 'breaking', `values are not limited to a list any more: ${WIDENED}`);
    return;
  }
  const added = [...after.difference(before)].sort();
  const removed = [...before.difference(after)].sort();
  if (added.length > 0) walk.report(at, 'breaking', `new value ${shortened(added.join(', '))}: ${WIDENED}`);
  if (removed.length > 0) walk.report(at, 'breaking', `value ${shortened(removed.join(', '))} is gone: ${NARROWED}`);
}

function valuesOf(schema: SchemaObject): Set<string> | undefined {
  if (Object.hasOwn(schema, 'const')) return new Set([stable(schema['const'])]);
  return Object.hasOwn(schema, 'enum') ? new Set(list(schema, 'enum').map(stable)) : undefined;
}

function compareFields(walk: Walk, pair: Pair): void {
  const { older, newer, pointer, level } = pair;
  const [before, after] = [members(older, 'properties'), members(newer, 'properties')];
  const [neededBefore, neededAfter] = [new Set(list(older, 'required')), new Set(list(newer, 'required'))];
  for (const [name, schema] of Object.entries(before).sort(([a], [b]) => order(a, b))) {
    const at = `${pointer}/properties/${escape(name)}`;
    if (Object.hasOwn(after, name)) compare(walk, schema, after[name], { pointer: at, level: level + 1 });
    else
      walk.report(
        at,
        'breaking',
        `the field is gone: events recorded under this version have it, and readers expect it`,
      );
  }
  for (const [name, schema] of Object.entries(after)) {
    // One that is required from now on is reported as that.
    if (!Object.hasOwn(before, name) && (!neededAfter.has(name) || neededBefore.has(name)))
      reportNewField(walk, pair, name, schema);
  }
  const declared = { ...before, ...after };
  const placeOf = (name: unknown): string =>
    typeof name === 'string' && Object.hasOwn(declared, name)
      ? `${pointer}/properties/${escape(name)}`
      : `${pointer}/required`;
  for (const name of neededAfter.difference(neededBefore))
    walk.report(
      placeOf(name),
      'breaking',
      `${shown(name)} is required now: events recorded under this version may lack it`,
    );
  for (const name of neededBefore.difference(neededAfter))
    // A field that is gone was reported as that.
    if (Object.hasOwn(after, String(name)) || !Object.hasOwn(before, String(name)))
      walk.report(placeOf(name), 'breaking', `${shown(name)} is optional now: readers of this version rely on it`);
  compareOtherFields(walk, pair);
}

function reportNewField(walk: Walk, { older, pointer }: Pair, name: string, schema: unknown): void {
  const at = `${pointer}/properties/${escape(name)}`;
  const others = own(older, 'additionalProperties') ?? {};
  const isNew = others === false && !Object.hasOwn(older, 'patternProperties');
  const isAsBefore = stable(others) === stable(schema) || (isSchemaObject(schema) && acceptsAnything(schema));
  if (isNew || isAsBefore) walk.report(at, 'minor', 'new field: readers that do not know it ignore it');
  else
    walk.report(
      at,
      'breaking',
      'new field of an object that took unknown fields: events recorded under this version may hold something else there',
    );
}

/** Fields without a declaration. */
function compareOtherFields(walk: Walk, { older, newer, pointer, level }: Pair): void {
  const patterns = [stable(own(older, 'patternProperties')), stable(own(newer, 'patternProperties'))];
  if (patterns[0] !== patterns[1])
    walk.report(
      `${pointer}/patternProperties`,
      'breaking',
      'patternProperties changed: other fields are valid now than those recorded',
    );
  const [before, after] = [own(older, 'additionalProperties'), own(newer, 'additionalProperties')];
  const at = `${pointer}/additionalProperties`;
  if (before === after) return;
  if (before === false) walk.report(at, 'minor', 'unknown fields are taken now: readers ignore them');
  else if (after === false) walk.report(at, 'breaking', `unknown fields are refused now: ${NARROWED}`);
  else compare(walk, before, after, { pointer: at, level: level + 1 });
}

function comparePrefixItems(
  walk: Walk,
  before: readonly unknown[],
  after: readonly unknown[],
  { pointer, level }: Pick<Pair, 'pointer' | 'level'>,
): void {
  for (const [index, schema] of before.slice(0, after.length).entries())
    compare(walk, schema, after[index], { pointer: `${pointer}/${index}`, level });
  if (before.length !== after.length)
    walk.report(
      pointer,
      'breaking',
      `${before.length} places became ${after.length}: readers and recorded events have the other number`,
    );
}

function compareBranches(
  walk: Walk,
  before: readonly unknown[],
  after: readonly unknown[],
  { pointer, level, keyword }: Pick<Pair, 'pointer' | 'level'> & { readonly keyword: string },
): void {
  const { pairs, removed, added } = pairBranches(before, after);
  for (const [older, newer] of pairs)
    compare(walk, before[older], after[newer], { pointer: `${pointer}/${newer}`, level });
  const isAll = keyword === 'allOf';
  for (const at of added)
    walk.report(`${pointer}/${at}`, 'breaking', `new branch of ${keyword}: ${isAll ? NARROWED : WIDENED}`);
  for (const at of removed)
    walk.report(
      pointer,
      'breaking',
      `the branch ${shown(before[at])} of ${keyword} is gone: ${isAll ? WIDENED : NARROWED}`,
    );
}

function acceptsAnything(schema: SchemaObject): boolean {
  return Object.keys(schema).every((keyword) => isAnnotation(keyword) || SHELVES.has(keyword) || keyword === '$schema');
}

function became(before: unknown, after: unknown): string {
  if (before === undefined) return `is ${shown(after)} now, it was not set`;
  if (after === undefined) return `was ${shown(before)}, it is not set any more`;
  return `went from ${shown(before)} to ${shown(after)}`;
}

function shown(value: unknown): string {
  return shortened(stable(value));
}

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
