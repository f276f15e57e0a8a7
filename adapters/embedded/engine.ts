/**
 * The embedded engine: the whole system in one process on one folder. Opens what is there, takes up what was interrupted,
 * and on close finishes what it accepted. Killed instead, it loses nothing acknowledged.
 */
import { toHex } from '../../core/canonical/index.ts';
import { KnownChains } from '../../core/ledger/index.ts';
import { withCauses } from '../../core/errors/index.ts';
import type { Subscriptions } from '../../core/events/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { ensureChangeIndex } from '../../core/changes/index.ts';
import { defined, orBlank } from '../../core/values/index.ts';
import { metricsRoute, noticeRoutes } from '../../api/index.ts';
import { consume, type Consumer, type EventHandler, type MessageSource } from './bus/consume.ts';
import { removeEngineFile, writeEngineFile } from './runtime/engine-file.ts';
import { closeToOthers } from './machine/data-folder.ts';
import { createConsole } from './http/console.ts';
import { createConsoleSessions } from './http/console-sessions.ts';
import type { OpenConnections } from './http/http-listener.ts';
import { startHttpServer, type HttpServerOptions, type RunningHttpServer } from './http/http-server.ts';
import { readIncarnations } from './log/incarnations.ts';
import { type PublicLog } from './log/open-log.ts';
import { startProcessMetrics, type ProcessMetrics } from './runtime/process-metrics.ts';
import { lockDataDir, openForWriting } from './store/sqlite-schema.ts';
import { ThreadedStore } from './store/threaded-store.ts';
import { systemClock } from './machine/system-clock.ts';
import { openLiveTokens } from './keys/tokens.ts';
import type { EngineOptions } from './engine-options.ts';
import { createSignals, openSystem, type Closers, type OpenedSystem } from './open-system.ts';

export interface Engine extends OpenedSystem {
  /** empty without HTTP */
  readonly url: string;
  /** principal id → bearer token; of the roster in force, so it changes with it */
  readonly tokens: Readonly<Record<string, string>>;
  /** Delivers a subscription's events to a handler in this process, one after the other, until stopped. */
  consume(principal: Principal, subscriptionId: string, handler: EventHandler): Consumer;
  /** Finishes what was accepted, writes down what was settled, closes everything. Idempotent. */
  close(): Promise<void>;
}

/** What `npm run build:console` made; in the package it lies beside the engine. */
const CONSOLE = new URL('../../dist/console/', import.meta.url);

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

async function open(options: EngineOptions, opened: Closers): Promise<Engine> {
  const { config, dataDir } = options;
  const onError = options.onError ?? writeToStandardError;
  removeEngineFile(dataDir); // of an engine that was killed
  const closed = closeToOthers(dataDir);
  if (closed !== undefined) (options.onNotice ?? writeToStandardError)(closed);
  const db = openForWriting(dataDir, config);
  const known = new KnownChains();
  const signals = createSignals(onError);
  const connections: OpenConnections = new Map();
  const store = new ThreadedStore(db, {
    dataDir,
    onStored: (entries) => {
      for (const { chain, seq, hash } of entries) known.wrote(chain, { seq, hash: toHex(hash) });
    },
    onTamper: signals.tampered.tell,
    onEnded: options.onUnwritable ?? onError,
  });
  const incarnations = readIncarnations(db);
  opened.push(() => store.close());
  await ensureChangeIndex(config.ledger, store); // before anybody asks what waits
  const parts = await openSystem({ ...options, onError, incarnations, known, signals, connections }, store, opened);
  const { system } = parts;
  const tokens = openLiveTokens({ dataDir, policy: system.policy, modules: config.modules, onError });
  signals.policyChanged.listen(tokens.renew);
  const http = await startHttp(options, {
    ...{ system, tokens, onError, connections },
    ownRoutes: [metricsRoute(openMetricsOf(dataDir, parts.log, opened)), ...noticeRoutes],
  });
  if (http !== undefined) {
    opened.push(() => http.close());
    writeEngineFile(dataDir, http.url);
    opened.push(() => removeEngineFile(dataDir));
  }
  let closing: Promise<void> | undefined;
  return {
    ...parts,
    url: orBlank(http?.url),
    get tokens() {
      return tokens.all;
    },
    consume: (principal, id, handler) => {
      const consumer = startConsumer(system.subscriptions, { principal, id, handler, onError });
      opened.push(() => consumer.stop());
      return consumer;
    },
    close: () => (closing ??= closeAll(opened)),
  };
}

/** undefined: it was told not to. Whoever signed in to the console is known by the token of their session as well. */
async function startHttp(
  { http, port = 0, host, maxConnections }: EngineOptions,
  served: Omit<HttpServerOptions, 'port'>,
): Promise<RunningHttpServer | undefined> {
  if (http === false) return undefined;
  const sessions = createConsoleSessions(served.tokens, systemClock);
  return startHttpServer({
    ...served,
    tokens: { principalOf: (token) => served.tokens.principalOf(token) ?? sessions.principalOf(token) },
    console: createConsole(CONSOLE, sessions),
    ...{ port, ...defined({ host, maxConnections }) },
  });
}

interface Consuming {
  readonly principal: Principal;
  readonly id: string;
  readonly handler: EventHandler;
  readonly onError: (error: unknown) => void;
}

function startConsumer(
  subscriptions: Pick<Subscriptions, 'receive' | 'ack' | 'nack'>,
  { principal, id, handler, onError }: Consuming,
): Consumer {
  const source: MessageSource = {
    receive: (wanted) => subscriptions.receive(principal, id, wanted),
    ack: (receipts) => subscriptions.ack(principal, id, receipts),
    nack: (receipts, failure) => subscriptions.nack(principal, id, receipts, failure),
  };
  return consume({ source, handler, concurrency: 1, clock: systemClock, onError });
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

function writeToStandardError(error: unknown): void {
  process.stderr.write(`${withCauses(error)}\n`);
}
