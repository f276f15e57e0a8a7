/**
 * What an event takes on disk, by what takes it, and how many pages of SQLite its commit changes as the ledger grows: counted in
 * files, not timed, so it is the same on every machine. Events have 250 bytes, 64 publishers share commits.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../../adapters/embedded/index.ts';
import { openForReading, openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { sha256 } from '../../core/canonical/index.ts';
import { craftedEntry, craftedLog, type CraftedEvent } from '../../test/support/crafted-log.ts';
import { config } from '../support/bench-config.ts';
import { round, withTempDir } from '../support/measure.ts';
import { principal, transaction } from '../support/publishing.ts';

const EVENTS = 10_000;
const PUBLISHERS = 64;
/** Of text, beside the other fields of a transaction. */
const TEXT_BYTES = 110;
const SIZES = [1_000, 30_000, 300_000];
const ENTITIES = 1_000;
const PREFILLED_AT_ONCE = 1_000;
const COMMITS = 20;
const BATCH = 100;
/** https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

export async function benchDisk(scale: number): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const text of ['dots', 'random'] as const)
    for (const [part, bytes] of await bytesAnEvent(EVENTS * scale, text)) figures[`bytes, ${text}: ${part}`] = bytes;
  for (const keys of ['in order', 'random'] as const)
    for (const size of SIZES)
      for (const [table, pages] of await pagesAnEvent(size * scale, keys))
        figures[`pages at ${size * scale}, keys ${keys}: ${table}`] = pages;
  return figures;
}

function bytesAnEvent(events: number, text: 'dots' | 'random'): Promise<ReadonlyMap<string, number>> {
  return withTempDir(async (dataDir) => {
    const engine = await startEngine({ config, dataDir, http: false, auditMinutes: 0 });
    let left = events;
    const publisher = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const event = transaction();
        const filling = text === 'dots' ? '.'.repeat(TEXT_BYTES) : noise(left);
        const operation = `VKLAD ${filling}`;
        await engine.system.publish(principal(engine, 'bank-feed'), [
          { ...event, payload: { ...(event.payload as object), operation } },
        ]);
      }
    };
    await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
    await engine.close();
    const parts = new Map<string, number>();
    const add = (part: string, bytes: number): void => void parts.set(part, (parts.get(part) ?? 0) + bytes);
    for (const [table, bytes] of tablesOf(dataDir)) add(table, bytes);
    for (const [part, bytes] of filesOf(dataDir)) add(part, bytes);
    add(
      'all',
      [...parts.values()].reduce((sum, bytes) => sum + bytes, 0),
    );
    return new Map([...parts].map(([part, bytes]) => [part, round(bytes / events)]));
  });
}

/** Text that does not repeat itself. */
function noise(seed: number): string {
  let text = '';
  for (let part = 0; text.length < TEXT_BYTES; part += 1) text += sha256(`${seed}/${part}`).toString('base64');
  return text.slice(0, TEXT_BYTES);
}

function tablesOf(dataDir: string): [string, number][] {
  const db = openForReading(dataDir);
  const rows = db.prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name').all();
  db.close();
  return rows.map(({ name, bytes }) => [`ledger.db ${String(name)}`, Number(bytes)]);
}

function filesOf(dataDir: string): [string, number][] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true }).flatMap((file): [string, number][] => {
    if (!file.isFile() || file.name.startsWith('ledger.db')) return [];
    const path = join(file.parentPath, file.name).slice(dataDir.length + 1);
    const part = /^log\/tile\/entries/.test(path) ? 'bundles' : /^log\/tile/.test(path) ? 'hash tiles' : 'other files';
    return [[part, statSync(join(dataDir, path)).size]];
  });
}

/** Of commits of 100 events, on a store that has `size` entries of 1,000 entities. */
function pagesAnEvent(size: number, keys: 'in order' | 'random'): Promise<ReadonlyMap<string, number>> {
  return withTempDir(async (dataDir) => {
    const db = openForWriting(dataDir, config);
    const store = new SqliteStore(db);
    const log = craftedLog(size + COMMITS * BATCH, { entities: ENTITIES, everyNth: Infinity });
    const commit = async (count: number): Promise<void> => {
      const events = Array.from({ length: count }, () => log.next().value as CraftedEvent);
      await store.commit(events.map((event) => ({ entries: [keyed(event, keys)], writes: [] })));
    };
    for (let at = 0; at < size; at += PREFILLED_AT_ONCE) await commit(Math.min(PREFILLED_AT_ONCE, size - at));
    db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0');
    for (let i = 0; i < COMMITS; i += 1) await commit(BATCH);
    const owners = new Map(
      db
        .prepare('SELECT pageno, name FROM dbstat')
        .all()
        .map(({ pageno, name }) => [Number(pageno), String(name)]),
    );
    const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
    const wal = readFileSync(join(dataDir, 'ledger.db-wal'));
    const changed = new Map<string, number>([['all', 0]]);
    for (let at = WAL_HEADER_BYTES; at < wal.length; at += FRAME_HEADER_BYTES + pageBytes)
      for (const name of ['all', owners.get(wal.readUInt32BE(at)) ?? 'free'])
        changed.set(name, (changed.get(name) ?? 0) + 1);
    store.close();
    return new Map([...changed].map(([name, pages]) => [name, round(pages / (COMMITS * BATCH))]));
  });
}

function keyed(event: CraftedEvent, keys: 'in order' | 'random'): ReturnType<typeof craftedEntry> {
  const eventId = keys === 'in order' ? event.eventId : sha256(event.eventId).toString('hex').slice(0, 16);
  return { ...craftedEntry({ ...event, eventId }), idemKey: `event/ann/${eventId}` };
}
