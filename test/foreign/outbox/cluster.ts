/**
 * A PostgreSQL of its own: made in a new folder, on a free port of 127.0.0.1, killed and started again as a test likes, gone with it.
 * Debian's package is installed when the machine has none; where that cannot be, the suite fails and says so.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { npmModule } from '../tools.ts';
import type { OutboxConnection, OutboxPool } from '../../../clients/outbox/postgres/index.ts';

const run = promisify(execFile);
const START_TRIES = 4_800;
const POLL_MS = 50;
/** Whom PostgreSQL runs as where the tests run as root, which it refuses. */
const ACCOUNT = 'postgres';

export interface TestPool extends OutboxPool {
  connect(): Promise<OutboxConnection>;
  on(event: 'error' | 'connect', listener: (...about: unknown[]) => void): unknown;
  end(): Promise<void>;
}

export interface Cluster {
  readonly port: number;
  pool(max?: number): TestPool;
  /** kill -9 of the server and of every process it has started, then what a restart does: recovery */
  killAndRestart(): Promise<void>;
  close(): Promise<void>;
}

interface Pg {
  readonly default: { readonly Pool: new (options: object) => TestPool };
}

export async function startCluster(): Promise<Cluster> {
  const bin = await binaries();
  const dir = mkdtempSync(join(tmpdir(), 'nervous-postgres-'));
  const user = accountOf(dir);
  await run(
    join(bin, 'initdb'),
    ['-D', join(dir, 'data'), '-A', 'trust', '-U', 'test', '-N', '--no-locale', '-E', 'UTF8'],
    user,
  );
  const port = await freePort();
  const { Pool } = (await npmModule<Pg>('pg')).default;
  let server = await start(bin, dir, { port, user });
  const kill = async (): Promise<void> => {
    const gone = once(server, 'exit');
    for (const pid of [server.pid ?? 0, ...childrenOf(server.pid ?? 0)]) killIfThere(pid);
    await gone;
  };
  return {
    port,
    pool: (max = 4) => {
      const pool = new Pool({
        host: '127.0.0.1',
        port,
        user: 'test',
        database: 'postgres',
        max,
        connectionTimeoutMillis: 5_000,
      });
      pool.on('error', () => undefined); // an idle connection ended with the server, as it is to
      pool.on('connect', (client) => (client as OutboxConnection).on?.('error', () => undefined)); // the query under way fails, and tells
      return pool;
    },
    killAndRestart: async () => {
      await kill();
      server = await start(bin, dir, { port, user });
    },
    close: async () => {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Started {
  readonly port: number;
  readonly user: { readonly uid?: number; readonly gid?: number };
}

/** Nothing is lost when a process is killed, so nothing has to reach the disk: fsync is off. */
async function start(bin: string, dir: string, { port, user }: Started): Promise<ChildProcess> {
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${dir}`, 'fsync=off', 'max_connections=60'];
  const args = ['-D', join(dir, 'data'), '-p', String(port), ...settings.flatMap((one) => ['-c', one])];
  for (let tries = 0; tries < START_TRIES; tries++) {
    const server = spawn(join(bin, 'postgres'), args, { stdio: 'ignore', ...user });
    // While a process of the one before still lives, the new one ends at once: it is started again.
    while (isAlive(server)) {
      const isUp = await run(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(
        () => true,
        () => false,
      );
      if (isUp && isAlive(server)) return server;
      await sleep(POLL_MS);
    }
    await sleep(POLL_MS);
  }
  throw new Error(`PostgreSQL does not start in ${dir}`);
}

/** As a call, because it changes while the caller waits. */
function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** The folder with initdb and postgres, which Debian keeps off the PATH. */
async function binaries(): Promise<string> {
  const find = (): string | undefined =>
    globSync('/usr/lib/postgresql/*/bin').find((bin) => existsSync(join(bin, 'initdb')));
  const found = find();
  if (found !== undefined) return found;
  await run('sh', ['-c', 'apt-get update -q && apt-get install -qy --no-install-recommends postgresql']).catch(
    (cause: unknown) => {
      throw new Error('these tests need PostgreSQL: apt-get install postgresql', { cause });
    },
  );
  const installed = find();
  if (installed === undefined)
    throw new Error('Debian installed PostgreSQL, but there is no /usr/lib/postgresql/*/bin/initdb');
  return installed;
}

function accountOf(dir: string): Started['user'] {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, ACCOUNT], { encoding: 'utf8' }));
  const [uid, gid] = [id('-u'), id('-g')];
  chownSync(dir, uid, gid);
  return { uid, gid };
}

/** Each of its processes has a session of its own, so they are no group. */
function childrenOf(pid: number): number[] {
  return globSync('/proc/[0-9]*/stat').flatMap((path) => {
    try {
      const [, parent] = readFileSync(path, 'utf8')
        .replace(/^.*\) . /s, '0 ')
        .split(' ');
      return Number(parent) === pid ? [Number(path.split('/')[2])] : [];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
