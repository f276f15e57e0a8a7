/**
 * Which places of a document change that no rule was made for: a table says what it understands, and everything else is
 * strict. A place is where a value without members stands; a known path leads to it exactly, `*` standing for any key or index.
 */
import type { JsonObject, JsonValue } from '../../canonical/index.ts';
import { isJsonObject, type Document } from '../model/document.ts';

/** How many places that no path leads to differ. Steps from document to document are counted one by one. */
export function unknownPlaces(
  stages: readonly (readonly [Document, Document])[],
  knownPaths: readonly string[],
): number {
  const known = knownPaths.map(tokensOf);
  let count = 0;
  for (const [before, after] of stages) {
    const [old, now] = [leavesOf(before), leavesOf(after)];
    for (const place of new Set([...old.keys(), ...now.keys()])) {
      if (old.get(place)?.text === now.get(place)?.text) continue;
      const path = (old.get(place) ?? now.get(place))?.path ?? [];
      // An empty document has nothing in it that could be known.
      if (path.length > 0 && !known.some((one) => leadsTo(one, path))) count += 1;
    }
  }
  return count;
}

interface Leaf {
  readonly path: readonly string[];
  readonly text: string;
}

function leavesOf(document: Document): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const visit = (value: JsonValue, path: readonly string[]): void => {
    const members = Array.isArray(value) || isJsonObject(value) ? Object.entries<JsonValue>(value as JsonObject) : [];
    if (members.length === 0) leaves.set(JSON.stringify(path), { path, text: JSON.stringify(value) });
    for (const [key, member] of members) visit(member, [...path, key]);
  };
  if (document !== null) visit(document, []);
  return leaves;
}

function leadsTo(known: readonly string[], path: readonly string[]): boolean {
  return known.length === path.length && known.every((token, i) => token === '*' || token === path[i]);
}

function tokensOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}
