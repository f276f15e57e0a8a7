/** The others: each server started on 127.0.0.1 with a fresh folder, measured, and ended by its id. What each promises stands beside it. */
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, run, startServer, type Server } from './processes.ts';
import { postgresUser, type Need } from './programs.ts';
import { clientSettings, freshFolder, goOptions, lean, logOf, programOf, type Bench, type Variant } from './variant.ts';
import { clientOf } from './ours.ts';

const LOCAL = '127.0.0.1';
const SETTLE_MS = 1_000;

const POSTGRES_SETTINGS = {
  ...{ listen_addresses: LOCAL, max_connections: '200', synchronous_commit: 'on', fsync: 'on', full_page_writes: 'on' },
  ...{ shared_buffers: '512MB', max_wal_size: '4GB' },
};

interface Postgres extends Server {
  readonly url: string;
  readonly dir: string;
}

async function withPostgres(bench: Bench, name: string, measure: (postgres: Postgres) => Promise<string>) {
  const bin = programOf(bench, 'postgres');
  const user = postgresUser();
  const dir = freshFolder(bench, 'postgres');
  if (user !== undefined) chownSync(dir, user.uid, user.gid);
  await run(join(bin, 'initdb'), ['-D', dir, '-U', 'postgres', '-A', 'trust', '--no-sync'], { user, cwd: dir });
  const settings = Object.entries(POSTGRES_SETTINGS).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const port = await freePort();
  const url = `postgres://postgres@${LOCAL}:${port}/postgres`;
  const args = ['-D', dir, '-p', String(port), '-k', dir, ...settings];
  const server = await startServer(join(bin, 'postgres'), args, {
    ...{ log: logOf(bench, name), port, user, cwd: dir },
  });
  try {
    await sleep(SETTLE_MS); // it listens before it takes connections
    const schema = join(import.meta.dirname, 'go/lean/pg.sql');
    await run(join(bin, 'psql'), ['-q', url, '-v', 'ON_ERROR_STOP=1', '-f', schema]);
    return await measure({ ...server, url, dir });
  } finally {
    await server.stop();
  }
}

const postgresSigned = (mode: 'single' | 'group', promises: string): Variant => ({
  name: `postgres-signed-${mode}`,
  needs: ['postgres', 'lean client', 'pg for Node'],
  promises,
  run: (bench) =>
    withPostgres(bench, `postgres-signed-${mode}`, async ({ pid, url }) => {
      const key = join(bench.folder, 'data/postgres.pub');
      const env = {
        ...clientSettings(bench),
        ...{
          ADDRESS: url,
          MODE: mode,
          PID: String(pid),
          PUBLIC_KEY: key,
          PG: programOf(bench, 'pg for Node'),
        },
      };
      const published = await run(process.execPath, [clientOf(bench, 'postgres-signed')], { env });
      const walk = [programOf(bench, 'lean client'), ['walk', '-addr', url]] as const;
      return published + (await run(...walk, { env: { PUBKEY: readFileSync(key, 'utf8') } }));
    }),
});

const nats = (name: string, syncInterval: string, promises: string): Variant => ({
  ...{ name, needs: ['nats-server', 'lean client'], promises },
  run: async (bench) => {
    const dir = freshFolder(bench, name);
    const port = await freePort();
    const config = join(bench.folder, 'data', `${name}.conf`);
    const store = `store_dir: "${dir}", max_file_store: 20GB, sync_interval: ${syncInterval}`;
    writeFileSync(config, `port: ${port}\nhost: ${LOCAL}\njetstream { ${store} }\n`);
    const log = logOf(bench, name);
    const server = await startServer(programOf(bench, 'nats-server'), ['-c', config], { log, port });
    try {
      return await lean(bench, 'nats', { addr: `nats://${LOCAL}:${port}`, pid: server.pid, dir });
    } finally {
      await server.stop();
    }
  },
});

