/** Which events can come back to where they came from: circles of parties and topics, and how much speaks for them. */
import { must } from '../../errors/index.ts';
import { circles, shortestCircle, type Graph } from './graph.ts';

export interface Edge {
  readonly party: string;
  readonly topic: string;
}

export interface MapLoop {
  /** `running`: live subscriptions and recorded events; `wired`: live subscriptions and the right to publish; `possible`: rights */
  readonly level: 'running' | 'wired' | 'possible';
  readonly parties: readonly string[];
  readonly topics: readonly string[];
  /** a shortest way round: party, topic, party, … */
  readonly path: readonly string[];
}

/** From the strongest evidence to the weakest; a circle that was told is not told again. */
export function loopsOf(
  publishes: readonly (Edge & { readonly events: number })[],
  subscribes: readonly (Edge & { readonly subscriptions: readonly string[] })[],
): readonly MapLoop[] {
  const live = subscribes.filter(({ subscriptions }) => subscriptions.length > 0);
  const levels: readonly { readonly level: MapLoop['level']; readonly graph: Graph }[] = [
    {
      level: 'running',
      graph: graphOf(
        publishes.filter(({ events }) => events > 0),
        live,
      ),
    },
    { level: 'wired', graph: graphOf(publishes, live) },
    { level: 'possible', graph: graphOf(publishes, subscribes) },
  ];
  const told = new Set<string>();
  return levels.flatMap(({ level, graph }) =>
    circles(graph).flatMap((nodes): MapLoop[] => {
      const key = JSON.stringify(nodes);
      if (told.has(key)) return [];
      told.add(key);
      const [parties, topics] = (['p', 't'] as const).map((kind) => nodes.filter((node) => node.startsWith(kind)));
      const path = shortestCircle(graph, must(parties?.[0], 'a party of the loop'));
      return [{ level, ...{ parties: named(parties), topics: named(topics) }, path: named(path) }];
    }),
  );
}

/** Parties and topics may share a name: each node says which it is. Sorted, as everything that is told of it. */
function graphOf(publishes: readonly Edge[], subscribes: readonly Edge[]): Graph {
  const edges = [
    ...publishes.map(({ party, topic }) => [`p${party}`, `t${topic}`] as const),
    ...subscribes.map(({ party, topic }) => [`t${topic}`, `p${party}`] as const),
  ];
  const targets = Map.groupBy(edges, ([from]): string => from);
  return new Map(unique(edges.flat()).map((node) => [node, (targets.get(node) ?? []).map(([, to]) => to)]));
}

function named(nodes: readonly string[] = []): readonly string[] {
  return nodes.map((node) => node.slice(1));
}

export function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort(compare);
}

/** By code units: the same everywhere. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
