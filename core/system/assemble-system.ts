/**
 * Builds the use cases from ports and configuration. Both engines call it; nothing here knows which one it runs in.
 */
import { createCatalog, createQuarantine, createReveal, createSubscriptions } from '../events/index.ts';
import type { EntryVerifier } from '../ledger/index.ts';
import {
  ed25519Key,
  revokeKey,
  type GatedAppender,
  type PointSources,
  type VerificationReport,
} from '../ledger/index.ts';
import { actorOf, createPolicy, PolicyError, type Policy, type Principal } from '../policy/index.ts';
import type { Command, CommandResult } from './commands.ts';
import type { NervousConfig } from './config.ts';
import { OPERATORS_WORD } from './entities.ts';
import { createFeed } from './feed.ts';
import { Metrics } from './metrics.ts';
import { createPublicLog } from './public-log.ts';
import type { Entities, NervousSystem, VerifyRequest } from './nervous-system.ts';
import { createEntryVerifier } from './entry-verifier.ts';
import { monitor, validate } from './health.ts';
import { leftOut, makeWriters } from './make-writers.ts';
import { createTrace } from './trace.ts';
import type { UseCases } from './use-cases.ts';
import type { Ports } from './ports.ts';

export interface BuiltSystem {
  readonly system: NervousSystem;
  /** the one that everything is recorded with: for what an engine itself has to record */
  readonly appender: GatedAppender;
  /** Resolves when everything accepted so far is durable: for shutdown. */
  readonly drain: () => Promise<void>;
}

/** @param make what this process uses of the system; what is left out is there all the same, and says so when it is used */
export function assembleSystem(ports: Ports, config: NervousConfig, make: Partial<UseCases>): BuiltSystem {
  const { entries, items, bus, clock, ids } = ports;
  const { ledger, origin } = config;
  const policy = createPolicy(config.roster, config.modules);
  const catalog = createCatalog(config.topics);
  const metrics = new Metrics(clock);
  const subscriptions = createSubscriptions({ ledger, items, entries, bus, policy, catalog, clock, ids });
  const quarantine = createQuarantine({ ledger, items, clock });
  const { appender, vault, changes, publish, ingest } = makeWriters(ports, config, {
    make,
    policy,
    catalog,
    quarantine,
  });
  const verifier = (signatures = true): EntryVerifier =>
    createEntryVerifier({ ledger, root: ports.rootSigner, entries, signatures });
  const verify = createVerify(ports, config, { make, verifier });

  const system: NervousSystem = {
    config,
    policy,
    catalog,
    publish: (...args) => metrics.measure(() => publish(...args)),
    reveal: createReveal({ appender, entries, policy, ids, vault }),
    ingest: (raw) => metrics.measure(() => ingest(raw)),
    quarantined: async (principal, options) => {
      requireAuditor(policy, principal, 'what is in quarantine is seen by auditors');
      return quarantine.list(options);
    },
    changes,
    entities:
      make.createEntities?.({
        ledger,
        origin,
        entries,
        items,
        policy,
        verifier,
        points: pointsOf(ports, origin),
        clock,
      }) ?? leftOut<Entities>('createEntities')(),
    subscriptions,
    log: createPublicLog({ entries, files: ports.logFiles, policy }),
    feed: createFeed({ entries, policy, clock, incarnations: ports.incarnations ?? [] }),
    initialize: () => subscriptions.attachAll(),
    execute: (command) => metrics.measure(() => run({ publish, changes, subscriptions }, command)),
    validate: () => validate(ports, config),
    monitor: () => monitor(ports, config, metrics),
    trace: createTrace(ports, config, policy),
    revokeKey: async (principal, key, reason) => {
      requireAuditor(policy, principal, 'session keys are revoked by auditors');
      return revokeKey({ appender, entries }, { key, reason, actor: actorOf(principal) });
    },
    verifyAll: async (principal, request = {}) => {
      requireAuditor(policy, principal, 'the whole ledger is verified by auditors');
      const report = await verify(request);
      return { ...report, notChecked: [...report.notChecked, OPERATORS_WORD] };
    },
  };
  return { system, appender, drain: () => appender.drain() };
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

type Commandable = Pick<NervousSystem, 'publish' | 'changes' | 'subscriptions'>;

async function run<C extends Command>(
  { publish, changes, subscriptions }: Commandable,
  command: C,
): Promise<CommandResult<C>> {
  const result = await ((): Promise<unknown> => {
    switch (command.kind) {
      case 'publish':
        return publish(...command.args);
      case 'propose':
        return changes.propose(...command.args);
      case 'revise':
        return changes.revise(...command.args);
      case 'decide':
        return changes.decide(...command.args);
      case 'withdraw':
        return changes.withdraw(...command.args);
      case 'abort':
        return changes.abort(...command.args);
      case 'subscribe':
        return subscriptions.create(...command.args);
    }
  })();
  return result as CommandResult<C>;
}

function requireAuditor(policy: Policy, principal: Principal, rule: string): void {
  if (!policy.isAuditor(principal))
    throw new PolicyError({ code: 'FORBIDDEN', message: `"${principal.id}" is not an auditor: ${rule}` });
}
