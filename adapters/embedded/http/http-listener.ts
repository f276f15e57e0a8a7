/**
 * Where requests come in: each is handed to the HTTP contract and answered; what cannot even be read as a request is
 * answered here. It knows which connections are open and what waits on them, so that the server can close in good order.
 */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  ApiError,
  createRequestHandler,
  MAX_BODY_BYTES,
  problemResponse,
  routesWith,
  type ApiRequest,
  type ApiResponse,
  type HandleRequest,
  type Route,
} from '../../../api/index.ts';
import type { NervousSystem } from '../../../core/system/index.ts';
import { orBlank } from '../../../core/values/index.ts';
import { BodyRoom, type BodyLimits } from './body-room.ts';
import type { Console, ConsoleRequest } from './console.ts';
import { bearerOf, toApiRequest } from './http-request.ts';
import { sendStream } from './http-stream.ts';
import type { Tokens } from '../keys/tokens.ts';

/** How long, and for how many bytes, the rest of an unwanted body is read, so that its sender gets to see the answer. */
const LINGER_MS = 1_000;
const LINGER_BYTES = 4 * MAX_BODY_BYTES;

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export interface HttpListenerOptions {
  readonly system: NervousSystem;
  readonly tokens: Pick<Tokens, 'principalOf'>;
  /** Told about every error that is ours. */
  readonly onError?: (error: unknown) => void;
  /** ms in which a reader must have taken what a stream gave it, default 10 s; a slower one is cut off */
  readonly slowReaderMs?: number;
  /** default: nobody else looks at them */
  readonly connections?: OpenConnections;
  /** default 64 MiB, 16 MiB of one caller */
  readonly bodies?: BodyLimits;
  /** what this engine serves beside the common table */
  readonly ownRoutes?: readonly Route<NervousSystem>[];
  /** default: there is none */
  readonly console?: Console;
}

/** Every open connection, with the newest answer on it. */
export type OpenConnections = Map<Duplex, ServerResponse | undefined>;

type WholeAnswer = ApiResponse & { readonly body: string | Uint8Array | undefined };

export class HttpListener {
  private readonly options: HttpListenerOptions;
  private readonly handleRequest: HandleRequest<NervousSystem>;
  private readonly waiting = new Set<AbortController>();
  private readonly connections: OpenConnections;
  private readonly room: BodyRoom;
  private closing = false;

  constructor(options: HttpListenerOptions) {
    this.options = options;
    this.connections = options.connections ?? new Map<Duplex, ServerResponse | undefined>();
    this.room = new BodyRoom(options.bodies);
    this.handleRequest = createRequestHandler(routesWith(options.ownRoutes ?? []));
  }

  admit(socket: Duplex): void {
    this.connections.set(socket, undefined);
    socket.once('close', () => this.connections.delete(socket));
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /** Closes connections that have been answered and wait for a next request. */
  closeIdle(): void {
    for (const [socket, answer] of this.connections) if (answer?.writableFinished === true) socket.destroy();
  }

  async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { system, tokens, onError } = this.options;
    this.connections.set(incoming.socket, response);
    const { room, waiting } = this;
    const context = { incoming, response, tokens, room, waiting, isClosing: () => this.closing };
    const request = toApiRequest(context);
    const answer = await (this.options.console?.answer(consoleRequest(request, incoming)) ??
      this.handleRequest(request, system, onError === undefined ? {} : { onError }));
    if (response.destroyed) return;
    const { body } = answer;
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array)
      send(incoming, response, { ...answer, body, isLast: this.closing });
    else
      await sendStream(response, { ...answer, headers: { ...COMMON_HEADERS, ...answer.headers }, body }, this.options);
  }

  /** Answers what node:http could not read as a request, unless an answer is already on its way. */
  refuse(error: Error & { readonly code?: string }, socket: Duplex): void {
    const answer = this.connections.get(socket);
    const isAnswering = answer?.headersSent === true && !answer.writableFinished;
    if (!socket.writable || isAnswering || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const { status, headers, body } = problemResponse(unreadable(error.code));
    const lines = Object.entries({
      ...COMMON_HEADERS,
      ...headers,
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${orBlank(STATUS_CODES[status])}\r\n${lines.join('')}\r\n${body}`, () =>
      socket.destroy(),
    );
  }

  beginClosing(): void {
    this.closing = true;
    for (const controller of this.waiting) controller.abort();
    for (const [socket, answer] of this.connections) if (answer?.writableFinished !== false) socket.destroy();
  }
}

/** Without its signal, which is made when somebody asks for it. */
function consoleRequest({ method, target, body, principal }: ApiRequest, { headers }: IncomingMessage): ConsoleRequest {
  return { method, target, body, principal, token: bearerOf(headers.authorization) };
}

function send(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, headers, body, isLast }: WholeAnswer & { readonly isLast: boolean },
): void {
  const isUnread = !incoming.complete;
  response.writeHead(status, {
    ...COMMON_HEADERS,
    ...headers,
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...(isUnread || isLast ? { connection: 'close' } : {}),
  });
  if (!isUnread) {
    response.end(body);
    return;
  }
  // Closing a connection with unread data resets it, and the sender may never see why: read on for a while, then close.
  response.flushHeaders();
  if (body !== undefined) response.write(body);
  void drain(incoming).then(() => response.end());
}

/** Reads and forgets, within bounds. */
function drain(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > LINGER_BYTES) done();
    });
    incoming.once('end', done);
    incoming.once('close', done);
    incoming.resume();
  });
}

function unreadable(code: string | undefined): ApiError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError({ code: 'HEADERS_TOO_LARGE', message: 'URL and headers are too long: shorten them' });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError({ code: 'REQUEST_TIMEOUT', message: 'the request did not arrive in time: send it again' });
    default:
      return new ApiError({ code: 'REQUEST_INVALID', message: 'not an HTTP/1.1 request' });
  }
}
