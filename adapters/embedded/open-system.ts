/**
 * The system as the embedded engine has it: every part opened on one store, in an order in which each finds what it needs,
 * and what was interrupted taken up again.
 */
import { join } from 'node:path';
import { setImmediate as letOthersIn } from 'node:timers/promises';
import type {
  AppendedEntry,
  Appender,
  Finding,
  KnownChains,
  RootSigner,
  VerificationReport,
} from '../../core/ledger/index.ts';
import type { Policy } from '../../core/policy/index.ts';
import {
  createBreakerRecord,
  createVault,
  createWebhookRecord,
  createWebhookSecrets,
  type BreakerChange,
  type FieldKeys,
  type WebhookChange,
} from '../../core/events/index.ts';
import {
  createGround,
  createMayRead,
  createNervousSystem,
  createReadFacts,
  createSignal,
  createTopicIndexer,
  mayConcernSomebody,
  openNoticeReader,
  openNoticeSender,
  type Ground,
  type NervousSystem,
  type Ports,
  type Signal,
} from '../../core/system/index.ts';
import { defined } from '../../core/values/index.ts';
import { createChatSender } from '../machine/chat-sender.ts';
import { createWebhookSender } from '../machine/webhook-sender.ts';
import { InProcessBus } from './bus/in-process-bus.ts';
import { createEngineVerification } from './audit/engine-verification.ts';
import { startBehindTheLog } from './runtime/behind-the-log.ts';
import { createExecutors } from './runtime/executors.ts';
import { startNoticeSending } from './runtime/notice-sending.ts';
import { openMail } from './runtime/open-mail.ts';
import { startClaimRelease } from './runtime/claim-release.ts';
import { openFieldKeys } from './keys/field-keys.ts';
import type { OpenConnections } from './http/http-listener.ts';
import { MAX_CONNECTIONS } from './http/http-server.ts';
import { createHttpWitness } from './log/http-witness.ts';
import { ANCHOR_FOLDER, openPublicLog, type PublicLog } from './log/open-log.ts';
import { openRootKeys, type RootKeys } from './keys/root-keys.ts';
import type { ThreadedStore } from './store/threaded-store.ts';
import { systemClock, systemIds } from './machine/system-clock.ts';
import { AUDIT_MINUTES, startIntegrityMonitor, type IntegrityMonitor } from './audit/integrity-monitor.ts';
import { pointsOf } from './audit/verify-points.ts';
import { WorkerSealer } from './keys/worker-sealer.ts';
import { createWriteProbe } from './store/write-probe.ts';
import { createWorkflowRunner, type WorkflowRunner } from './runtime/workflow-runner.ts';
import type { EngineOptions } from './engine-options.ts';

/**
 * What the parts of the engine tell each other. Made before all of them, so that none has to be filled in when another is
 * there.
 */
export interface Signals {
  readonly committed: Signal<readonly AppendedEntry[]>;
  readonly tampered: Signal<Finding>;
  readonly policyChanged: Signal;
  /** a change-set took a step */
  readonly stepped: Signal<string>;
  readonly breakerMoved: Signal<BreakerChange>;
  readonly webhookChanged: Signal<WebhookChange>;
}

export function createSignals(onError: (error: unknown) => void): Signals {
  return {
    committed: createSignal(),
    // Recorded by the integrity monitor; until that looks, an error like others.
    tampered: createSignal(({ entity, seq, detail }) => onError(new Error(`"${entity}" #${seq}: ${detail}`))),
    policyChanged: createSignal(),
    stepped: createSignal(),
    breakerMoved: createSignal(),
    webhookChanged: createSignal(),
  };
}

/** What is to be closed, in the order in which it was opened. */
export type Closers = (() => Promise<void> | void)[];

export interface OpenedSystem {
  readonly system: NervousSystem;
  /** checkpoints, tiles, anchors */
  readonly log: PublicLog;
  /** Hands the ledger over to a new root key while it runs; appends wait meanwhile. docs/keys.md */
  rotateRootKey(reason: string): ReturnType<RootKeys['rotate']>;
  /** Looks for tampering now. @param full everything, not only what is new since the last look */
  audit(full?: boolean): Promise<VerificationReport>;
}

