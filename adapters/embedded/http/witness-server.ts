/**
 * A witness as a process of its own, for logs of anybody: its key and memory in a folder, `POST /add-checkpoint` over HTTP.
 * https://c2sp.org/tlog-witness. It knows nothing of ledgers. Run by somebody else than the log, on a machine of theirs, it is
 * what keeps the log's operator from showing two histories.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ed25519Key, LedgerError, parseVerifierKey, type NoteKey } from '../../../core/ledger/index.ts';
import { EngineError } from '../machine/errors.ts';
import { openLocalWitness } from '../log/local-witness.ts';
import { lockDataDir } from '../store/sqlite-schema.ts';
import { systemClock } from '../machine/system-clock.ts';

/** 63 hashes and a checkpoint with a hundred signatures. */
const MAX_BODY_BYTES = 65_536;
const REQUEST_MS = 10_000;
const SIZE_TYPE = 'text/x.tlog.size';

export interface WitnessServerOptions {
  /** folder for its key and memory; created when absent */
  readonly dataDir: string;
  /** its name in cosignature lines, like a URL without a scheme */
  readonly name: string;
  /** C2SP verifier keys of the logs it serves; each key is named like its log */
  readonly logKeys: readonly string[];
  /** 0: any free port */
  readonly port: number;
  /** default 127.0.0.1 */
  readonly host?: string;
  readonly onError?: (error: unknown) => void;
}

export interface WitnessServer {
  readonly url: string;
  /** what logs and auditors need to know of it */
  readonly verifierKey: string;
  close(): Promise<void>;
}

/** @throws EngineError DATA_LOCKED | PORT_UNAVAILABLE, LedgerError KEY_FILE_INVALID */
export async function startWitness(options: WitnessServerOptions): Promise<WitnessServer> {
  const { dataDir, name, port, host = '127.0.0.1', onError } = options;
  const logs = logsOf(options.logKeys);
  // Two with one memory could both cosign: one process at a time.
  const unlock = lockDataDir(dataDir);
  try {
    const witness = openLocalWitness({ folder: dataDir, name, logs, clock: systemClock });
    const server = createServer({
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      connectionsCheckingInterval: 1_000,
    });
    server.on('request', (request, response) => void serve(witness, { request, response, onError }));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(unavailable(`${host}:${port}`, cause)));
      server.listen({ host, port }, resolve);
    });
    const { port: at } = server.address() as AddressInfo;
    const close = async (): Promise<void> => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      unlock();
    };
    return { url: `http://${host}:${at}`, verifierKey: witness.verifierKey, close };
  } catch (error) {
    unlock();
    throw error;
  }
}

function logsOf(vkeys: readonly string[]): ReadonlyMap<string, readonly NoteKey[]> {
  const logs = new Map<string, NoteKey[]>();
  for (const vkey of vkeys) {
    const key = parseVerifierKey(vkey);
    if (key === undefined)
      throw new LedgerError({
        code: 'KEY_FILE_INVALID',
        message: `"${vkey.slice(0, 200)}" is not the Ed25519 verifier key of a log: <name>+<id>+<base64>`,
      });
    logs.set(key.name, [...(logs.get(key.name) ?? []), ed25519Key(key.name, key.publicKey)]);
  }
  return logs;
}

async function serve(
  witness: ReturnType<typeof openLocalWitness>,
  call: { request: IncomingMessage; response: ServerResponse; onError?: ((error: unknown) => void) | undefined },
): Promise<void> {
  const { request, response, onError } = call;
  try {
    const { status, body, type = 'text/plain; charset=utf-8' } = await answerTo(witness, request);
    response.writeHead(status, { 'content-type': type }).end(body);
  } catch (error) {
    onError?.(error);
    if (!response.headersSent)
      response.writeHead(500).end('the witness could not keep its memory: nothing was cosigned\n');
  }
}

async function answerTo(
  witness: ReturnType<typeof openLocalWitness>,
  request: IncomingMessage,
): Promise<{ readonly status: number; readonly body: string; readonly type?: string }> {
  const { pathname } = new URL(request.url ?? '/', 'http://witness');
  if (pathname === '/' && request.method === 'GET') return { status: 200, body: `${witness.verifierKey}\n` };
  if (pathname !== '/add-checkpoint') return { status: 404, body: 'POST /add-checkpoint is all there is\n' };
  if (request.method !== 'POST') return { status: 405, body: 'use POST\n' };
  const asked = await readBody(request);
  if (asked === undefined) return { status: 413, body: `a request has at most ${MAX_BODY_BYTES} bytes\n` };
  const { status, body } = await witness.addCheckpoint(asked);
  return status === 409 ? { status, body, type: SIZE_TYPE } : { status, body };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Uint8Array).length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function unavailable(where: string, cause: Error): EngineError {
  const message = `cannot listen on ${where}: ${cause.message}: choose another port`;
  return new EngineError({ code: 'PORT_UNAVAILABLE', message, cause });
}
