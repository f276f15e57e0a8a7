/**
 * Decides whether an event matches a compiled pattern, with event-ruler's array consistency: fields found below an array
 * must come from the same element. Walks the pattern's tree beside the event, so the cost is that of the named fields,
 * and each of their values is visited once for each level of array around it. Never throws for a JSON value.
 */
import { acceptsValue, type Leaf } from './field-test.ts';
import type { FieldNode } from './field-tree.ts';
import { isObject } from '../../values/index.ts';
import { TREES, type Pattern } from './parse-pattern.ts';

/** Arrays directly or indirectly inside arrays of one event; what lies deeper counts as absent. */
export const MAX_ARRAY_NESTING = 100;

const NO_MATCH = -1;

/** `event` is a plain JSON value; anything but an object matches nothing. */
export function matchPattern(pattern: Pattern, event: unknown): boolean {
  return isObject(event) && pattern[TREES].some((tree) => firstFound(tree, event, 0) !== NO_MATCH);
}

/**
 * NO_MATCH, or how many leading fields (event-ruler's order) the match satisfies by absence: the next field is the first
 * one found, `fieldCount` means none. Only arrays need the number: `exists: false` looks at every
 * element of an array until the first field found in one of them ties the match to that element.
 */
function firstFound(node: FieldNode, value: unknown, nesting: number): number {
  if (Array.isArray(value)) return nesting < MAX_ARRAY_NESTING ? inArray(node, value, nesting + 1) : ifAbsent(node);
  if (isObject(value)) return inObject(node, value, nesting);
  if (!isLeaf(value) || node.test === undefined) return ifAbsent(node);
  return acceptsValue(node.test, value) && childrenAcceptAbsence(node) ? 0 : NO_MATCH;
}

function inObject(node: FieldNode, object: Readonly<Record<string, unknown>>, nesting: number): number {
  if (node.test !== undefined && !node.test.acceptsAbsence) return NO_MATCH;
  return inChildren(node, (key, child) => firstFound(child, own(object, key), nesting));
}

function inChildren(node: FieldNode, find: (key: string, child: FieldNode) => number): number {
  let before = node.test === undefined ? 0 : 1;
  let first: number | undefined;
  for (const [key, child] of node.children) {
    const found = find(key, child);
    if (found === NO_MATCH) return NO_MATCH;
    if (first === undefined && found < child.fieldCount) first = before + found;
    before += child.fieldCount;
  }
  return first ?? node.fieldCount;
}

function inArray(node: FieldNode, elements: readonly unknown[], nesting: number): number {
  const { test } = node;
  if (test !== undefined && elements.some((element) => isLeaf(element) && acceptsValue(test, element))) {
    // a leaf of the array itself ties the match to no element: the fields below are free to choose theirs
    if (node.children.size === 0 || inElements(withoutTest(node), elements, nesting) !== NO_MATCH) return 0;
  }
  return inElements(node, elements, nesting);
}

function inElements(node: FieldNode, elements: readonly unknown[], nesting: number): number {
  let absent: number | undefined;
  for (const element of elements) {
    if (isLeaf(element)) continue;
    const found = firstFound(node, element, nesting);
    if (found === 0) return 0;
    if (found === NO_MATCH || found === node.fieldCount) continue;
    // never more than `found`, as this element has that field: so elements that pass the test all give the same number
    absent ??= leadingAbsent(node, elements, nesting);
    if (found === absent) return found;
  }
  if (!node.acceptsAbsence) return NO_MATCH;
  absent ??= leadingAbsent(node, elements, nesting);
  return absent === node.fieldCount ? absent : NO_MATCH;
}

/** How many leading fields of the node have no leaf anywhere in the value. */
function leadingAbsent(node: FieldNode, value: unknown, nesting: number): number {
  if (Array.isArray(value)) {
    if (nesting > MAX_ARRAY_NESTING) return node.fieldCount;
    return value.reduce<number>(
      (least, element) => Math.min(least, leadingAbsent(node, element, nesting + 1)),
      node.fieldCount,
    );
  }
  if (!isObject(value)) return isLeaf(value) && node.test !== undefined ? 0 : node.fieldCount;
  return inChildren(node, (key, child) => leadingAbsent(child, own(value, key), nesting));
}

function ifAbsent(node: FieldNode): number {
  return node.acceptsAbsence ? node.fieldCount : NO_MATCH;
}

function childrenAcceptAbsence(node: FieldNode): boolean {
  for (const child of node.children.values()) if (!child.acceptsAbsence) return false;
  return true;
}

function withoutTest(node: FieldNode): FieldNode {
  return { ...node, test: undefined, fieldCount: node.fieldCount - 1, acceptsAbsence: childrenAcceptAbsence(node) };
}

export function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function isLeaf(value: unknown): value is Leaf {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
