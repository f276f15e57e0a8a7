/** JSON Schema documents as plain values: equality, references, and which of two unions' branches belong together. */
import { EventError } from './errors.ts';

export type SchemaObject = Readonly<Record<string, unknown>>;

/** References that lead to references. */
const MAX_HOPS = 100;

/** Say nothing about which values are valid. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  ...['title', 'description', 'examples', '$comment', 'deprecated', 'readOnly', 'writeOnly'],
]);
/** Where subschemas are kept to be referred to; compared where they are used. */
export const SHELVES: ReadonlySet<string> = new Set(['$defs', 'definitions', '$id', '$anchor']);

export function isAnnotation(keyword: string): boolean {
  return ANNOTATIONS.has(keyword) || keyword.startsWith('x-');
}

export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function own(object: SchemaObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The object stored under the keyword, or an empty one. */
export function members(schema: SchemaObject, keyword: string): SchemaObject {
  const value = own(schema, keyword);
  return isSchemaObject(value) ? value : {};
}

export function list(schema: SchemaObject, keyword: string): readonly unknown[] {
  const value = own(schema, keyword);
  return Array.isArray(value) ? value : [];
}

/** One text for equal values, whatever the order of keys. */
export function stable(value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`;
  if (!isSchemaObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${stable(value[key])}`)
    .join(',')}}`;
}

/** The schema with its reference followed; keywords beside the reference go before. A boolean schema as an object. */
export function resolved(schema: unknown, root: unknown): SchemaObject {
  let here = schema;
  let beside: SchemaObject = {};
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    if (here === undefined || here === true) return beside;
    if (here === false) return { ...beside, not: {} };
    if (!isSchemaObject(here)) return { ...beside, not: here };
    const { $ref: reference, ...rest } = here;
    beside = { ...rest, ...beside };
    if (typeof reference !== 'string') return reference === undefined ? beside : { ...beside, $ref: reference };
    const target = reference.startsWith('#') ? lookUp(root, reference.slice(1)) : undefined;
    // What leads out of the document is compared as the text it is.
    if (target === undefined) return { ...beside, $ref: reference };
    here = target;
  }
  throw new EventError({
    code: 'CATALOG_INVALID',
    message: `a schema's $ref leads over more than ${MAX_HOPS} others, or in a circle: write the schema in its place`,
  });
}

function lookUp(root: unknown, pointer: string): unknown {
  if (pointer === '') return root;
  if (!pointer.startsWith('/')) return undefined;
  let here = root;
  for (const token of pointer.slice(1).split('/')) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(here)) here = (here as unknown[])[/^\d{1,6}$/.test(key) ? Number(key) : -1];
    else here = isSchemaObject(here) ? own(here, key) : undefined;
  }
  return here;
}

export interface Pairing {
  readonly pairs: readonly (readonly [older: number, newer: number])[];
  readonly removed: readonly number[];
  readonly added: readonly number[];
}

/** Branches that are equal belong together, then those of one kind, then the one that is left on both sides. */
export function pairBranches(older: readonly unknown[], newer: readonly unknown[]): Pairing {
  const pairs: (readonly [number, number])[] = [];
  let removed = [...older.keys()];
  let added = [...newer.keys()];
  for (const keyOf of [stable, kindOf, (): string => '']) {
    const isLast = keyOf !== stable && keyOf !== kindOf;
    if (isLast && (removed.length !== 1 || added.length !== 1)) break;
    const waiting = new Map<string, number[]>();
    for (const at of removed) {
      const key = keyOf(older[at]);
      waiting.set(key, [...(waiting.get(key) ?? []), at]);
    }
    added = added.filter((at) => {
      const partner = waiting.get(keyOf(newer[at]))?.shift();
      if (partner !== undefined) pairs.push([partner, at]);
      return partner === undefined;
    });
    const paired = new Set(pairs.map(([at]) => at));
    removed = removed.filter((at) => !paired.has(at));
  }
  return { pairs, removed, added };
}

/** What tells a branch of a union from the others: its type, and the properties of which it fixes the value. */
function kindOf(branch: unknown): string {
  if (!isSchemaObject(branch)) return stable(branch);
  const fixed = Object.entries(members(branch, 'properties')).flatMap(([name, property]) =>
    isSchemaObject(property) && Object.hasOwn(property, 'const') ? [[name, property['const']]] : [],
  );
  return stable([
    branch['type'],
    branch['$ref'],
    branch['const'],
    fixed.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  ]);
}
