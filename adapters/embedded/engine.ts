/**
 * The embedded engine: the whole system in one process on one folder. Opens what is there, takes up what was interrupted,
 * and on close finishes what it accepted. Killed instead, it loses nothing acknowledged.
 */
import { join } from 'node:path';
import { setImmediate as letOthersIn } from 'node:timers/promises';
import { toHex } from '../../core/canonical/index.ts';
import { KnownChains, type Appender, type RootSigner, type VerificationReport } from '../../core/ledger/index.ts';
import { withCauses } from '../../core/errors/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { ensureChangeIndex } from '../../core/changes/index.ts';
import { metricsRoute } from '../../api/index.ts';
import { createBreakerRecord, type BreakerChange, type MayRead, type ReadFacts } from '../../core/events/index.ts';
import {
  createNervousSystem,
  createMayRead,
  createReadFacts,
  type NervousConfig,
  type NervousSystem,
  type Ports,
} from '../../core/system/index.ts';
import { consume, type Consumer, type EventHandler } from './bus/consume.ts';
import type { Functions } from './bus/function-targets.ts';
import { InProcessBus } from './bus/in-process-bus.ts';
import { removeEngineFile, writeEngineFile } from './runtime/engine-file.ts';
import { closeToOthers } from './machine/data-folder.ts';
import { createEngineVerification } from './audit/engine-verification.ts';
import { openExecutors, type Implementations } from './runtime/executors.ts';
import { openFieldKeys } from './keys/field-keys.ts';
import { connectionsOf, startHttpServer, type RunningHttpServer } from './http/http-server.ts';
import { openHttpWitness, type HttpWitnessOptions } from './log/http-witness.ts';
import { readIncarnations } from './log/incarnations.ts';
import { ANCHOR_FOLDER, openPublicLog, type PublicLog } from './log/open-log.ts';
import { startProcessMetrics, type ProcessMetrics } from './runtime/process-metrics.ts';
import { openRootKeys, type RootKeys } from './keys/root-keys.ts';
import { lockDataDir, openForWriting } from './store/sqlite-schema.ts';
import { SqliteStore } from './store/sqlite-store.ts';
import { systemClock, systemIds } from './machine/system-clock.ts';
import { AUDIT_MINUTES, startIntegrityMonitor, type IntegrityMonitor } from './audit/integrity-monitor.ts';
import { openLiveTokens } from './keys/tokens.ts';
import { pointsOf } from './audit/verify-points.ts';
import { WorkerSealer } from './keys/worker-sealer.ts';
import { createWriteProbe } from './store/write-probe.ts';
import { createWorkflowRunner, type WorkflowRunner } from './runtime/workflow-runner.ts';

export interface EngineOptions {
  readonly config: NervousConfig;
  /** folder for the ledger file, the root key and the tokens; created when absent */
  readonly dataDir: string;
  /** 0 (default): any free port; undefined with `http: false`: none */
  readonly port?: number;
  /** default 127.0.0.1 */
  readonly host?: string;
  /** HTTP connections at once, default 2,000 */
  readonly maxConnections?: number;
  /** false: no HTTP server, in-process use only */
  readonly http?: boolean;
  /** folder for the anchors; default: `anchors` in `dataDir`. Storage that this machine cannot change proves more */
  readonly anchorsDir?: string;
  /** a witness elsewhere, beside the one in the data folder */
  readonly witness?: HttpWitnessOptions;
  /** ms between checkpoints, default 1000 */
  readonly checkpointMs?: number;
  /** minutes between looks for tampering, default 10; 0: only when `audit` is called */
  readonly auditMinutes?: number;
  /** what subscriptions with `"target": {"kind": "function", "name": …}` deliver to, by name */
  readonly functions?: Functions;
  /** implementations of the executors that the configuration declares (docs/executors.md), by name */
  readonly executors?: Implementations;
  /** Told what whoever starts the engine should know, and need not act on. Default: written to standard error. */
  readonly onNotice?: (notice: string) => void;
  /** Told about failures that no caller waits for. Default: written to standard error. */
  readonly onError?: (error: unknown) => void;
}

