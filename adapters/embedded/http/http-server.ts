/** The HTTP contract on node:http: where it listens, how long it waits for slow clients, and how it ends in good order. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngineError } from '../machine/errors.ts';
import { HttpListener, type HttpListenerOptions } from './http-listener.ts';

export interface HttpTimeouts {
  /** ms for all headers of a request to arrive */
  readonly headersMs: number;
  /** ms for a whole request to arrive; answering may take longer */
  readonly requestMs: number;
  /** ms an idle connection is kept */
  readonly keepAliveMs: number;
  /** ms that requests under way get when the server closes */
  readonly graceMs: number;
}

const TIMEOUTS: HttpTimeouts = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 65_000, graceMs: 5_000 };
/** Each may hold a few ten KiB, and a file descriptor of which a process may have few. */
export const MAX_CONNECTIONS = 2_000;
/** From here on, connections kept for a next request make room for those that have one. */
const CROWDED = 0.75;
const MAX_CHECK_INTERVAL_MS = 1_000;

export interface HttpServerOptions extends HttpListenerOptions {
  /** default 127.0.0.1: reachable from this machine only */
  readonly host?: string;
  /** 0: any free port */
  readonly port: number;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** connections at once, default 2,000; one more is closed at once */
  readonly maxConnections?: number;
}

export interface RunningHttpServer {
  readonly url: string;
  /** open now, and at most */
  connections(): { readonly open: number; readonly limit: number };
  /** Accepts no more, ends what waits, lets the rest finish within the grace period. Safe to call twice. */
  close(): Promise<void>;
}

/** @throws EngineError PORT_UNAVAILABLE */
export async function startHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const { host = '127.0.0.1', port } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const listener = new HttpListener(options);
  const server = createServer({
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionsCheckingInterval: Math.min(MAX_CHECK_INTERVAL_MS, timeouts.headersMs),
  });
  const serve = (incoming: IncomingMessage, response: ServerResponse): void => void listener.serve(incoming, response);
  const { maxConnections = MAX_CONNECTIONS } = options;
  server.maxConnections = maxConnections;
  server.on('connection', (socket) => {
    listener.admit(socket);
    if (listener.connectionCount > maxConnections * CROWDED) listener.closeIdle();
  });
  server.on('request', serve);
  server.on('checkContinue', serve); // the body is asked for (100 Continue) only when it is wanted
  server.on('clientError', (error, socket) => listener.refuse(error, socket));
  await listen(server, host, port);
  server.on('error', (error) => options.onError?.(error)); // a connection that could not be accepted, say
  let closed: Promise<void> | undefined;
  return {
    connections: () => ({ open: listener.connectionCount, limit: maxConnections }),
    url: urlOf(host, server.address() as AddressInfo),
    close: () => (closed ??= close(server, listener, timeouts.graceMs)),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      const why = cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message;
      const message = `cannot listen on ${host}:${port}: ${why}: stop what uses it or choose another port`;
      reject(new EngineError({ code: 'PORT_UNAVAILABLE', message, cause }));
    };
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

async function close(server: Server, listener: HttpListener, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  listener.beginClosing();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

function urlOf(host: string, { port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`;
}
