/**
 * Builds the use cases from ports and configuration. Both engines call it; nothing here knows which one it runs in.
 */
import { approvalQueue, createChanges, ROOT_SIGNED, operationTypes } from '../changes/index.ts';
import {
  createCatalog,
  createIngress,
  createPublish,
  createQuarantine,
  createSubscriptions,
  recordedEvent,
  type EventBus,
} from '../events/index.ts';
import {
  createAppender,
  EntryVerifier,
  parseEntry,
  type Clock,
  type EntryStore,
  type Ids,
  type LogFiles,
  type ItemStore,
  type RootSigner,
  type Sealer,
  type VerificationReport,
} from '../ledger/index.ts';
import { createPolicy, PolicyError, type Policy, type Principal } from '../policy/index.ts';
import type { Command, CommandResult } from './commands.ts';
import type { NervousConfig } from './config.ts';
import { createEntities } from './entities.ts';
import { createFeed, findEvent } from './feed.ts';
import { Metrics } from './metrics.ts';
import { createPublicLog } from './public-log.ts';
import type { MonitorReport, NervousSystem, ValidationReport } from './nervous-system.ts';

export interface Ports {
  readonly entries: EntryStore;
  readonly items: ItemStore;
  readonly sealer: Sealer;
  readonly rootSigner: RootSigner;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly ids: Ids;
  /** where the log is published; absent when this process serves none */
  readonly logFiles?: Pick<LogFiles, 'read'>;
  /** Entries were committed: the log can be published further. Must not throw. */
  readonly onCommit?: () => void;
  /** A change-set took a step: the workflow engine may be able to go on. Must not throw. */
  readonly onChangeStep: (changeId: string) => void;
  /** Verifies the whole ledger as fast as the engine can. */
  readonly verifyLog: (options: { readonly signatures: boolean }) => Promise<VerificationReport>;
}

export interface BuiltSystem {
  readonly system: NervousSystem;
  /** Resolves when everything accepted so far is durable: for shutdown. */
  readonly drain: () => Promise<void>;
}

export function createNervousSystem(ports: Ports, config: NervousConfig): BuiltSystem {
  const { entries, items, bus, clock, ids } = ports;
  const { ledger, origin } = config;
  const policy = createPolicy(config.roster, config.modules);
  const catalog = createCatalog(config.topics);
  const metrics = new Metrics(clock);
  const appender = createAppender({
    ledger,
    origin,
    store: entries,
    ...ports,
    onCommit: (appended) => {
      bus.relay(appended);
      ports.onCommit?.();
    },
  });
  const operations = operationTypes(config.operations);
  const changes = createChanges({
    ledger,
    appender,
    items,
    entries,
    policy,
    clock,
    ids,
    risk: config.risk,
    operations,
    onStep: ports.onChangeStep,
  });
  const subscriptions = createSubscriptions({ ledger, items, entries, bus, policy, catalog, clock, ids });
  const publish = createPublish({ appender, catalog, policy, ids });
  const quarantine = createQuarantine({ ledger, items, clock });
  const ingest = createIngress({ ledger, rules: config.ingress, policy, publish, quarantine });
  const verifier = (): EntryVerifier =>
    createEntryVerifier({ ledger, root: ports.rootSigner, entries, signatures: true });

  const system: NervousSystem = {
    config,
    policy,
    catalog,
    publish: (...args) => metrics.measure(() => publish(...args)),
    ingest: (raw) => metrics.measure(() => ingest(raw)),
    quarantined: async (principal, options) => {
      requireAuditor(policy, principal, 'what is in quarantine is seen by auditors');
      return quarantine.list(options);
    },
    changes,
    entities: createEntities({ ledger, origin, entries, items, policy, verifier }),
    subscriptions,
    log: createPublicLog({ entries, files: ports.logFiles, policy }),
    feed: createFeed({ entries, policy, clock }),
    initialize: () => subscriptions.attachAll(),
    execute: (command) => metrics.measure(() => run({ publish, changes, subscriptions }, command)),
    validate: () => validate(ports, config),
    monitor: () => monitor(ports, config, metrics),
    trace: createTrace(ports, config, policy),
    verifyAll: async (principal, options = {}) => {
      requireAuditor(policy, principal, 'the whole ledger is verified by auditors');
      return ports.verifyLog({ signatures: options.signatures ?? true });
    },
  };
  return { system, drain: () => appender.drain() };
}

