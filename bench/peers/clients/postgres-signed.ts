/**
 * Postgres with guarantees of ours made by the client in Node: canonical text, `prev`, Ed25519, hash; places and ids unique in the
 * database. MODE=single: 64 connections, one INSERT an event, heads known to this one writer. MODE=group: one writer that commits what
 * waits, up to 256 events, by one INSERT: the design of our engine, on Postgres.
 */
import { createHash, generateKeyPairSync, hash, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadEvents, print, publishAll, setting, type Measured, type PeerEvent } from './load.ts';

const PUBLISHERS = 64;
const GROUP = 256;
const COLUMNS = '(entity, seq, id, body, sig, hash)';

/** The part of `pg` that is used; it is installed beside the run, not in this project. */
interface Client {
  connect(): Promise<void>;
  query(query: string | object): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}
const { Client: PgClient } = createRequire(import.meta.url)(setting('PG')) as {
  readonly Client: new (options: object) => Client;
};

interface Head {
  readonly prev: string;
  readonly seq: number;
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const heads = new Map<string, Head>();
const control = await connected();
await control.query('TRUNCATE signed');
const walBefore = await figure("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS v");
const publish = setting('MODE') === 'single' ? await oneByOne() : await inGroups();
const measured: Measured = {};
const load = { publishers: PUBLISHERS, batch: 1, pid: Number(setting('PID')) };
const published = await publishAll(loadEvents(), load, measured, async (publisher, part) => {
  for (const event of part) await publish(publisher, event);
});
measured['diskBytesPerEvent'] = Math.round((await figure("SELECT pg_total_relation_size('signed') AS v")) / published);
const wal = await figure("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS v");
measured['walBytesPerEvent'] = Math.round((wal - walBefore) / published);
writeFileSync(setting('PUBLIC_KEY'), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'));
print(measured);
process.exit(); // connections that are kept open would keep it

async function connected(): Promise<Client> {
  const client = new PgClient({ connectionString: setting('ADDRESS') });
  await client.connect();
  return client;
}

async function figure(query: string): Promise<number> {
  return Number((await control.query(query)).rows[0]?.['v']);
}

function sealed({ entity, id, payload }: PeerEvent): readonly unknown[] {
  const { prev, seq } = heads.get(entity) ?? { prev: hash('sha256', `genesis ${entity}`, 'hex'), seq: 0 };
  const body = Buffer.from(JSON.stringify({ at: new Date().toISOString(), entity, id, payload, prev, seq }));
  const signature = sign(null, body, privateKey);
  const digest = createHash('sha256').update(body).update(signature).digest();
  heads.set(entity, { prev: digest.toString('hex'), seq: seq + 1 });
  return [entity, seq, id, body, signature, digest];
}

async function oneByOne(): Promise<(publisher: number, event: PeerEvent) => Promise<unknown>> {
  const clients = await Promise.all(Array.from({ length: PUBLISHERS }, connected));
  const text = `INSERT INTO signed ${COLUMNS} VALUES ($1, $2, $3, $4, $5, $6)`;
  /** entity → the end of what is under way: an entry must not be stored before the one it is built on */
  const lanes = new Map<string, Promise<unknown>>();
  return (publisher, event) => {
    const before = lanes.get(event.entity) ?? Promise.resolve();
    const done = before.then(() => clients[publisher]?.query({ name: 'put', text, values: sealed(event) }));
    lanes.set(event.entity, done);
    return done;
  };
}

async function inGroups(): Promise<(publisher: number, event: PeerEvent) => Promise<unknown>> {
  const writer = await connected();
  const types = ['text', 'bigint', 'text', 'bytea', 'bytea', 'bytea'].map((type, i) => `$${i + 1}::${type}[]`);
  const text = `INSERT INTO signed ${COLUMNS} SELECT * FROM unnest(${types.join(', ')})`;
  const waiting: { readonly event: PeerEvent; readonly done: () => void }[] = [];
  let committing: Promise<void> | undefined;
  const commit = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting.splice(0, GROUP);
      const rows = group.map(({ event }) => sealed(event));
      await writer.query({ name: 'puts', text, values: types.map((_, column) => rows.map((row) => row[column])) });
      for (const { done } of group) done();
    }
    committing = undefined;
  };
  return (_, event) =>
    new Promise<void>((done) => {
      waiting.push({ event, done });
      committing ??= Promise.resolve().then(commit);
    });
}
