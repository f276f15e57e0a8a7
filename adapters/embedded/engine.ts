/**
 * The embedded engine: the whole system in one process on one folder. Opens what is there, takes up what was interrupted,
 * and on close finishes what it accepted. Killed instead, it loses nothing acknowledged.
 */
import { join } from 'node:path';
import type { Appender, RootSigner, VerificationReport } from '../../core/ledger/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { principalsOf } from '../../core/policy/index.ts';
import { createNervousSystem, type NervousConfig, type NervousSystem } from '../../core/system/index.ts';
import { consume, type EventHandler } from './bus/consume.ts';
import { InProcessBus } from './bus/in-process-bus.ts';
import { openFieldKeys } from './field-keys.ts';
import { startHttpServer } from './http-server.ts';
import { openHttpWitness, type HttpWitnessOptions } from './log/http-witness.ts';
import { readIncarnations } from './log/incarnations.ts';
import { ANCHOR_FOLDER, openPublicLog, type PublicLog } from './log/open-log.ts';
import { openRootKeys, type RootKeys } from './root-keys.ts';
import { lockDataDir, openForWriting } from './sqlite-schema.ts';
import { SqliteStore } from './sqlite-store.ts';
import { systemClock, systemIds } from './system-world.ts';
import { AUDIT_MINUTES, startTamperWatch, type TamperWatch } from './tamper-watch.ts';
import { openTokens } from './tokens.ts';
import { verifyDataDir } from './verify-data-dir.ts';
import { pointsOf } from './verify-points.ts';
import { WorkerSealer } from './worker-sealer.ts';
import { createWorkflowRunner, type WorkflowRunner } from './workflow-runner.ts';

export interface EngineOptions {
  readonly config: NervousConfig;
  /** folder for the ledger file, the root key and the tokens; created when absent */
  readonly dataDir: string;
  /** 0 (default): any free port; undefined with `http: false`: none */
  readonly port?: number;
  /** default 127.0.0.1 */
  readonly host?: string;
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
  /** Told about failures that no caller waits for. Default: written to standard error. */
  readonly onError?: (error: unknown) => void;
}