/** Finds an event by its id and says where it stands with every subscription. */
function createTrace(
  { entries, bus }: Ports,
  { modules, roster }: NervousConfig,
  policy: Policy,
): NervousSystem['trace'] {
  const accounts = roster.people.flatMap((person) => person.accounts);
  const sources = [...Object.keys(modules), ...roster.agents.map(({ id }) => id), ...accounts];
  return async (principal, eventId, source) => {
    const found = recordedEvent(await findEvent(entries, source === undefined ? sources : [source], eventId));
    if (found === undefined) throw new Error(`the entry under event id "${eventId}" is not an event`);
    policy.require(principal, 'reads', found.event.entityId);
    return { event: found.event, acceptedAt: found.at, deliveries: await bus.trace(found.event) };
  };
}

/** The verifier every engine and tool uses: session keys are looked up in the ledger and trusted through the root key. */
export function createEntryVerifier(options: {
  readonly ledger: string;
  readonly root: Pick<RootSigner, 'name' | 'publicKey'>;
  readonly entries: Pick<EntryStore, 'read'>;
  readonly signatures: boolean;
}): EntryVerifier {
  const { ledger, root, entries, signatures } = options;
  const decisive: ReadonlySet<string> = ROOT_SIGNED;
  const certificate = async (name: string): Promise<Awaited<ReturnType<EntryStore['head']>>> =>
    (await entries.read(name, 0, 1))[0];
  return new EntryVerifier({ ledger, root, signatures, rootSigned: (type) => decisive.has(type), certificate });
}

type UseCases = Pick<NervousSystem, 'publish' | 'changes' | 'subscriptions'>;

async function run<C extends Command>(
  { publish, changes, subscriptions }: UseCases,
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

async function validate({ entries, rootSigner, clock }: Ports, { origin }: NervousConfig): Promise<ValidationReport> {
  const check = async (name: string, work: () => Promise<string>): Promise<ValidationReport['checks'][number]> => {
    try {
      return { name, ok: true, detail: await work() };
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  };
  const checks = await Promise.all([
    check('store', async () => `${await entries.size()} entries`),
    check('root key', async () => {
      await rootSigner.sign(Buffer.from('nervous-system.self-test.v1\n'));
      if (rootSigner.name !== origin)
        throw new Error(`the root key is named "${rootSigner.name}", the configuration says "${origin}"`);
      return `signs as ${rootSigner.name}`;
    }),
    check('clock', async () => {
      const [last] = await entries.readLog(Math.max(0, (await entries.size()) - 1), 1);
      const parsed = last === undefined ? undefined : parseEntry(last.note);
      const at = parsed?.kind === 'entry' ? parsed.body.at : undefined;
      const now = new Date(clock.now()).toISOString();
      if (at !== undefined && at > now) throw new Error(`it is ${now}, but the newest entry says ${at}: set the clock`);
      return now;
    }),
  ]);
  return { ok: checks.every(({ ok }) => ok), checks };
}

async function monitor(
  { entries, items, bus, clock }: Ports,
  { ledger, origin }: NervousConfig,
  metrics: Metrics,
): Promise<MonitorReport> {
  const { total, failed, successRate, p50, p95 } = metrics.read();
  const { length, oldestAt } = await approvalQueue(ledger, items);
  const oldestAgeMs = oldestAt === undefined ? 0 : Math.max(0, clock.now() - Date.parse(oldestAt));
  return {
    ledger,
    origin,
    entries: await entries.size(),
    operations: { total, failed, successRate },
    responseTimeMs: { p50, p95 },
    subscriptions: await bus.stats(),
    approvalQueue: { length, oldestAgeMs },
  };
}

function requireAuditor(policy: Policy, principal: Principal, rule: string): void {
  if (!policy.isAuditor(principal))
    throw new PolicyError({ code: 'FORBIDDEN', message: `"${principal.id}" is not an auditor: ${rule}` });
}
