/** Directed graphs of names: which nodes lie on a circle together, and the shortest circle through one of them. */
import { countOf } from '../../values/index.ts';

export type Graph = ReadonlyMap<string, readonly string[]>;

/**
 * Tarjan's strongly connected components of more than one node. Without recursion: a chain may be longer than the stack.
 * Nodes and components in the order of the graph's keys.
 */
export function circles(graph: Graph): readonly (readonly string[])[] {
  const state: Search = { graph, order: new Map(), low: new Map(), open: [], isOpen: new Set(), found: [] };
  for (const node of graph.keys()) if (!state.order.has(node)) explore(state, node);
  const rank = new Map([...graph.keys()].map((node, i) => [node, i]));
  const inOrder = (a: string, b: string): number => countOf(rank, a) - countOf(rank, b);
  return state.found.map((component) => component.sort(inOrder)).sort(([a = ''], [b = '']) => inOrder(a, b));
}

/** The nodes of a shortest way from a node back to itself, the node first; empty when there is none. */
export function shortestCircle(graph: Graph, start: string): readonly string[] {
  const before = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return wayTo(node, before);
      if (before.has(next)) continue;
      before.set(next, node);
      queue.push(next);
    }
  }
  return [];
}

interface Search {
  readonly graph: Graph;
  /** when a node was first seen */
  readonly order: Map<string, number>;
  /** the earliest node still open that it leads to */
  readonly low: Map<string, number>;
  readonly open: string[];
  readonly isOpen: Set<string>;
  readonly found: string[][];
}

function explore(state: Search, root: string): void {
  const path = [enter(state, root)];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const { node, successors } = top;
    const next = successors.next();
    if (next.done === true) {
      path.pop();
      leave(state, node, path.at(-1)?.node);
    } else if (!state.order.has(next.value)) {
      path.push(enter(state, next.value));
    } else if (state.isOpen.has(next.value)) {
      lower(state, node, state.order.get(next.value));
    }
  }
}

function enter(state: Search, node: string): { readonly node: string; readonly successors: Iterator<string> } {
  state.low.set(node, state.order.size);
  state.order.set(node, state.order.size);
  state.open.push(node);
  state.isOpen.add(node);
  return { node, successors: (state.graph.get(node) ?? []).values() };
}

/** Everything reachable is seen: a node that leads to none before it closes its component. */
function leave(state: Search, node: string, parent: string | undefined): void {
  if (parent !== undefined) lower(state, parent, state.low.get(node));
  if (state.low.get(node) !== state.order.get(node)) return;
  const component = state.open.splice(state.open.lastIndexOf(node));
  for (const member of component) state.isOpen.delete(member);
  if (component.length > 1) state.found.push(component);
}

function lower({ low }: Search, node: string, to: number | undefined): void {
  low.set(node, Math.min(low.get(node) ?? Infinity, to ?? Infinity));
}

function wayTo(node: string, before: ReadonlyMap<string, string>): readonly string[] {
  const way: string[] = [];
  for (let at: string | undefined = node; at !== undefined; at = before.get(at)) way.push(at);
  return way.reverse();
}
