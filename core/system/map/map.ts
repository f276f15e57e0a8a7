/**
 * The map of a ledger: who publishes and who subscribes to what, by right, by live subscription and by recorded traffic; which
 * events can come back to where they came from; what nobody publishes or wants. The same input gives the same report, byte for
 * byte, under the same hash.
 */
import { canonicalize, taggedHash } from '../../canonical/index.ts';
import type { Subscription, Topics } from '../../events/index.ts';
import { matchesGlob, type Policy, type Principal } from '../../policy/index.ts';
import { countOf } from '../../values/index.ts';
import { compare, loopsOf, unique, type Edge, type MapLoop } from './map-loops.ts';

const TAG = 'nervous-system.map.v1';

export interface MapInput {
  readonly ledger: string;
  readonly origin: string;
  readonly topics: Topics;
  /** what of outside becomes an event of ours */
  readonly ingress: readonly { readonly name: string; readonly topic: string }[];
  readonly principals: readonly Principal[];
  readonly policy: Pick<Policy, 'may' | 'principal'>;
  readonly subscriptions: readonly Subscription[];
  readonly traffic: Traffic;
}

/** Events of a segment of the log, counted. */
export interface Traffic {
  /** log positions: from ≤ position < to */
  readonly from: number;
  readonly to: number;
  readonly events: readonly { readonly source: string; readonly topic: string; readonly count: number }[];
}

/** `outside`: a source that is not declared, or not any more */
export type MapKind = Principal['kind'] | 'ingress' | 'outside';

export interface MapReport {
  readonly ledger: string;
  readonly origin: string;
  readonly observed: { readonly from: number; readonly to: number };
  readonly parties: readonly { readonly id: string; readonly kind: MapKind }[];
  readonly topics: readonly { readonly topic: string; readonly versions: readonly number[] }[];
  /** `declared`: the configuration allows it; `events`: how many of the observed ones it published */
  readonly publishes: readonly (Edge & { readonly declared: boolean; readonly events: number })[];
  /** `subscriptions`: the active ones that take the topic, though a filter may narrow them */
  readonly subscribes: readonly (Edge & { readonly declared: boolean; readonly subscriptions: readonly string[] })[];
  readonly loops: readonly MapLoop[];
  readonly orphans: { readonly unpublished: readonly string[]; readonly unsubscribed: readonly string[] };
  readonly unused: readonly { readonly subscription: string; readonly party: string; readonly reason: string }[];
  /** hex SHA-256 over the canonical JSON of all the rest */
  readonly hash: string;
}

export function createMap(input: MapInput): MapReport {
  const { ledger, origin, traffic, subscriptions } = input;
  const topics = topicsOf(input);
  const publishes = publishesOf(input, topics);
  const subscribes = subscribesOf(input, topics);
  const report = {
    ledger,
    origin,
    observed: { from: traffic.from, to: traffic.to },
    parties: partiesOf(input, [...publishes, ...subscribes, ...subscriptions.map(({ module }) => ({ party: module }))]),
    topics: topics.map((topic) => ({ topic, versions: versionsOf(input.topics, topic) })),
    publishes,
    subscribes,
    loops: loopsOf(publishes, subscribes),
    orphans: {
      unpublished: topics.filter((topic) => !publishes.some((edge) => edge.topic === topic)),
      unsubscribed: topics.filter(
        (topic) => !subscribes.some((edge) => edge.topic === topic && edge.subscriptions.length > 0),
      ),
    },
    unused: unusedOf(input, publishes),
  };
  return { ...report, hash: taggedHash(TAG, canonicalize(report)) };
}

function topicsOf({ topics, ingress, traffic }: MapInput): readonly string[] {
  return unique([...Object.keys(topics), ...[...ingress, ...traffic.events].map(({ topic }) => topic)]);
}

function versionsOf(topics: Topics, topic: string): readonly number[] {
  return Object.hasOwn(topics, topic) ? Object.keys(topics[topic]?.versions ?? {}).map(Number) : [];
}

function publishesOf(
  { principals, policy, ingress, traffic }: MapInput,
  topics: readonly string[],
): MapReport['publishes'] {
  const declared = new Set(
    principals.flatMap((one) =>
      topics.filter((topic) => policy.may(one, 'publishes', topic)).map((topic) => edge(one.id, topic)),
    ),
  );
  for (const { name, topic } of ingress) declared.add(edge(ingressId(name), topic));
  const events = new Map(traffic.events.map(({ source, topic, count }) => [edge(source, topic), count]));
  return unique([...declared, ...events.keys()]).map((key) => {
    return { ...endsOf(key), declared: declared.has(key), events: countOf(events, key) };
  });
}

function subscribesOf(
  { principals, policy, subscriptions }: MapInput,
  topics: readonly string[],
): MapReport['subscribes'] {
  const declared = new Set(
    principals.flatMap((one) =>
      topics.filter((topic) => policy.may(one, 'subscribes', topic)).map((topic) => edge(one.id, topic)),
    ),
  );
  const active = subscriptions.filter(({ status }) => status === 'active');
  const live = Map.groupBy(
    active.flatMap((one) =>
      topics.filter((topic) => takes(one, topic)).map((topic) => [edge(one.module, topic), one.id]),
    ),
    ([key = '']) => key,
  );
  return unique([...declared, ...live.keys()]).map((key) => {
    const ids = unique((live.get(key) ?? []).map(([, id = '']) => id));
    return { ...endsOf(key), declared: declared.has(key), subscriptions: ids };
  });
}

function partiesOf(
  { principals, ingress }: MapInput,
  named: readonly { readonly party: string }[],
): MapReport['parties'] {
  const kinds = new Map<string, MapKind>([
    ...principals.map(({ id, kind }) => [id, kind] as const),
    ...ingress.map(({ name }) => [ingressId(name), 'ingress'] as const),
  ]);
  return unique(named.map(({ party }) => party)).map((id) => ({ id, kind: kinds.get(id) ?? 'outside' }));
}

function unusedOf({ subscriptions, policy }: MapInput, publishes: MapReport['publishes']): MapReport['unused'] {
  return subscriptions
    .flatMap((one) => {
      const reason = reasonUnused(one, policy, publishes);
      return reason === undefined ? [] : [{ subscription: one.id, party: one.module, reason }];
    })
    .sort((a, b) => compare(a.subscription, b.subscription));
}

function reasonUnused(
  subscription: Subscription,
  policy: MapInput['policy'],
  publishes: MapReport['publishes'],
): string | undefined {
  const principal = policy.principal(subscription.module);
  if (principal === undefined) return 'nobody of that name is declared any more';
  const forbidden = subscription.topics.find((topic) => !policy.may(principal, 'subscribes', topic));
  if (forbidden !== undefined) return `"${subscription.module}" has no right any more to subscribe to "${forbidden}"`;
  return publishes.some(({ topic }) => takes(subscription, topic)) ? undefined : 'nobody publishes what it takes';
}

function takes({ topics }: Subscription, topic: string): boolean {
  return topics.some((glob) => matchesGlob(glob, topic));
}

function ingressId(name: string): string {
  return `ingress/${name}`;
}

/** As text, to be told from others. */
function edge(party: string, topic: string): string {
  return JSON.stringify([party, topic]);
}

function endsOf(key: string): Edge {
  const [party, topic] = JSON.parse(key) as [string, string];
  return { party, topic };
}
