/**
 * event-ruler's array-consistent algorithm in its plainest form, as an oracle: the event is flattened to leaves that know
 * their place in each array, the fields of each `$or` combination are taken in the order of their names, and every choice
 * of leaves is tried. Exponential; tests nothing but exact values, `exists` and `anything-but` of one value.
 */
type Json = Record<string, unknown>;
type Fields = ReadonlyMap<string, readonly unknown[]>;
type Membership = ReadonlyMap<unknown, number>;

interface FoundLeaf {
  readonly name: string;
  readonly value: unknown;
  readonly membership: Membership;
}

export function rulerAnswer(rule: Json, event: Json): boolean {
  const leaves = flatten(event, '', new Map());
  return combinations(rule, '').some((fields) => {
    const names = [...fields.keys()].sort();
    return search(names, fields, leaves, new Map());
  });
}

function search(names: readonly string[], fields: Fields, leaves: readonly FoundLeaf[], chosen: Membership): boolean {
  const [name, ...rest] = names;
  if (name === undefined) return true;
  const consistent = leaves.filter((leaf) => leaf.name === name && isConsistent(chosen, leaf.membership));
  return (fields.get(name) ?? []).some((test) => {
    if (isJson(test) && test.exists === false) return consistent.length === 0 && search(rest, fields, leaves, chosen);
    return consistent.some(
      (leaf) => passes(test, leaf.value) && search(rest, fields, leaves, new Map([...chosen, ...leaf.membership])),
    );
  });
}

function passes(test: unknown, value: unknown): boolean {
  if (!isJson(test)) return test === value;
  return test.exists === true || ('anything-but' in test && test['anything-but'] !== value);
}

function isConsistent(chosen: Membership, other: Membership): boolean {
  return [...other].every(([array, index]) => (chosen.get(array) ?? index) === index);
}

function flatten(value: unknown, name: string, membership: Membership): FoundLeaf[] {
  if (Array.isArray(value)) {
    return value.flatMap((element: unknown, index) => {
      const nested = typeof element === 'object' && element !== null;
      return flatten(element, name, nested ? new Map([...membership, [value, index]]) : membership);
    });
  }
  if (!isJson(value)) return [{ name, value, membership }];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, `${name}.${key}`, membership));
}

function combinations(rule: Json, name: string): Fields[] {
  let all: Fields[] = [new Map()];
  for (const [key, value] of Object.entries(rule)) {
    const found = foundAt(key, value, name);
    all = all.flatMap((one) => found.map((other) => new Map([...one, ...other])));
  }
  return all;
}

function foundAt(key: string, value: unknown, name: string): Fields[] {
  if (key === '$or') return (value as Json[]).flatMap((branch) => combinations(branch, name));
  if (isJson(value)) return combinations(value, `${name}.${key}`);
  return [new Map([[`${name}.${key}`, value as readonly unknown[]]])];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