export type Opening = EngineOptions &
  Required<Pick<EngineOptions, 'onError'>> & {
    readonly incarnations: readonly number[];
    readonly known: KnownChains;
    readonly signals: Signals;
    readonly connections: OpenConnections;
  };

/** The system on its store, with everything that was interrupted taken up again. */
export async function openSystem(options: Opening, store: ThreadedStore, opened: Closers): Promise<OpenedSystem> {
  const { config, dataDir, anchorsDir, onError, incarnations, signals } = options;
  const keys = await openRootKeys({
    ...{ dataDir, origin: config.origin, anchorsDir: anchorsDir ?? join(dataDir, ANCHOR_FOLDER) },
    ...{ entries: store, incarnations },
  });
  const { signer: rootSigner, logKeys: rootKeys } = keys;
  const verification = createEngineVerification({ dataDir, anchorsDir, root: rootSigner, known: options.known });
  opened.push(() => verification.close());
  const log = openLog(options, keys, store);
  opened.push(() => log.loop.stop());
  openTopicIndex(options, store, opened);
  const sealer = new WorkerSealer(config.origin);
  opened.push(() => sealer.close());
  const ground = createGround(
    {
      ...{ entries: store, items: store, clock: systemClock, ids: systemIds, rootSigner, onError },
      onPolicyChange: signals.policyChanged.tell,
    },
    config,
  );
  const fieldKeys = await openFieldKeys(dataDir, { ledger: config.ledger, items: store });
  const bus = await openBus(options, store, { policy: ground.policy, fieldKeys });
  const { executors, checks } = createExecutors(options.executors ?? {}, config.executors);
  const writing = createWriteProbe(store, dataDir);
  const health: Checks = [() => checks, () => [writing()]];
  const { system, appender } = createNervousSystem(ground, {
    ...{ sealer, bus, executors, fieldKeys, pause: () => letOthersIn() },
    ...(options.http === false ? {} : { connections: () => connectionsOf(options) }),
    ...{ logFiles: log.files, incarnations },
    onCommit: signals.committed.tell,
    onChangeStep: signals.stepped.tell,
    logPoints: {
      ...(await pointsOf({ dataDir, anchorsDir, root: rootSigner, origin: config.origin, incarnations })),
      rootKeys,
    },
    checks: () => health.flatMap((check) => check()),
    ...verification,
  });
  const { subscriptions, catalog } = system;
  const topics = Object.keys(catalog.topics);
  signals.breakerMoved.listen(createBreakerRecord({ appender, ids: systemIds, subscriptions, onError, topics }));
  signals.webhookChanged.listen(createWebhookRecord({ appender, subscriptions, onError }));
  opened.push(
    () => appender.drain(),
    () => bus.close(),
  );
  const runner = openRunner(system, options, opened);
  await system.initialize();
  await runner.start();
  openClaimRelease(system, options, opened);
  await openNotices(ground, { ...options, appender, fieldKeys }, opened);
  const monitor = openMonitor({ ...options, rootSigner, appender }, opened);
  health.push(() => [{ name: 'tamper watch', ...monitor.status() }]);
  signals.tampered.listen((finding) => monitor.tell(finding));
  return {
    ...{ system, log, audit: (full) => monitor.audit(full) },
    // No checkpoint is signed meanwhile: one of the old key must not cover the entry that ends it.
    rotateRootKey: (reason) => log.loop.hold(() => appender.alone((alone) => keys.rotate(alone, reason))),
  };
}

/** What the engine checks of itself; each of its parts adds what it can tell. */
type Checks = NonNullable<Ports['checks']>[];

function connectionsOf({ connections, maxConnections = MAX_CONNECTIONS }: Opening): {
  readonly open: number;
  readonly limit: number;
} {
  return { open: connections.size, limit: maxConnections };
}

function openRunner({ changes }: NervousSystem, { onError, signals }: Opening, opened: Closers): WorkflowRunner {
  const runner = createWorkflowRunner({
    ...{ changes, clock: systemClock, ids: systemIds },
    onError: (_, error) => onError(error),
  });
  signals.stepped.listen((id) => runner.wake(id));
  opened.push(() => runner.stop());
  return runner;
}

