/** The map as a caller gets it: who may see it, and how far back the log is read for traffic. */
import { ledgerTopics, recordedEvent, type Subscription } from '../../events/index.ts';
import type { EntryStore } from '../../ledger/index.ts';
import { principalsOf, type Policy, type Principal } from '../../policy/index.ts';
import type { NervousConfig } from '../config/config.ts';
import { OWN_PUBLISHERS } from '../config/own-publishers.ts';
import { createMap, type MapReport, type Traffic } from './map.ts';

/** Newest entries looked at for traffic, at most. */
export const MAX_OBSERVED = 10_000;
const PAGE = 500;

export interface MapDependencies {
  readonly entries: Pick<EntryStore, 'size' | 'readLog'>;
  readonly policy: Policy;
  readonly config: Pick<NervousConfig, 'ledger' | 'origin' | 'topics' | 'ingress' | 'modules'>;
  readonly subscriptions: () => Promise<readonly Subscription[]>;
  /** Taken between pages of the log, so that other callers get their turn; absent: nobody else is served meanwhile. */
  readonly pause?: (() => Promise<void>) | undefined;
}

/** Needs the right to read everything: the map tells what all others do. @throws PolicyError FORBIDDEN */
export function createMapView(
  deps: MapDependencies,
): (principal: Principal, options: { readonly observe: number }) => Promise<MapReport> {
  return async (principal, { observe }) => {
    deps.policy.require(principal, 'reads', '*');
    const [subscriptions, traffic] = await Promise.all([
      deps.subscriptions(),
      observeTraffic(deps, Math.min(observe, MAX_OBSERVED)),
    ]);
    return declaredMap(deps, { subscriptions, traffic });
  };
}

/** What the configuration and the roster of this moment say, with what was seen. */
function declaredMap(
  { config, policy }: Pick<MapDependencies, 'policy' | 'config'>,
  seen: { readonly subscriptions: readonly Subscription[]; readonly traffic: Traffic },
): MapReport {
  const { ledger, origin, topics, ingress, modules } = config;
  return createMap({
    ...{ ledger, origin, ingress, policy },
    topics: ledgerTopics(topics),
    principals: [...principalsOf(policy.roster, modules).values(), ...OWN_PUBLISHERS],
    ...seen,
  });
}

async function observeTraffic({ entries, pause }: MapDependencies, newest: number): Promise<Traffic> {
  const to = await entries.size();
  const from = Math.max(0, to - newest);
  const counts = new Map<string, { source: string; topic: string; count: number }>();
  for (let at = from; at < to; at += PAGE) {
    for (const entry of await entries.readLog(at, Math.min(PAGE, to - at))) {
      const event = recordedEvent(entry)?.event;
      if (event === undefined) continue;
      const { source, topic } = event;
      const key = JSON.stringify([source, topic]);
      const known = counts.get(key) ?? { source, topic, count: 0 };
      counts.set(key, { ...known, count: known.count + 1 });
    }
    await pause?.();
  }
  return { from, to, events: [...counts.values()] };
}