const immudb = (name: string, batch: number, syncMs: number): Variant => ({
  name,
  needs: ['immudb'],
  promises:
    'one Merkle tree over all transactions, proofs that a client can check; state signed only with a key, which is off here; synced; no chain of an entity, no signature of an entry, no subscribers, no approval',
  run: async (bench) => {
    const [dir, state] = [freshFolder(bench, 'immudb'), freshFolder(bench, 'immudb-clients')];
    const port = await freePort();
    const off = ['--pgsql-server=false', '--web-server=false', '--metrics-server=false', '--synced=true'];
    const args = ['--dir', dir, '--address', LOCAL, '--port', String(port), ...off];
    const program = join(programOf(bench, 'immudb'), '../immudb');
    const server = await startServer(program, args, { log: logOf(bench, name), port });
    try {
      await sleep(SETTLE_MS);
      const addr = `${LOCAL}:${port}`;
      const options = goOptions(bench, { addr, batch, 'sync-ms': syncMs, pid: server.pid, dir, state });
      return await run(programOf(bench, 'immudb'), options);
    } finally {
      await server.stop();
    }
  },
});

const tessera = (name: string, publishers: number, ageMs: number, subscribers: string): Variant => ({
  name,
  needs: ['lean client'],
  promises:
    'one Merkle log, a signed checkpoint at least every 100 ms, offline proofs; fsync of every file; in process; no chain of an entity, no signature of an entry, not idempotent, no subscribers, no approval',
  run: (bench) => {
    const options = { publishers, batch: publishers, subs: subscribers, dir: freshFolder(bench, name) };
    const args = ['tessera', ...goOptions(bench, options)];
    return run(programOf(bench, 'lean client'), args, { env: { TESSERA_AGE_MS: String(ageMs) } });
  },
});

const POSTGRES: readonly Need[] = ['postgres', 'lean client'];
const SIGNED =
  'hash chain of each entity and signature of each entry, made by the one writer (Node); unique ids; fsync before the answer; no log or checkpoints, no delivery, no schema or rights, no approval';

export const OTHERS: readonly Variant[] = [
  {
    name: 'postgres-chain',
    needs: POSTGRES,
    promises:
      'hash chain of each entity made in the server, unique ids; fsync before the answer; no signature, no offline proof (who runs it can rewrite all), no rights, no approval; delivery by LISTEN/NOTIFY, lost when disconnected',
    run: (bench) =>
      withPostgres(bench, 'postgres-chain', ({ pid, url, dir }) => lean(bench, 'pg', { addr: url, pid, dir })),
  },
  postgresSigned('single', `${SIGNED}; an INSERT an event`),
  postgresSigned('group', `${SIGNED}; an INSERT for up to 256 events`),
  nats(
    'nats-fsync-each',
    'always',
    'one stream, a subject for each entity, fsync of every message before the answer; idempotent for 2 minutes; no chain, no signature, no proof, no approval',
  ),
  nats('nats-default', '2m', 'as nats-fsync-each, but fsync every 2 minutes: NOT durable when answered'),
  {
    name: 'redis-streams',
    needs: ['redis', 'lean client'],
    promises:
      'one stream, appendfsync always: fsync before the answer; all data in memory; no chain, no signature, no proof, not idempotent, no approval',
    run: async (bench) => {
      const dir = freshFolder(bench, 'redis');
      const port = await freePort();
      const options = {
        port: String(port),
        bind: LOCAL,
        dir,
        appendonly: 'yes',
        appendfsync: 'always',
        save: '',
      };
      const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
      const log = logOf(bench, 'redis-streams');
      const server = await startServer(programOf(bench, 'redis'), args, { log, port });
      try {
        return await lean(bench, 'redis', { addr: `${LOCAL}:${port}`, pid: server.pid, dir });
      } finally {
        await server.stop();
      }
    },
  },
  immudb('immudb-single', 1, 0),
  immudb('immudb-single-sync-1ms', 1, 1),
  immudb('immudb-batches', 1_000, 0),
  tessera('tessera-64', 64, 5, '1'),
  tessera('tessera-1024', 1_024, 10, ''),
];
