/**
 * Starts and stops the AWS-compatible emulator: one process group on 127.0.0.1 and a free port, with an environment that
 * holds nothing of the caller's (no credentials, no profile), the project's Node first on PATH for its Lambda functions.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from './support/harness-error.ts';
import { prepareVenv } from './python-venv.ts';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 240_000;
const POLL_MS = 50;
/** Leaving takes it 3 s, the time its web server waits for open connections. */
const STOP_TIMEOUT_MS = 8_000;
const LOG_TAIL_LINES = 3;

/** In the run's directory: what each role was allowed to do, a line of JSON for each. */
export const USED_ACTIONS = 'used-actions.jsonl';

export interface Emulator {
  readonly endpoint: string;
  readonly logFile: string;
  /** Ends the emulator and every Lambda process it started. May be called twice. */
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  /** where environments are kept between runs */
  readonly cacheDir: string;
  /** an existing directory for this run's log */
  readonly runDir: string;
}

export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const python = await prepareVenv(join(import.meta.dirname, 'requirements.txt'), options.cacheDir);
  // Outside the project, as in Lambda: its package.json and node_modules must not be found from a function's code.
  const tmpDir = await mkdtemp(join(tmpdir(), 'nervous-aws-'));
  const logFile = join(options.runDir, 'emulator.log');
  const port = await freePort();
  const log = openSync(logFile, 'w');
  const child = spawn(python, [join(import.meta.dirname, 'run-emulator.py')], {
    detached: true, // its own process group, which is what `stop` ends
    stdio: ['pipe', log, log], // stdin is the leash: see run-emulator.py
    env: { ...environment(port, tmpDir), NERVOUS_USED_ACTIONS: join(options.runDir, USED_ACTIONS) },
  });
  const endpoint = `http://${HOST}:${port}`;
  const stop = async (): Promise<void> => {
    await stopGroup(child);
    await rm(tmpDir, { recursive: true, force: true });
  };
  try {
    await untilHealthy(endpoint, child, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, logFile, stop };
}

function environment(port: number, tmpDir: string): NodeJS.ProcessEnv {
  return {
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    HOME: tmpDir,
    TMPDIR: tmpDir,
    LANG: 'C.UTF-8',
    GATEWAY_PORT: String(port),
    BIND_HOST: HOST,
    MINISTACK_HOST: HOST, // else queue URLs say localhost, which may resolve to an address nobody listens on
    LOG_LEVEL: 'INFO',
    IOT_MTLS_ENABLED: '0', // opens port 8883 otherwise
    SFTP_ENABLED: '0',
    AUTH: 'true', // policies of roles, keys, buckets and queues are enforced (emulator_policies.py)
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilHealthy(endpoint: string, child: ChildProcess, logFile: string): Promise<void> {
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += POLL_MS) {
    if (hasEnded(child)) break;
    const healthy = await fetch(`${endpoint}/_ministack/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await sleep(POLL_MS);
  }
  const why = hasEnded(child) ? 'ended at once' : `did not answer within ${START_TIMEOUT_MS / 1000} s`;
  const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-LOG_TAIL_LINES).join(' | ');
  throw new HarnessError(`The AWS emulator ${why} (log: ${logFile}): ${tail}`);
}

async function stopGroup(child: ChildProcess): Promise<void> {
  const ended = hasEnded(child) ? Promise.resolve() : once(child, 'exit');
  signalGroup(child, 'SIGTERM');
  await Promise.race([ended, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  signalGroup(child, 'SIGKILL'); // also a Lambda process that outlived its parent
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // no process of the group is left
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