function openClaimRelease({ work }: NervousSystem, { onError }: Opening, opened: Closers): void {
  const release = startClaimRelease({ work, clock: systemClock, onError });
  opened.push(() => release.stop());
}

function openLog(
  options: Opening,
  { signer: rootSigner, logKeys: rootKeys }: RootKeys,
  entries: ThreadedStore,
): PublicLog {
  const { dataDir, anchorsDir, checkpointMs, onError, witness, incarnations, signals } = options;
  const log = openPublicLog({
    ...{ dataDir, entries, rootSigner, rootKeys, incarnations, clock: systemClock, onError },
    ...(witness === undefined ? {} : { witnesses: [createHttpWitness(witness)] }),
    ...defined({ anchorsDir, intervalMs: checkpointMs }),
  });
  signals.committed.listen(() => log.loop.wake());
  return log;
}

async function openNotices(
  ground: Ground,
  { appender, fieldKeys: keys, ...options }: Opening & NoticeParts,
  opened: Closers,
): Promise<void> {
  const { signals, config } = options;
  const { items, clock, onError, noticed } = ground;
  const vault = createVault({ ledger: config.ledger, items, keys, randomBytes: (length) => systemIds.bytes(length) });
  const sender = openNoticeSender(ground, {
    ...{ appender, vault, mail: await openMail(options) },
    post: createChatSender(createWebhookSender({ allowed: new Set(config.webhooks.allow) }), clock),
  });
  const sending = startNoticeSending({ sender, clock, onError });
  noticed.listen(() => sending.wake());
  const loop = startBehindTheLog({ maker: openNoticeReader(ground), restMs: NOTICES_REST_MS, clock, onError });
  signals.committed.listen((entries) => {
    if (entries.some(mayConcernSomebody)) loop.wake();
  });
  opened.push(
    () => sending.stop(),
    () => loop.stop(),
  );
}

interface NoticeParts {
  readonly appender: Appender;
  readonly fieldKeys: FieldKeys;
}

/** Shorter than anybody sees, and what is recorded together is told together. */
const NOTICES_REST_MS = 50;
/** The feed reads the log where the index does not reach yet, so nobody waits for it. */
const TOPIC_INDEX_REST_MS = 500;

function openTopicIndex(
  { config: { ledger }, onError, signals }: Opening,
  store: ThreadedStore,
  opened: Closers,
): void {
  const maker = createTopicIndexer({ ledger, entries: store, items: store });
  const loop = startBehindTheLog({ maker, restMs: TOPIC_INDEX_REST_MS, clock: systemClock, onError });
  signals.committed.listen(() => loop.wake());
  opened.push(() => loop.stop());
}

async function openBus(
  { config, functions, onError, signals }: Opening,
  store: ThreadedStore,
  { policy, fieldKeys: keys }: { readonly policy: Policy; readonly fieldKeys: FieldKeys },
): Promise<InProcessBus> {
  const { ledger, origin, webhooks } = config;
  const allowed = new Set(webhooks.allow);
  const secrets = createWebhookSecrets({ ledger, items: store, keys, clock: systemClock, ids: systemIds });
  const send = createWebhookSender({ allowed });
  const bus = new InProcessBus({
    ...{ ledger, entries: store, items: store, clock: systemClock, ids: systemIds, onError },
    ...defined({ functions }),
    mayRead: createMayRead(policy),
    readFacts: createReadFacts({ ledger, items: store, policy }),
    onBreaker: signals.breakerMoved.tell,
    webhooks: { send, allowed, secrets, origin },
    onWebhook: signals.webhookChanged.tell,
  });
  await bus.open();
  return bus;
}

function openMonitor(
  options: EngineOptions &
    Required<Pick<EngineOptions, 'onError'>> & { readonly rootSigner: RootSigner; readonly appender: Appender },
  opened: Closers,
): IntegrityMonitor {
  const { dataDir, anchorsDir, auditMinutes = AUDIT_MINUTES, rootSigner: root, appender, onError } = options;
  const monitor = startIntegrityMonitor({
    ...{ dataDir, root, appender, clock: systemClock, onError, intervalMs: auditMinutes * 60_000 },
    ...defined({ anchorsDir }),
  });
  opened.push(() => monitor.stop());
  return monitor;
}
