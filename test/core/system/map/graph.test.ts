import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circles, shortestCircle, type Graph } from '../../../../core/system/map/graph.ts';

const graphOf = (edges: Record<string, string>): Graph =>
  new Map(Object.entries(edges).map(([node, targets]) => [node, Array.from(targets)]));

/** Plainly: which nodes are reached from each. */
function reached(graph: Graph): Map<string, Set<string>> {
  const found = new Map([...graph].map(([node, targets]) => [node, new Set(targets)]));
  for (let grown = true; grown;) {
    grown = false;
    for (const targets of found.values()) {
      const before = targets.size;
      for (const target of [...targets]) for (const next of found.get(target) ?? []) targets.add(next);
      grown ||= targets.size > before;
    }
  }
  return found;
}

describe('circles', () => {
  it('are found in the order of the nodes, each once', () => {
    const graph = graphOf({ a: 'b', b: 'cd', c: 'a', d: 'e', e: 'f', f: 'e', g: 'a', h: '' });
    expect(circles(graph)).toEqual([
      ['a', 'b', 'c'],
      ['e', 'f'],
    ]);
    expect(shortestCircle(graph, 'a')).toEqual(['a', 'b', 'c']);
    expect(shortestCircle(graph, 'g')).toEqual([]);
  });

  it('may be longer than the stack', () => {
    const length = 200_000;
    const ring: Graph = new Map(Array.from({ length }, (_, i) => [`n${i}`, [`n${(i + 1) % length}`]]));
    expect(circles(ring)[0]).toHaveLength(length);
    expect(shortestCircle(ring, 'n0')).toHaveLength(length);
  });

  it('are the sets of nodes that reach each other', () => {
    const names = Array.from('abcdefgh');
    const edges = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), { maxLength: 24 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const loopless = pairs.filter(([from, to]) => from !== to);
        const graph: Graph = new Map(
          names.map((name) => [name, loopless.filter(([from]) => from === name).map(([, to]) => to)]),
        );
        const to = reached(graph);
        const together = (a: string, b: string): boolean => to.get(a)?.has(b) === true && to.get(b)?.has(a) === true;
        const expected = names
          .map((name) => names.filter((other) => (other === name ? together(name, name) : together(name, other))))
          .filter((group, i) => group.length > 1 && group[0] === names[i]);
        expect(circles(graph)).toEqual(expected);
        for (const [first = ''] of expected) {
          const circle = shortestCircle(graph, first);
          circle.forEach((node, i) => expect(graph.get(node)).toContain(circle[(i + 1) % circle.length]));
        }
      }),
      { numRuns: 500 },
    );
  });
});
