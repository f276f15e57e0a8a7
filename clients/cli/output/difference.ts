/**
 * What differs between two documents, place by place. Lists whose members have a name of their own are compared by it, not by
 * their order, so that one more person is one line. Every difference gives at least one; how it reads is words.ts's business.
 */
import { canonicalize, type JsonObject, type JsonValue } from '../../../core/canonical/index.ts';
import { isObject } from '../../../core/values/index.ts';
import { must } from '../../../core/errors/index.ts';

/** A key of an object, or a member of a list: by its own name, or by its place. */
export type Step =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'place'; readonly at: number };

export type Difference = { readonly path: readonly Step[] } & (
  | { readonly op: 'add'; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly value: JsonValue }
  | { readonly op: 'replace'; readonly before: JsonValue; readonly value: JsonValue }
  /** the same members in another order */
  | { readonly op: 'reorder'; readonly before: JsonValue; readonly value: JsonValue }
  /** a plain value (a text, a number) that came into a list, or went */
  | { readonly op: 'gain' | 'lose'; readonly value: JsonValue }
);

/** What members of lists are told apart by, the most telling first. */
const IDENTITIES = ['personId', 'id', 'name', 'key'] as const;

export function differences(before: JsonValue, after: JsonValue, path: readonly Step[] = []): Difference[] {
  if (isSame(before, after)) return [];
  if (isList(before) && isList(after)) return listDifferences(before, after, path);
  if (isObject(before) && isObject(after)) return objectDifferences(before, after, path);
  // A document that comes or goes is told by its parts, so that nobody reads it as one blob.
  if (path.length === 0 && before === null && hasMembers(after)) return objectDifferences({}, after, path);
  if (path.length === 0 && after === null && hasMembers(before)) return objectDifferences(before, {}, path);
  return [{ op: 'replace', path, before, value: after }];
}

function objectDifferences(before: JsonObject, after: JsonObject, path: readonly Step[]): Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name): Difference[] => {
    const at: readonly Step[] = [...path, { kind: 'key', name }];
    const [old, now] = [member(before, name), member(after, name)];
    if (old === undefined) return now === undefined ? [] : [{ op: 'add', path: at, value: now }];
    return now === undefined ? [{ op: 'remove', path: at, value: old }] : differences(old, now, at);
  });
}

function listDifferences(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  path: readonly Step[],
): Difference[] {
  const identity = IDENTITIES.find((key) => namesBy(before, key) !== undefined && namesBy(after, key) !== undefined);
  if (identity !== undefined) return namedDifferences(before, after, { identity, path });
  if ([...before, ...after].every((one) => typeof one !== 'object' || one === null))
    return plainDifferences(before, after, path);
  const places = Array.from({ length: Math.max(before.length, after.length) }, (_, at) => at);
  return places.flatMap((at): Difference[] => {
    const place: readonly Step[] = [...path, { kind: 'place', at }];
    const [old, now] = [before[at], after[at]];
    if (old === undefined) return now === undefined ? [] : [{ op: 'add', path: place, value: now }];
    return now === undefined ? [{ op: 'remove', path: place, value: old }] : differences(old, now, place);
  });
}

function namedDifferences(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  { identity, path }: { readonly identity: string; readonly path: readonly Step[] },
): Difference[] {
  const [olds, nows] = [membersBy(before, identity), membersBy(after, identity)];
  const at = (name: string): readonly Step[] => [...path, { kind: 'member', name }];
  const gone = [...olds].flatMap(([name, value]): Difference[] =>
    nows.has(name) ? [] : [{ op: 'remove', path: at(name), value }],
  );
  const others = [...nows].flatMap(([name, value]): Difference[] => {
    const old = olds.get(name);
    return old === undefined ? [{ op: 'add', path: at(name), value }] : differences(old, value, at(name));
  });
  const [stayed, stay] = [
    [...olds.keys()].filter((name) => nows.has(name)),
    [...nows.keys()].filter((name) => olds.has(name)),
  ];
  const moved: Difference[] = isSame(stayed, stay) ? [] : [{ op: 'reorder', path, before: stayed, value: stay }];
  return [...gone, ...others, ...moved];
}

/** Texts and numbers: what came and what went, however often each stands there. */
function plainDifferences(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  path: readonly Step[],
): Difference[] {
  const rest = before.map((value) => canonicalize(value));
  const gained = after.filter((value) => {
    const at = rest.indexOf(canonicalize(value));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  const lost = rest.map((text) => JSON.parse(text) as JsonValue);
  if (gained.length + lost.length === 0) return [{ op: 'reorder', path, before, value: after }];
  return [
    ...lost.map((value): Difference => ({ op: 'lose', path, value })),
    ...gained.map((value): Difference => ({ op: 'gain', path, value })),
  ];
}

/** undefined: some member has no such name, or two share one */
function namesBy(list: readonly JsonValue[], key: string): readonly string[] | undefined {
  const names = list.flatMap((one) => {
    const name = isObject(one) ? member(one, key) : undefined;
    return typeof name === 'string' || typeof name === 'number' ? [String(name)] : [];
  });
  return names.length === list.length && new Set(names).size === list.length ? names : undefined;
}

function membersBy(list: readonly JsonValue[], key: string): ReadonlyMap<string, JsonValue> {
  const names = namesBy(list, key) ?? [];
  return new Map(list.map((one, i) => [must(names[i], 'the name of an element'), one]));
}

function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isSame(one: JsonValue, other: JsonValue): boolean {
  return canonicalize(one) === canonicalize(other);
}

function hasMembers(value: JsonValue): value is JsonObject {
  return isObject(value) && Object.keys(value).length > 0;
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