export interface Engine {
  readonly system: NervousSystem;
  /** checkpoints, tiles, anchors */
  readonly log: PublicLog;
  /** empty without HTTP */
  readonly url: string;
  /** principal id → bearer token; of the roster in force, so it changes with it */
  readonly tokens: Readonly<Record<string, string>>;
  /** Hands the ledger over to a new root key while it runs; appends wait meanwhile. docs/keys.md */
  rotateRootKey(reason: string): ReturnType<RootKeys['rotate']>;
  /** Looks for tampering now. @param full everything, not only what is new since the last look */
  audit(full?: boolean): Promise<VerificationReport>;
  /** Delivers a subscription's events to a handler in this process, one after the other, until stopped. */
  consume(principal: Principal, subscriptionId: string, handler: EventHandler): Consumer;
  /** Finishes what was accepted, writes down what was settled, closes everything. Idempotent. */
  close(): Promise<void>;
}

/** @throws EngineError, ConfigError, LedgerError: each says what to do */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const opened: Closers = [lockDataDir(options.dataDir)];
  try {
    return await open(options, opened);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Known only when the rest has been opened. */
interface Hooks {
  renewTokens?: () => void;
  server?: RunningHttpServer;
  /** until then an error; afterwards recorded too */
  tell: IntegrityMonitor['tell'];
}

type Closers = (() => Promise<void> | void)[];

async function open(options: EngineOptions, opened: Closers): Promise<Engine> {
  const { config, dataDir, port = 0, host } = options;
  const onError = options.onError ?? writeToStandardError;
  removeEngineFile(dataDir); // of an engine that was killed
  const closed = closeToOthers(dataDir);
  if (closed !== undefined) (options.onNotice ?? writeToStandardError)(closed);
  const db = openForWriting(dataDir, config);
  const known = new KnownChains();
  const hooks: Hooks = { tell: ({ entity, seq, detail }) => onError(new Error(`"${entity}" #${seq}: ${detail}`)) };
  const store = new SqliteStore(db, {
    onStored: (entries) => {
      for (const { chain, seq, hash } of entries) known.wrote(chain, { seq, hash: toHex(hash) });
    },
    onTamper: (finding) => hooks.tell(finding),
  });
  const incarnations = readIncarnations(db);
  opened.push(() => store.close());
  await ensureChangeIndex(config.ledger, store); // before anybody asks what waits
  const parts = await openSystem({ ...options, onError, incarnations, known, hooks }, store, opened);
  const { system } = parts;
  const tokens = openLiveTokens({ dataDir, policy: system.policy, modules: config.modules, onError });
  hooks.renewTokens = tokens.renew;
  const http =
    options.http === false
      ? undefined
      : await startHttpServer({
          ...{ system, tokens, port, onError, ownRoutes: [metricsRoute(openMetricsOf(dataDir, parts.log, opened))] },
          ...(host === undefined ? {} : { host }),
          ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
        });
  if (http !== undefined) {
    hooks.server = http;
    opened.push(() => http.close());
    writeEngineFile(dataDir, http.url);
    opened.push(() => removeEngineFile(dataDir));
  }
  return {
    ...parts,
    url: http?.url ?? '',
    get tokens() {
      return tokens.all;
    },
    consume: (principal, id, handler) => {
      const { subscriptions } = system;
      const source = {
        receive: (wanted: Parameters<typeof subscriptions.receive>[2]) => subscriptions.receive(principal, id, wanted),
        ack: (receipts: readonly string[]) => subscriptions.ack(principal, id, receipts),
        nack: (receipts: readonly string[], failure: { readonly reason: string }) =>
          subscriptions.nack(principal, id, receipts, failure),
      };
      const consumer = consume({ source, handler, concurrency: 1, clock: systemClock, onError });
      opened.push(() => consumer.stop());
      return consumer;
    },
    close: once(() => closeAll(opened)),
  };
}

/** The system on its store, with everything that was interrupted taken up again. */
async function openSystem(
  options: EngineOptions &
    Required<Pick<EngineOptions, 'onError'>> & {
      readonly incarnations: readonly number[];
      readonly known: KnownChains;
      readonly hooks: Hooks;
    },
  store: SqliteStore,
  opened: Closers,
): Promise<Pick<Engine, 'system' | 'log' | 'rotateRootKey' | 'audit'>> {
  const { config, dataDir, anchorsDir, onError, incarnations } = options;
  const clockAndIds = { clock: systemClock, ids: systemIds, pause: () => letOthersIn() };
  const keys = await openRootKeys({
    ...{ dataDir, origin: config.origin, anchorsDir: anchorsDir ?? join(dataDir, ANCHOR_FOLDER) },
    ...{ entries: store, incarnations },
  });
  const { signer: rootSigner, logKeys: rootKeys } = keys;
  const verification = createEngineVerification({ dataDir, anchorsDir, root: rootSigner, known: options.known });
  opened.push(() => verification.close());
  const log = openLog(options, keys, store);
  opened.push(() => log.loop.stop());
  const sealer = new WorkerSealer();
  opened.push(() => sealer.close());
  const { bus, hooks } = await openBus(options, store);
  const { executors, checks } = openExecutors(options.executors ?? {}, config.executors);
  const workflow: { runner?: WorkflowRunner } = {};
  const monitor: { status?: IntegrityMonitor['status'] } = {};
  const { system, appender, drain } = createNervousSystem(
    {
      ...{ entries: store, items: store, sealer, bus, ...clockAndIds },
      ...{ rootSigner, onError, onPolicyChange: () => options.hooks.renewTokens?.(), executors },
      ...(options.http === false ? {} : { connections: () => connectionsOf(options.hooks.server) }),
      fieldKeys: await openFieldKeys(dataDir, { ledger: config.ledger, items: store }),
      ...{ logFiles: log.files, incarnations },
      onCommit: () => log.loop.wake(),
      onChangeStep: (id) => workflow.runner?.wake(id),
      logPoints: {
        ...(await pointsOf({ dataDir, anchorsDir, root: rootSigner, origin: config.origin, incarnations })),
        rootKeys,
      },
      checks: healthChecksOf(checks, createWriteProbe(store, dataDir), monitor),
      ...verification,
    },
    config,
  );
  tellBus(hooks, { ...options, store, system, appender });
  opened.push(drain, () => bus.close());
  workflow.runner = openRunner(system, onError, opened);
  await system.initialize();
  await workflow.runner.start();
  const { audit, status, tell } = openMonitor({ ...options, rootSigner, appender }, opened);
  monitor.status = status;
  options.hooks.tell = tell;
  return {
    ...{ system, log, audit },
    // No checkpoint is signed meanwhile: one of the old key must not cover the entry that ends it.
    rotateRootKey: (reason) => log.loop.hold(() => appender.alone((alone) => keys.rotate(alone, reason))),
  };
}

/** What the engine checks of itself. */
function healthChecksOf(
  checks: ReturnType<typeof openExecutors>['checks'],
  writing: ReturnType<typeof createWriteProbe>,
  monitor: { readonly status?: IntegrityMonitor['status'] },
): NonNullable<Ports['checks']> {
  return () => [
    ...checks,
    writing(),
    ...(monitor.status === undefined ? [] : [{ name: 'tamper watch', ...monitor.status() }]),
  ];
}

function openRunner({ changes }: NervousSystem, onError: (error: unknown) => void, opened: Closers): WorkflowRunner {
  const clockAndIds = { clock: systemClock, ids: systemIds };
  const runner = createWorkflowRunner({ changes, ...clockAndIds, onError: (_, error) => onError(error) });
  opened.push(() => runner.stop());
  return runner;
}

function openLog(
  options: EngineOptions & Required<Pick<EngineOptions, 'onError'>> & { readonly incarnations: readonly number[] },
  { signer: rootSigner, logKeys: rootKeys }: RootKeys,
  entries: SqliteStore,
): PublicLog {
  const { dataDir, anchorsDir, checkpointMs, onError, witness, incarnations } = options;
  return openPublicLog({
    ...{ dataDir, entries, rootSigner, rootKeys, incarnations, clock: systemClock, onError },
    ...(witness === undefined ? {} : { witnesses: [openHttpWitness(witness)] }),
    ...(anchorsDir === undefined ? {} : { anchorsDir }),
    ...(checkpointMs === undefined ? {} : { intervalMs: checkpointMs }),
  });
}

/** What the bus asks and tells is made after it, and before anything is delivered. */
interface BusHooks {
  mayRead?: MayRead;
  readFacts?: ReadFacts;
  onBreaker?: (change: BreakerChange) => void;
}

function tellBus(
  hooks: BusHooks,
  made: Pick<EngineOptions, 'config'> &
    Required<Pick<EngineOptions, 'onError'>> & {
      readonly store: SqliteStore;
      readonly system: NervousSystem;
      readonly appender: Appender;
    },
): void {
  const { config, onError, store, system, appender } = made;
  const { policy, subscriptions, catalog } = system;
  hooks.mayRead = createMayRead(policy);
  hooks.readFacts = createReadFacts({ ledger: config.ledger, items: store, policy });
  hooks.onBreaker = createBreakerRecord({
    ...{ appender, ids: systemIds, subscriptions, onError },
    topics: catalog.list().map(({ topic }) => topic),
  });
}

async function openBus(
  { config, functions, onError }: EngineOptions & Required<Pick<EngineOptions, 'onError'>>,
  store: SqliteStore,
): Promise<{ readonly bus: InProcessBus; readonly hooks: BusHooks }> {
  const hooks: BusHooks = {};
  const bus = new InProcessBus({
    ...{ ledger: config.ledger, entries: store, items: store, clock: systemClock, ids: systemIds, onError },
    ...(functions === undefined ? {} : { functions }),
    mayRead: (...asked) => (hooks.mayRead as MayRead)(...asked),
    readFacts: (...asked) => (hooks.readFacts as ReadFacts)(...asked),
    onBreaker: (change) => hooks.onBreaker?.(change),
  });
  await bus.open();
  return { bus, hooks };
}

function openMonitor(
  options: EngineOptions &
    Required<Pick<EngineOptions, 'onError'>> & { readonly rootSigner: RootSigner; readonly appender: Appender },
  opened: Closers,
): Pick<Engine, 'audit'> & Pick<IntegrityMonitor, 'status' | 'tell'> {
  const { dataDir, anchorsDir, auditMinutes = AUDIT_MINUTES, rootSigner: root, appender, onError } = options;
  const monitor = startIntegrityMonitor({
    ...{ dataDir, root, appender, clock: systemClock, onError, intervalMs: auditMinutes * 60_000 },
    ...(anchorsDir === undefined ? {} : { anchorsDir }),
  });
  opened.push(() => monitor.stop());
  return monitor;
}

function openMetricsOf(dataDir: string, { files }: PublicLog, opened: Closers): ProcessMetrics['read'] {
  const metrics = startProcessMetrics({ dataDir, files, clock: systemClock });
  opened.push(() => metrics.stop());
  return metrics.read;
}

/** Last opened, first closed; one that fails to close does not keep the others open. */
async function closeAll(opened: Closers): Promise<void> {
  const errors: unknown[] = [];
  for (const close of opened.reverse()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'the engine did not close cleanly');
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

function writeToStandardError(error: unknown): void {
  process.stderr.write(`${withCauses(error)}\n`);
}
