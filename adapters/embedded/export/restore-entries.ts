/**
 * Puts the entries of a verified export into an empty store, in their order, each with everything that became true with it:
 * idempotency keys, records of change-sets, documents. The same commits make it as made the original.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createItemRebuilder, leadsToItems } from '../../../core/changes/index.ts';
import { toHex, type JsonValue } from '../../../core/canonical/index.ts';
import { eventIdemKey } from '../../../core/events/index.ts';
import { isSealed } from '../../../core/system/index.ts';
import {
  bundlePairs,
  EXPORT_FILES,
  parseEntry,
  type EntryBody,
  type EntryToStore,
  type ExportManifest,
  type ItemWrite,
  type LoggedEntry,
} from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { ExportError } from './export-error.ts';
import { folderReader } from './read-file.ts';

/** Entries of one commit, as the engine has them at most. */
const BATCH = 256;
const ITEMS = 100;
/** Key of a confidential field: seq and path. */
const FIELD_PLACE = /^([0-9]{16})(\/.*)$/s;

/**
 * @param onPage called with the entries so far
 * @throws ExportError RESTORE_REFUSED naming the entry that does not follow from those before it
 */
export async function restoreEntries(
  store: SqliteStore,
  folder: string,
  manifest: ExportManifest,
  onPage: (entries: number) => void,
): Promise<void> {
  const { ledger, size } = manifest;
  const proposed = await readKeys(folder);
  const rebuild = createItemRebuilder({ ledger, items: store, entries: store });
  const files = { read: folderReader(join(folder, EXPORT_FILES.log)), size };
  let batch: EntryToStore[] = [];
  let restored = 0;
  const flush = async (last?: LoggedEntry, writes: readonly ItemWrite[] = []): Promise<void> => {
    const entries = batch;
    batch = [];
    if (entries.length > 0) await commit(store, { entries, writes }, last);
  };
  for await (const page of bundlePairs(files, { from: 0, to: size })) {
    for (const { position, entry } of page) {
      const parsed = entry === undefined ? undefined : parseEntry(entry.note);
      if (entry === undefined || parsed?.kind !== 'entry') throw refused(`log index ${position} cannot be read`);
      const { body } = parsed;
      const hasItems = leadsToItems(body.type);
      if (hasItems) await flush(); // what it follows from must be readable
      batch.push(toStore(entry, body, proposed.get(position)));
      if (hasItems) await flush(entry, await writesOf(entry, body, rebuild));
      else if (batch.length >= BATCH) await flush(entry);
    }
    restored += page.length;
    onPage(restored);
  }
  await flush();
}

/**
 * Confidential fields, as they were encrypted: nobody signed the file, so nothing else is taken from it, and of these what an
 * entry is committed to. What they hold is checked when all are there, with the key that opens them.
 */
export async function restoreSensitive(store: SqliteStore, folder: string, ledger: string): Promise<void> {
  let writes: ItemWrite[] = [];
  for await (const { pk, sk, value, ...more } of jsonLines(join(folder, EXPORT_FILES.sensitive))) {
    const isOurs = typeof pk === 'string' && typeof sk === 'string' && Object.keys(more).length === 0;
    if (!isOurs || !(isDataKey(ledger, pk, value) || (await isCommitted({ store, ledger }, { pk, sk, value }))))
      throw refused(
        `${EXPORT_FILES.sensitive} has a row "${String(pk).slice(0, 200)}" "${String(sk).slice(0, 200)}" that is no confidential field of this ledger`,
      );
    writes.push({ kind: 'put', key: { pk, sk }, value: value as JsonValue, expect: 'absent' });
    if (writes.length < ITEMS) continue;
    await store.write(writes);
    writes = [];
  }
  if (writes.length > 0) await store.write(writes);
}

function isDataKey(ledger: string, pk: string, value: unknown): boolean {
  if (pk !== `${ledger}#data-key` || typeof value !== 'object' || value === null) return false;
  const { wrapped, ...more } = value as Readonly<Record<string, unknown>>;
  return typeof wrapped === 'string' && Object.keys(more).length === 0;
}

async function isCommitted(
  { store, ledger }: { readonly store: SqliteStore; readonly ledger: string },
  { pk, sk, value }: { readonly pk: string; readonly sk: string; readonly value: unknown },
): Promise<boolean> {
  const prefix = `${ledger}#sensitive#`;
  const [, digits = '', path = ''] = FIELD_PLACE.exec(sk) ?? [];
  if (!pk.startsWith(prefix) || digits === '' || !isSealed(value)) return false;
  const seq = Number(digits);
  const [entry] = await store.read(pk.slice(prefix.length), seq, 1);
  const parsed = entry?.seq === seq ? parseEntry(entry.note) : undefined;
  return parsed?.kind === 'entry' && (parsed.body.commits ?? []).some((commit) => commit.path === path);
}

async function writesOf(
  entry: LoggedEntry,
  body: EntryBody,
  rebuild: ReturnType<typeof createItemRebuilder>,
): Promise<readonly ItemWrite[]> {
  const rebuilt = await rebuild({ body, hash: toHex(entry.hash) });
  if (rebuilt.kind === 'writes') return rebuilt.writes;
  throw refused(`${nameOf(entry)}: ${rebuilt.reason}`);
}

async function commit(
  store: SqliteStore,
  group: { readonly entries: readonly EntryToStore[]; readonly writes: readonly ItemWrite[] },
  last: LoggedEntry | undefined,
): Promise<void> {
  const [outcome] = await store.commit([group]);
  if (outcome?.kind === 'committed') return;
  const [first] = group.entries;
  const place =
    last === undefined
      ? `"${must(first, 'what was to be stored').chain}" #${must(first, 'what was to be stored').seq}`
      : nameOf(last);
  throw refused(`at ${place} the store refuses what was recorded (${outcome?.kind ?? 'nothing'})`);
}

function toStore(
  { chain, seq, note, hash }: LoggedEntry,
  body: EntryBody,
  proposedUnder: string | undefined,
): EntryToStore {
  const { source } = body.data;
  const isEvent = body.type === 'event' && typeof source === 'string';
  // What is read shares its memory with the bundle; SQLite copies it.
  return { chain, seq, note, hash, idemKey: isEvent ? eventIdemKey(source, body.idem) : proposedUnder };
}

/** Keys of proposals by log index. */
async function readKeys(folder: string): Promise<ReadonlyMap<number, string>> {
  const keys = new Map<number, string>();
  for await (const { key, position } of jsonLines(join(folder, EXPORT_FILES.keys)))
    if (typeof key === 'string' && typeof position === 'number') keys.set(position, key);
  return keys;
}

/** @throws ExportError EXPORT_INVALID */
async function* jsonLines(path: string): AsyncGenerator<Record<string, unknown>> {
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity }))
      if (line !== '') yield JSON.parse(line) as Record<string, unknown>;
  } catch (cause) {
    throw new ExportError({ code: 'EXPORT_INVALID', message: `"${path}" cannot be read line by line as JSON`, cause });
  }
}

function nameOf({ chain, seq, position }: LoggedEntry): string {
  return `"${chain}" #${seq} (log index ${position})`;
}

function refused(detail: string): ExportError {
  return new ExportError({ code: 'RESTORE_REFUSED', message: `${detail}: nothing was restored` });
}
