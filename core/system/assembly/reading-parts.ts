/**
 * The parts of a system that tell what is there. Each takes the ground, the ports it needs and the parts it rests on, and
 * gives what it adds.
 */
import {
  createQuarantine,
  createSubscriptionQueries,
  createSubscriptions,
  createWebhookStanding,
  type DeliveryReports,
  type Guards,
  type SubscriptionBus,
  type SubscriptionQueries,
  type Subscriptions,
  type WebhookStanding,
} from '../../events/index.ts';
import { defined } from '../../values/index.ts';
import type { Entities, NervousSystem, PublicLogView } from '../contract/nervous-system.ts';
import type { Ports } from '../contract/ports.ts';
import { createAccesses } from '../feed/list-accesses.ts';
import { createFeed, type CreatedFeed } from '../feed/feed.ts';
import { createLogIndex } from '../feed/log-index.ts';
import { createMapView } from '../map/map-view.ts';
import { monitor, validate } from '../monitor/health.ts';
import { createTrace } from '../monitor/trace.ts';
import type { OperationMetrics } from '../operations/metrics.ts';
import { createEntities } from '../verify/entities.ts';
import { createLedgerVerification, pointsOf, requireAuditor, type PointPorts } from '../verify/ledger-verification.ts';
import { createPublicLog } from '../verify/public-log.ts';
import type { Ground } from './ground.ts';

interface Subscribed {
  readonly subscriptions: SubscriptionQueries;
}

interface Reporting {
  readonly bus: DeliveryReports;
}

export function entitiesPart(from: Ground & PointPorts & Pick<Ports, 'verifyChains'>): { readonly entities: Entities } {
  const { config, entries, items, clock, policy, verifier, verifyChains } = from;
  const { ledger, origin } = config;
  const points = pointsOf(from, origin);
  return {
    entities: createEntities({ ledger, origin, entries, items, clock, policy, verifier, points, verifyChains }),
  };
}

export function feedPart(from: Ground & Pick<Ports, 'incarnations'>): Pick<CreatedFeed, 'feed' | 'openStreams'> {
  const { config, committed, entries, items, policy, clock, incarnations } = from;
  const { ledger } = config;
  const { wake, ...created } = createFeed({
    ...{ entries, policy, clock, streams: config.streams },
    index: createLogIndex({ ledger, entries, items, clock }),
    ...defined({ incarnations }),
  });
  committed.listen(wake);
  return created;
}

export function accessesPart(from: Ground & Pick<Ports, 'incarnations'>): Pick<NervousSystem, 'accesses'> {
  const { entries, policy, clock, incarnations } = from;
  return { accesses: createAccesses({ entries, policy, clock, ...defined({ incarnations }) }) };
}

export function publicLogPart({ entries, logFiles: files, policy }: Ground & Pick<Ports, 'logFiles'>): {
  readonly log: PublicLogView;
} {
  return { log: createPublicLog({ entries, files, policy }) };
}

export function quarantinePart({
  config: { ledger },
  items,
  clock,
  policy,
}: Ground): Pick<NervousSystem, 'quarantined'> {
  const quarantine = createQuarantine({ ledger, items, clock });
  return {
    quarantined: async (principal, options) => {
      requireAuditor(policy, principal, 'what is in quarantine is seen by auditors');
      return quarantine.list(options);
    },
  };
}

/** For whoever looks at subscriptions and delivers nothing. */
export function subscriptionQueriesPart({ config: { ledger }, items, policy }: Ground): Subscribed {
  return { subscriptions: createSubscriptionQueries({ ledger, items, policy }) };
}

/** For whoever sends webhooks, and does nothing else with subscriptions. */
export function webhookStandingPart({
  config: { ledger },
  items,
  policy,
  bus,
  clock,
}: Ground & { readonly bus: Pick<SubscriptionBus, 'attach' | 'pause'> }): {
  readonly subscriptions: SubscriptionQueries & WebhookStanding;
} {
  const deps = { ledger, items, policy, bus, clock };
  return { subscriptions: { ...createSubscriptionQueries(deps), ...createWebhookStanding(deps) } };
}

export function subscriptionsPart({ config, ...from }: Ground & { readonly bus: SubscriptionBus }): {
  readonly subscriptions: Subscriptions;
} {
  const { items, entries, bus, policy, catalog, clock, ids } = from;
  const { ledger, protection } = config;
  const perPrincipal = protection.subscriptionsPerPrincipal;
  return {
    subscriptions: createSubscriptions({ ledger, items, entries, bus, policy, catalog, clock, ids, perPrincipal }),
  };
}

export function tracePart(from: Ground & Subscribed & Reporting): Pick<NervousSystem, 'trace'> {
  return { trace: createTrace(from, from.config, from) };
}

export function mapPart(from: Ground & Subscribed & Pick<Ports, 'pause'>): Pick<NervousSystem, 'map'> {
  const { config, entries, policy, subscriptions, pause } = from;
  return { map: createMapView({ config, entries, policy, subscriptions: () => subscriptions.all(), pause }) };
}

/** What only some processes have to report on. */
interface Reportable {
  readonly guards?: Guards;
  readonly openStreams?: CreatedFeed['openStreams'];
}

export function reportsPart(
  from: Ground & Reporting & Reportable & Pick<Ports, 'sharedFigures' | 'connections' | 'checks'>,
): Pick<NervousSystem, 'validate' | 'monitor'> {
  const { config, governance, metrics, sharedFigures, guards, openStreams } = from;
  const figures = async (): Promise<OperationMetrics> => (await sharedFigures?.()) ?? metrics.read();
  return {
    validate: () => validate(from, { origin: config.origin, governance, figures }),
    monitor: async () => ({
      ...(await monitor(from, config, { figures, guards })),
      ...(openStreams === undefined ? {} : { streams: openStreams() }),
    }),
  };
}

export function verificationPart(
  from: Ground & PointPorts & Pick<Ports, 'verifyLog' | 'verifyScope'>,
): Pick<NervousSystem, 'verifyAll'> {
  return { verifyAll: createLedgerVerification(from, from.config) };
}
