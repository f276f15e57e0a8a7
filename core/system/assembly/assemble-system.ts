/**
 * Builds the use cases from ports and configuration. Both engines call it; nothing here knows which one it runs in.
 */
import { createGovernance, type Governance } from '../../changes/index.ts';
import {
  createCatalog,
  createQuarantine,
  ledgerTopics,
  type Catalog,
  type Guards,
  type Publish,
  type Quarantine,
  type Subscriptions,
} from '../../events/index.ts';
import type { EntryVerifier } from '../../ledger/index.ts';
import {
  ed25519Key,
  revokeKey,
  type GatedAppender,
  type PointSources,
  type VerificationReport,
} from '../../ledger/index.ts';
import { actorOf, PolicyError, type Policy, type Principal } from '../../policy/index.ts';
import type { NervousConfig } from '../config/config.ts';
import { endedWith, OPERATORS_WORD } from '../verify/entities.ts';
import { createEntryPoint } from '../operations/entry-point.ts';
import type { CreatedFeed } from '../feed/feed.ts';
import { Metrics, type OperationMetrics } from '../operations/metrics.ts';
import type { Entities, Feed, NervousSystem, PublicLogView, VerifyRequest } from '../contract/nervous-system.ts';
import { monitor, validate } from '../monitor/health.ts';
import type { MapReport } from '../map/map.ts';
import { leftOut, makeWriters } from './make-writers.ts';
import { createEntryVerifier } from '../verify/entry-verifier.ts';
import { createTamperTeller, type TamperTeller } from '../verify/tell-tampering.ts';
import type { UseCases } from './use-cases.ts';
import type { Ports } from '../contract/ports.ts';

export interface BuiltSystem {
  readonly system: NervousSystem;
  /** the one that everything is recorded with: for what an engine itself has to record */
  readonly appender: GatedAppender;
  /** Resolves when everything accepted so far is durable: for shutdown. */
  readonly drain: () => Promise<void>;
  /** Resolves when what was begun beside the requests so far is done. */
  readonly flush: () => Promise<void>;
}

interface Basis {
  readonly governance: Governance;
  readonly tampering: TamperTeller;
  readonly verifier: (signatures?: boolean) => EntryVerifier;
  readonly catalog: Catalog;
  readonly subscriptions: Subscriptions;
  readonly quarantine: Quarantine;
  readonly metrics: Metrics;
  readonly feed: CreatedFeed | undefined;
}

/** @param make what this process uses of the system; what is left out is there all the same, and says so when it is used */
export function assembleSystem(ports: Ports, config: NervousConfig, make: Partial<UseCases>): BuiltSystem {
  const { entries, clock, ids } = ports;
  const basis = layBasis(ports, config, make);
  const { governance, tampering, verifier, catalog, subscriptions, quarantine, metrics, feed } = basis;
  const { policy } = governance;
  const onCommit = (): void => {
    feed?.wake();
    ports.onCommit?.();
  };
  const { appender, vault, changes, governing, ingest, guards, ...writers } = makeWriters(
    { ...ports, onCommit },
    config,
    { make, governance, catalog, quarantine },
  );
  const publish = countedPublish(writers.publish, ports, metrics);
  const figures = async (): Promise<OperationMetrics> => (await ports.sharedFigures?.()) ?? metrics.read();
  // Who records nothing else does not record this either: the engine is told in any case.
  if (make.createAppender !== undefined) tampering.recordWith(appender);
  const verify = createVerify(ports, config, { make, verifier });

  const system: NervousSystem = {
    config,
    policy,
    catalog,
    publish,
    reveal: make.createReveal?.({ appender, entries, policy, ids, vault }) ?? leftOut('createReveal'),
    ingest,
    changes,
    governing,
    entities: makeEntities(ports, config, { make, policy, verifier }),
    subscriptions,
    guards: guards ?? leftOut<Guards>('createGuards')(),
    log:
      make.createPublicLog?.({ entries, files: ports.logFiles, policy }) ?? leftOut<PublicLogView>('createPublicLog')(),
    feed: feed?.feed ?? leftOut<Feed>('createFeed')(),
    refreshPolicy: (maxAgeMs) => governance.refresh(maxAgeMs),
    initialize: async () => {
      await governance.refresh();
      await subscriptions.attachAll();
    },
    execute: createEntryPoint({
      ...{ policy, metrics, clock, budgets: config.protection.budgets },
      policyVersion: () => governance.inForce().version,
      ...(ports.onPassage === undefined ? {} : { onPassage: ports.onPassage }),
    }),
    validate: () => validate(ports, { origin: config.origin, governance, figures }),
    monitor: async () => ({
      ...(await monitor(ports, config, { figures, guards })),
      ...(feed === undefined ? {} : { streams: feed.openStreams() }),
    }),
    map:
      make.createMapView?.({
        ...{ entries, policy, config, subscriptions: () => subscriptions.all() },
        pause: ports.pause,
      }) ?? leftOut<Promise<MapReport>>('createMapView'),
    trace: make.createTrace?.(ports, config, { policy, subscriptions }) ?? leftOut('createTrace'),
    ...auditing({ policy, entries, appender, quarantine, verify }),
  };
  const flush = (): Promise<void> => flushAll([guards, tampering]);
  return { system, appender, flush, drain: () => appender.drain() };
}

