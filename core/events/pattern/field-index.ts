/**
 * Rules filed under what one field must be: a tree of field paths, and at each path the rules by exact value, by address,
 * by beginning of a text, or by presence alone. Finds the rules an event could match, with some that it does not; never
 * misses one. Does not know patterns, nor which field a rule is best filed under.
 */
import { countOf, orNone } from '../../values/index.ts';
import { must } from '../../errors/index.ts';
import type { FieldTest, Leaf, ValueTest } from './field-test.ts';
import { addressOf } from './ip-range.ts';
import type { JsonObject } from './json-object.ts';
import { isObject } from '../../values/index.ts';
import { isLeaf, MAX_ARRAY_NESTING, own } from './match-pattern.ts';

/** UTF-16 units of a text's beginning that are filed: bounds the look-ups for one text of an event. */
const MAX_FILED_PREFIX = 64;

/** A leaf's property that a rule demands; `present` demands nothing but the leaf. */
export interface Key {
  readonly kind: 'exact' | 'address' | 'prefix' | 'present';
  readonly value: Leaf;
}

export interface Place {
  readonly path: readonly string[];
  readonly key: Key;
}

export const PRESENT: Key = { kind: 'present', value: null };

/** What a leaf that passes the test has, one of these at least. The test must not accept absence. */
export function keysOf(test: FieldTest): readonly Key[] {
  const keys = Array.from(test.exact, (value): Key => ({ kind: 'exact', value }));
  for (const other of test.others) {
    const key = keyOf(other);
    if (key === PRESENT) return [PRESENT];
    keys.push(key);
  }
  return keys;
}

function keyOf(test: ValueTest): Key {
  switch (test.kind) {
    case 'exactly':
      return { kind: 'exact', value: test.value };
    case 'numeric':
      return test.bounds.low === test.bounds.high ? { kind: 'exact', value: test.bounds.low } : PRESENT;
    case 'ip':
      return test.range.low === test.range.high ? { kind: 'address', value: test.range.low } : PRESENT;
    case 'prefix':
      return prefixKey(test.text);
    case 'wildcard':
      // without a star the text is the whole value, which begins with itself
      return prefixKey(must(test.parts[0], 'a part of the wildcard'));
    default:
      return PRESENT;
  }
}

function prefixKey(text: string): Key {
  return text === '' ? PRESENT : { kind: 'prefix', value: text.slice(0, MAX_FILED_PREFIX) };
}

interface Node<Rule> {
  readonly children: Map<string, Node<Rule>>;
  readonly filed: Readonly<Record<Key['kind'], Map<Leaf, Set<Rule>>>>;
  /** length → how many filed beginnings have it */
  readonly prefixLengths: Map<number, number>;
}

export class FieldIndex<Rule> {
  private readonly root = emptyNode<Rule>();

  /** Rules filed at this place. */
  countAt({ path, key }: Place): number {
    let node: Node<Rule> | undefined = this.root;
    for (const step of path) node = node?.children.get(step);
    return orNone(node?.filed[key.kind].get(key.value)?.size);
  }

  add({ path, key }: Place, rule: Rule): void {
    let node = this.root;
    for (const step of path) {
      const child = node.children.get(step) ?? emptyNode<Rule>();
      node.children.set(step, child);
      node = child;
    }
    const filed = node.filed[key.kind];
    const rules = filed.get(key.value);
    if (rules !== undefined) return void rules.add(rule);
    filed.set(key.value, new Set([rule]));
    if (key.kind === 'prefix') countLength(node, key.value, 1);
  }

  remove({ path, key }: Place, rule: Rule): void {
    const nodes = [this.root];
    for (const step of path) {
      const child = nodes.at(-1)?.children.get(step);
      if (child === undefined) return;
      nodes.push(child);
    }
    const node = nodes.at(-1) ?? this.root;
    const rules = node.filed[key.kind].get(key.value);
    if (rules?.delete(rule) !== true || rules.size > 0) return;
    node.filed[key.kind].delete(key.value);
    if (key.kind === 'prefix') countLength(node, key.value, -1);
    // What holds nothing any more goes, so that rules that come and go leave no memory behind.
    for (let depth = path.length; depth > 0 && isEmpty(nodes[depth]); depth--)
      nodes[depth - 1]?.children.delete(must(path[depth - 1], 'a step of the path'));
  }

  /** Adds every rule that a leaf of the event speaks for. Visits each value of the event at most once. */
  collect(event: unknown, found: Set<Rule>): void {
    visit(this.root, event, 0, found);
  }
}

function visit<Rule>(node: Node<Rule>, value: unknown, nesting: number, found: Set<Rule>): void {
  if (Array.isArray(value)) {
    if (nesting < MAX_ARRAY_NESTING) for (const element of value) visit(node, element, nesting + 1, found);
  } else if (isObject(value)) {
    visitFields(node, value, nesting, found);
  } else if (isLeaf(value)) {
    visitLeaf(node, value, found);
  }
}

/** Costs what the smaller side has: thousands of rules may name thousands of fields, and so may an event. */
function visitFields<Rule>(node: Node<Rule>, object: JsonObject, nesting: number, found: Set<Rule>): void {
  const keys = Object.keys(object);
  for (const key of keys.length < node.children.size ? keys : node.children.keys()) {
    const child = node.children.get(key);
    if (child !== undefined) visit(child, own(object, key), nesting, found);
  }
}

function visitLeaf<Rule>({ filed, prefixLengths }: Node<Rule>, leaf: Leaf, found: Set<Rule>): void {
  addAll(filed.present.get(null), found);
  addAll(filed.exact.get(leaf), found);
  if (typeof leaf !== 'string') return;
  for (const length of prefixLengths.keys())
    if (length <= leaf.length) addAll(filed.prefix.get(leaf.slice(0, length)), found);
  if (filed.address.size === 0) return;
  const address = addressOf(leaf);
  if (address !== undefined) addAll(filed.address.get(address), found);
}

function addAll<Rule>(rules: ReadonlySet<Rule> | undefined, found: Set<Rule>): void {
  if (rules !== undefined) for (const rule of rules) found.add(rule);
}

function countLength(node: Node<unknown>, text: Leaf, change: number): void {
  const { length } = String(text);
  const count = countOf(node.prefixLengths, length) + change;
  if (count > 0) node.prefixLengths.set(length, count);
  else node.prefixLengths.delete(length);
}

function isEmpty(node: Node<unknown> | undefined): boolean {
  return node !== undefined && node.children.size === 0 && Object.values(node.filed).every(({ size }) => size === 0);
}

function emptyNode<Rule>(): Node<Rule> {
  return {
    children: new Map(),
    filed: { exact: new Map(), address: new Map(), prefix: new Map(), present: new Map() },
    prefixLengths: new Map(),
  };
}
