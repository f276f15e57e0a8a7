/**
 * The compiled form of a pattern: one tree of fields for each combination of `$or` branches, because event-ruler compiles
 * each combination to a rule of its own and the order of `exists: false` inside arrays is defined per rule.
 * Does not know how patterns are written or events are read.
 */
import type { FieldTest } from './field-test.ts';

/** One field to test; `path` is the chain of keys from the root of the event. */
export interface Field {
  readonly path: readonly string[];
  readonly test: FieldTest;
}

export interface FieldNode {
  /** what a leaf at this place must satisfy; together with `children` only when `$or` branches ask for both */
  test: FieldTest | undefined;
  /** in the order of the dotted names of their first fields: event-ruler's order of evaluation */
  readonly children: Map<string, FieldNode>;
  /** fields in this subtree, own test included */
  fieldCount: number;
  /** every field of the subtree accepts absence */
  acceptsAbsence: boolean;
}

/** Dotted name as event-ruler has it: two paths with the same name are one field there. */
export function nameOf(path: readonly string[]): string {
  return path.join('.');
}

export function treeOf(fields: Iterable<Field>): FieldNode {
  const root = emptyNode();
  const named = Array.from(fields, (field) => ({ field, name: nameOf(field.path) }));
  for (const { field } of named.sort((a, b) => (a.name < b.name ? -1 : 1))) insert(root, field);
  return root;
}

function insert(root: FieldNode, { path, test }: Field): void {
  let node = root;
  count(node, test);
  for (const key of path) {
    let child = node.children.get(key);
    if (child === undefined) {
      child = emptyNode();
      node.children.set(key, child);
    }
    node = child;
    count(node, test);
  }
  node.test = test;
}

function count(node: FieldNode, test: FieldTest): void {
  node.fieldCount += 1;
  node.acceptsAbsence &&= test.acceptsAbsence;
}

function emptyNode(): FieldNode {
  return { test: undefined, children: new Map(), fieldCount: 0, acceptsAbsence: true };
}