function countedPublish(publish: Publish, { onPublished }: Ports, metrics: Metrics): Publish {
  return async (...args) => {
    const results = await publish(...args);
    onPublished?.(results);
    return metrics.countPublished(results);
  };
}

function makeEntities(
  ports: Ports,
  { ledger, origin }: NervousConfig,
  shared: { readonly make: Partial<UseCases>; readonly policy: Policy; readonly verifier: () => EntryVerifier },
): Entities {
  const { entries, items, clock } = ports;
  const { make, ...deps } = shared;
  const made = make.createEntities?.({
    ...{ ledger, origin, entries, items, clock, ...deps },
    points: pointsOf(ports, origin),
    verifyChains: ports.verifyChains,
  });
  return made ?? leftOut<Entities>('createEntities')();
}

async function flushAll(parts: readonly (Pick<TamperTeller, 'flush'> | undefined)[]): Promise<void> {
  await Promise.all(parts.map(async (part) => part?.flush()));
}

/** What every process has, whatever else it does. */
function layBasis(ports: Ports, config: NervousConfig, make: Partial<UseCases>): Basis {
  const tampering = createTamperTeller(ports.onError);
  const { entries, items, bus, clock, ids } = ports;
  const { ledger, origin, roster, risk, modules } = config;
  const verifier = (signatures = true): EntryVerifier =>
    createEntryVerifier({ ledger, root: ports.rootSigner, entries, signatures });
  const governance = createGovernance({
    ...{ ledger, items, entries, clock, modules },
    configured: { roster, risk },
    proofs: { origin, verifier, onTamper: tampering.tell },
    ...(ports.onPolicyChange === undefined ? {} : { onChange: ports.onPolicyChange }),
  });
  const { policy } = governance;
  const catalog = createCatalog(ledgerTopics(config.topics));
  return {
    ...{ governance, tampering, verifier, catalog },
    subscriptions: (make.createSubscriptions ?? leftOut<Subscriptions>('createSubscriptions'))({
      ...{ ledger, items, entries, bus, policy, catalog, clock, ids },
      perPrincipal: config.protection.subscriptionsPerPrincipal,
    }),
    quarantine: createQuarantine({ ledger, items, clock }),
    metrics: new Metrics(clock),
    feed: make.createFeed?.({ ...ports, policy, streams: config.streams }),
  };
}

interface Audited {
  readonly policy: Policy;
  readonly entries: Ports['entries'];
  readonly appender: GatedAppender;
  readonly quarantine: Quarantine;
  readonly verify: (request: VerifyRequest) => Promise<VerificationReport>;
}

/** What auditors alone may do. */
function auditing({
  policy,
  entries,
  appender,
  quarantine,
  verify,
}: Audited): Pick<NervousSystem, 'quarantined' | 'revokeKey' | 'verifyAll'> {
  return {
    quarantined: async (principal, options) => {
      requireAuditor(policy, principal, 'what is in quarantine is seen by auditors');
      return quarantine.list(options);
    },
    revokeKey: async (principal, key, reason) => {
      requireAuditor(policy, principal, 'session keys are revoked by auditors');
      return revokeKey({ appender, entries }, { key, reason, actor: actorOf(principal) });
    },
    verifyAll: async (principal, request = {}) => {
      requireAuditor(policy, principal, 'the whole ledger is verified by auditors');
      const report = await endedWith(request.signal, verify(request));
      return { ...report, notChecked: [...report.notChecked, OPERATORS_WORD] };
    },
  };
}

function createVerify(
  ports: Ports,
  { ledger, origin }: NervousConfig,
  { make, verifier }: { readonly make: Partial<UseCases>; readonly verifier: (signatures?: boolean) => EntryVerifier },
): (request: VerifyRequest) => Promise<VerificationReport> {
  const { entries, items, clock } = ports;
  const verifyPart = make.verifyPart ?? leftOut<Promise<VerificationReport>>('verifyPart');
  return async ({ scope = { mode: 'full' }, ...request }) => {
    if (scope.mode === 'full') return ports.verifyLog({ ...request, signatures: request.signatures ?? true });
    if (ports.verifyScope !== undefined) return ports.verifyScope({ ...request, scope });
    const points = pointsOf(ports, origin);
    return verifyPart({ ledger, entries, items, points, verifier, now: clock.now() }, scope, request);
  };
}

function pointsOf({ rootSigner, logFiles, logPoints }: Ports, origin: string): PointSources {
  return {
    ...{ origin, rootKeys: [ed25519Key(origin, rootSigner.publicKey)] },
    ...(logFiles === undefined ? {} : { read: logFiles.read }),
    ...logPoints,
  };
}

function requireAuditor(policy: Policy, principal: Principal, rule: string): void {
  if (!policy.isAuditor(principal))
    throw new PolicyError({ code: 'FORBIDDEN', message: `"${principal.id}" is not an auditor: ${rule}` });
}