export interface Engine {
  readonly system: NervousSystem;
  /** checkpoints, tiles, anchors */
  readonly log: PublicLog;
  /** empty without HTTP */
  readonly url: string;
  /** principal id → bearer token */
  readonly tokens: Readonly<Record<string, string>>;
  /** Hands the ledger over to a new root key while it runs; appends wait meanwhile. docs/keys.md */
  rotateRootKey(reason: string): ReturnType<RootKeys['rotate']>;
  /** Looks for tampering now. @param full everything, not only what is new since the last look */
  audit(full?: boolean): Promise<VerificationReport>;
  /** Delivers a subscription's events to a handler in this process until stopped. */
  consume(principal: Principal, subscriptionId: string, handler: EventHandler): { stop(): Promise<void> };
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

type Closers = (() => Promise<void> | void)[];

async function open(options: EngineOptions, opened: Closers): Promise<Engine> {
  const { config, dataDir, port = 0, host } = options;
  const onError = options.onError ?? writeToStandardError;
  const db = openForWriting(dataDir, config);
  const store = new SqliteStore(db);
  const incarnations = readIncarnations(db);
  opened.push(() => store.close());
  const tokens = openTokens(dataDir, principalsOf(config.roster, config.modules));
  const parts = await openSystem({ ...options, onError, incarnations }, store, opened);
  const { system } = parts;
  const http =
    options.http === false
      ? undefined
      : await startHttpServer({ system, tokens, port, ...(host === undefined ? {} : { host }), onError });
  if (http !== undefined) opened.push(() => http.close());
  return {
    ...parts,
    url: http?.url ?? '',
    tokens: tokens.all,
    consume: (principal, id, handler) => {
      const consumer = consume(
        { subscriptions: system.subscriptions, clock: systemClock, onError },
        { principal, id, handler },
      );
      opened.push(() => consumer.stop());
      return consumer;
    },
    close: once(() => closeAll(opened)),
  };
}

/** The system on its store, with everything that was interrupted taken up again. */
async function openSystem(
  options: EngineOptions & Required<Pick<EngineOptions, 'onError'>> & { readonly incarnations: readonly number[] },
  store: SqliteStore,
  opened: Closers,
): Promise<Pick<Engine, 'system' | 'log' | 'rotateRootKey' | 'audit'>> {
  const { config, dataDir, anchorsDir, checkpointMs, onError, witness, incarnations } = options;
  const world = { clock: systemClock, ids: systemIds };
  const keys = await openRootKeys({
    ...{ dataDir, origin: config.origin, anchorsDir: anchorsDir ?? join(dataDir, ANCHOR_FOLDER) },
    ...{ entries: store, incarnations },
  });
  const { signer: rootSigner, logKeys: rootKeys } = keys;
  const log = openPublicLog({
    ...{ dataDir, entries: store, rootSigner, rootKeys, incarnations, clock: systemClock, onError },
    ...(witness === undefined ? {} : { witnesses: [openHttpWitness(witness)] }),
    ...(anchorsDir === undefined ? {} : { anchorsDir }),
    ...(checkpointMs === undefined ? {} : { intervalMs: checkpointMs }),
  });
  opened.push(() => log.loop.stop());
  const sealer = new WorkerSealer();
  opened.push(() => sealer.close());
  const bus = new InProcessBus({ ledger: config.ledger, entries: store, items: store, ...world, onError });
  await bus.open();
  const workflow: { runner?: WorkflowRunner } = {};
  const watch: { status?: TamperWatch['status'] } = {};
  const { system, appender, drain } = createNervousSystem(
    {
      ...{ entries: store, items: store, sealer, bus, ...world },
      rootSigner,
      fieldKeys: openFieldKeys(dataDir),
      logFiles: log.files,
      incarnations,
      onCommit: () => log.loop.wake(),
      onChangeStep: (id) => workflow.runner?.wake(id),
      logPoints: {
        ...(await pointsOf({ dataDir, anchorsDir, root: rootSigner, origin: config.origin, incarnations })),
        rootKeys,
      },
      checks: () => (watch.status === undefined ? [] : [{ name: 'tamper watch', ...watch.status() }]),
      verifyLog: (wanted) => verifyDataDir(dataDir, { ...wanted, ...(anchorsDir === undefined ? {} : { anchorsDir }) }),
    },
    config,
  );
  opened.push(drain, () => bus.close());
  const runner = createWorkflowRunner({ changes: system.changes, ...world, onError: (_, error) => onError(error) });
  workflow.runner = runner;
  opened.push(() => runner.stop());
  await system.initialize();
  await runner.start();
  const { audit, status } = openWatch({ ...options, rootSigner, appender }, opened);
  watch.status = status;
  return {
    ...{ system, log, audit },
    // No checkpoint is signed meanwhile: one of the old key must not cover the entry that ends it.
    rotateRootKey: (reason) => log.loop.hold(() => appender.alone((alone) => keys.rotate(alone, reason))),
  };
}

function openWatch(
  options: EngineOptions &
    Required<Pick<EngineOptions, 'onError'>> & { readonly rootSigner: RootSigner; readonly appender: Appender },
  opened: Closers,
): Pick<Engine, 'audit'> & Pick<TamperWatch, 'status'> {
  const { dataDir, anchorsDir, auditMinutes = AUDIT_MINUTES, rootSigner: root, appender, onError } = options;
  const watch = startTamperWatch({
    ...{ dataDir, root, appender, clock: systemClock, onError, intervalMs: auditMinutes * 60_000 },
    ...(anchorsDir === undefined ? {} : { anchorsDir }),
  });
  opened.push(() => watch.stop());
  return { audit: (full) => watch.look(full), status: () => watch.status() };
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
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
}
