/**
 * Builds the use cases from ports and configuration. Both engines call it; nothing here knows which one it runs in.
 */
import { approvalQueue, ROOT_SIGNED, type Changes } from '../changes/index.ts';
import {
  createCatalog,
  createQuarantine,
  createReveal,
  createSubscriptions,
  createVault,
  eraseField,
  recordedEvent,
  type Catalog,
  type EventBus,
  type FieldKeys,
  type Ingest,
  type Publish,
  type Quarantine,
  type Vault,
} from '../events/index.ts';
import {
  ed25519Key,
  EntryVerifier,
  parseEntry,
  type Appender,
  type Clock,
  type EntryStore,
  type Ids,
  type LogFiles,
  type ItemStore,
  type PointSources,
  type RootSigner,
  type Sealer,
  type VerificationReport,
} from '../ledger/index.ts';
import { createPolicy, PolicyError, type Policy, type Principal } from '../policy/index.ts';
import type { Command, CommandResult } from './commands.ts';
import type { NervousConfig } from './config.ts';
import { OPERATORS_WORD } from './entities.ts';
import { createFeed, findEvent } from './feed.ts';
import { Metrics } from './metrics.ts';
import { createPublicLog } from './public-log.ts';
import type {
  Entities,
  LedgerScope,
  MonitorReport,
  NervousSystem,
  ValidationReport,
  VerifyRequest,
} from './nervous-system.ts';
import type { UseCases } from './use-cases.ts';

export interface Ports {
  readonly entries: EntryStore;
  readonly items: ItemStore;
  readonly sealer: Sealer;
  readonly rootSigner: RootSigner;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly ids: Ids;
  /** keeps data keys of confidential fields; needed when the configuration has some */
  readonly fieldKeys?: FieldKeys;
  /** where the log is published; absent when this process serves none */
  readonly logFiles?: Pick<LogFiles, 'read'>;
  /** sizes at which the log was begun anew after a loss; absent: never */
  readonly incarnations?: readonly number[];
  /** Entries were committed: the log can be published further. Must not throw. */
  readonly onCommit?: () => void;
  /** A change-set took a step: the workflow engine may be able to go on. Must not throw. */
  readonly onChangeStep: (changeId: string) => void;
  /** the log's anchors and witness, to verify against; absent: single entities are held against the published checkpoint */
  readonly logPoints?: Pick<PointSources, 'anchors' | 'witnessKeys' | 'witnessMemory'>;
  /** Verifies the whole ledger as fast as the engine can. */
  readonly verifyLog: (options: FullVerification) => Promise<VerificationReport>;
}

export type FullVerification = Omit<VerifyRequest, 'scope'> & { readonly signatures: boolean };

export interface BuiltSystem {
  readonly system: NervousSystem;
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
  const verifyPart = make.verifyPart ?? leftOut<Promise<VerificationReport>>('verifyPart');

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
    verifyAll: async (principal, { scope: asked, ...request } = {}) => {
      const scope: LedgerScope = asked ?? { mode: 'full' };
      requireAuditor(policy, principal, 'the whole ledger is verified by auditors');
      const report =
        scope.mode === 'full'
          ? await ports.verifyLog({ ...request, signatures: request.signatures ?? true })
          : await verifyPart(
              { ledger, entries, items, points: pointsOf(ports, origin), verifier, now: clock.now() },
              scope,
              request,
            );
      return { ...report, notChecked: [...report.notChecked, OPERATORS_WORD] };
    },
  };
  return { system, drain: () => appender.drain() };
}

/** Everything that writes, on one appender. */
function makeWriters(
  ports: Ports,
  config: NervousConfig,
  shared: {
    readonly make: Partial<UseCases>;
    readonly policy: Policy;
    readonly catalog: Catalog;
    readonly quarantine: Quarantine;
  },
): Writers {
  const { entries, items, bus, clock, ids } = ports;
  const { ledger, origin } = config;
  const { make, policy, catalog, quarantine } = shared;
  const createAppender = make.createAppender ?? leftOut<Appender>('createAppender');
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
  const vault = openVault(ports, config);
  const createChanges = make.createChanges ?? leftOut<Changes>('createChanges');
  const changes = createChanges({
    ledger,
    appender,
    items,
    entries,
    policy,
    clock,
    ids,
    risk: config.risk,
    operations: config.operations,
    erase: (entity, seq, path) => eraseField(ledger, { entity, seq, path }),
    onStep: ports.onChangeStep,
  });
  const createPublish = make.createPublish ?? leftOut<Publish>('createPublish');
  const createIngress = make.createIngress ?? leftOut<Ingest>('createIngress');
  const publish = createPublish({ appender, catalog, policy, ids, ...(vault === undefined ? {} : { vault }) });
  const ingest = createIngress({ ledger, rules: config.ingress, policy, publish, quarantine });
  return { appender, vault, changes, publish, ingest };
}

interface Writers {
  readonly appender: Appender;
  readonly vault: Vault | undefined;
  readonly changes: Changes;
  readonly publish: Publish;
  readonly ingest: Ingest;
}

function pointsOf({ rootSigner, logFiles, logPoints }: Ports, origin: string): PointSources {
  return {
    ...{ origin, rootKeys: [ed25519Key(origin, rootSigner.publicKey)] },
    ...(logFiles === undefined ? {} : { read: logFiles.read }),
    ...logPoints,
  };
}

function openVault({ items, ids, fieldKeys }: Ports, { ledger }: NervousConfig): Vault | undefined {
  if (fieldKeys === undefined) return undefined;
  return createVault({ ledger, items, keys: fieldKeys, randomBytes: (length) => ids.bytes(length) });
}

/** Makes what fails when it is used, and says what was left out. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what stands there
function leftOut<UseCase extends object>(name: keyof UseCases): () => UseCase {
  const fail = (): never => {
    throw new Error(
      `this process runs without "${name}": give assembleSystem the use cases (use-cases.ts) it is part of`,
    );
  };
  return () => new Proxy((() => {}) as unknown as UseCase, { get: fail, apply: fail });
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
  const revocation: typeof certificate = async (name) => (await entries.read(name, 1, 1))[0];
  return new EntryVerifier({
    ledger,
    root,
    signatures,
    rootSigned: (type) => decisive.has(type),
    certificate,
    revocation,
  });
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
