/** Programs of a run: run to their end for what they print, or started as a server on 127.0.0.1 and ended by their id. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 20_000;
const STOP_MS = 20_000;
const PROGRAM_MS = 300_000;
const POLL_MS = 50;
/** Of what a program says on standard error. */
const KEPT = 2_000;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** the user to be, where this one may do more than a server accepts */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface Server {
  readonly pid: number;
  stop(): Promise<void>;
}

/** @returns what it wrote to standard output. @throws Error with the end of its standard error */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(command, args, { ...spawning(options), stdio: ['ignore', 'pipe', 'pipe'], timeout: PROGRAM_MS });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-KEPT)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) {
    const said = errors.trim().split('\n').slice(-3).join(' ');
    throw new Error(`${command} ended with ${String(code ?? signal)}: ${said}`);
  }
  return output;
}

/** @param log what it says goes there */
export async function startServer(
  command: string,
  args: readonly string[],
  options: RunOptions & { readonly log: string; readonly port?: number },
): Promise<Server> {
  const log = openSync(options.log, 'w');
  const child = spawn(command, args, { ...spawning(options), stdio: ['ignore', log, log] });
  closeSync(log);
  const server = { pid: child.pid ?? 0, stop: () => stop(child) };
  try {
    await started(child, options.port);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return server;
}

function spawning({ env, cwd, user }: RunOptions): SpawnOptions {
  return { env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }), ...user };
}

async function started(child: ChildProcess, port: number | undefined): Promise<void> {
  const end = performance.now() + START_MS;
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  while (port !== undefined && !(await listens(port))) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended at once: see its log`);
    if (performance.now() > end) throw new Error(`${child.spawnfile} does not listen on ${port}`);
    await sleep(POLL_MS);
  }
}

/** One that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

/** This process and no other. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = new AbortController();
  const insist = sleep(STOP_MS, undefined, { signal: late.signal }).then(
    () => {
      child.kill('SIGKILL');
    },
    () => undefined, // it ended in time
  );
  await ended;
  late.abort();
  await insist;
}

export async function waitFor<T>(find: () => T | undefined, what: string): Promise<T> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    const found = find();
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
  throw new Error(`${what} did not come`);
}
