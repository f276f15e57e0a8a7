/**
 * The entries of a ledger that nobody has to serve: out of a data folder, or out of an export. It reads and parses them; whether they are
 * what was signed is for `verify`.
 */
import { join } from 'node:path';
import type { ChainHash } from '../../../core/brands/index.ts';
import { leafHash, toHex } from '../../../core/canonical/index.ts';
import {
  bundlePairs,
  EXPORT_FILES,
  formatProof,
  parseCheckpoint,
  parseEntry,
  parseNote,
  proveEntry,
  type EntryBody,
  type ReadLogFile,
} from '../../../core/ledger/index.ts';
import { EngineError } from '../machine/errors.ts';
import { ExportError } from './export-error.ts';
import { openExport } from './open-export.ts';
import { folderReader } from './read-file.ts';
import { createLogFolder } from '../log/log-folder.ts';
import { LOG_FOLDER } from '../log/open-log.ts';
import { openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';

export interface SourceEntry {
  readonly body: EntryBody;
  /** hex chain hash */
  readonly hash: ChainHash;
  readonly position?: number | undefined;
}

export interface LedgerSource {
  /** for people: what was read */
  readonly name: string;
  /** in the order of the log */
  entries(): AsyncGenerator<SourceEntry>;
  /** of one entity, the first first */
  chain(entity: string): AsyncGenerator<SourceEntry>;
  /** a C2SP tlog-proof; undefined: there is no such entry */
  proof(entity: string, seq: number): Promise<Uint8Array | undefined>;
  close(): void;
}

const PAGE = 256;
const CHECKPOINT = 'checkpoint';

/** Running or stopped. @throws EngineError DATA_NOT_FOUND | DATA_FOREIGN */
export function openFolderSource(dataDir: string): LedgerSource {
  const db = openForReading(dataDir);
  const store = new SqliteStore(db);
  const { read } = createLogFolder(join(dataDir, LOG_FOLDER));
  return {
    name: `data folder ${dataDir}`,
    entries: async function* () {
      for (let at = 0; ;) {
        const page = await store.readLog(at, PAGE);
        yield* page.map((entry) => parsed(entry));
        const last = page.at(-1);
        if (last === undefined) return;
        at = last.position + 1;
      }
    },
    chain: async function* (entity) {
      for (let from = 0; ; from += PAGE) {
        const page = await store.read(entity, from, PAGE);
        yield* page.map((entry) => parsed(entry));
        if (page.length < PAGE) return;
      }
    },
    proof: async (entity, seq) => {
      const [entry] = await store.read(entity, seq, 1);
      if (entry?.seq !== seq || entry.position === undefined) return undefined;
      return prove(read, { note: entry.note, index: entry.position });
    },
    close: () => db.close(), // read only: there is nothing to finish
  };
}

/** @throws ExportError EXPORT_INVALID */
export async function openExportSource(folder: string): Promise<LedgerSource> {
  const { size } = await openExport(folder);
  const read = folderReader(join(folder, EXPORT_FILES.log));
  const source = publishedSource(`export ${folder}`, { read, size });
  return { ...source, proof: (entity, seq) => proofIn(read, size, { entity, seq }) };
}

/** The entries of a published log, wherever its files are. */
export function publishedSource(
  name: string,
  files: { readonly read: ReadLogFile; readonly size: number },
): Omit<LedgerSource, 'proof'> {
  const entries = async function* (): AsyncGenerator<SourceEntry> {
    for await (const page of bundlePairs(files, { from: 0, to: files.size })) {
      for (const { position, entry } of page) {
        if (position >= files.size) return;
        if (entry === undefined) throw unreadable(`log index ${position} of ${name} cannot be read`);
        yield parsed(entry);
      }
    }
  };
  return {
    ...{ name, entries },
    chain: ofEntity(entries),
    close: () => {},
  };
}

export function ofEntity(entries: LedgerSource['entries']): LedgerSource['chain'] {
  return async function* (entity) {
    for await (const entry of entries()) if (entry.body.entity === entity) yield entry;
  };
}

async function proofIn(
  read: ReadLogFile,
  size: number,
  { entity, seq }: { readonly entity: string; readonly seq: number },
): Promise<Uint8Array | undefined> {
  for await (const page of bundlePairs({ read, size }, { from: 0, to: size })) {
    const found = page.find(({ entry }) => entry?.chain === entity && entry.seq === seq);
    if (found?.entry !== undefined) return prove(read, { note: found.entry.note, index: found.position });
  }
  return undefined;
}

async function prove(
  read: ReadLogFile,
  entry: { readonly note: Uint8Array; readonly index: number },
): Promise<Uint8Array> {
  const note = await read(CHECKPOINT);
  const text = note === undefined ? undefined : parseNote(note, true);
  const checkpoint = text === undefined || 'malformed' in text ? undefined : parseCheckpoint(text.text);
  if (note === undefined || checkpoint === undefined || 'malformed' in checkpoint)
    throw unreadable('the log has no checkpoint that can be read: verify the ledger');
  const { size } = checkpoint;
  if (entry.index >= size)
    throw unreadable(
      `it is at log index ${entry.index}, and the newest checkpoint covers ${size} entries: try again later`,
    );
  return formatProof(await proveEntry({ entry: entry.note, index: entry.index, size, note, read }));
}

/** @throws EngineError DATA_UNREADABLE */
export function parsed(entry: { readonly note: Uint8Array; readonly position?: number | undefined }): SourceEntry {
  const result = parseEntry(entry.note);
  // Of the bytes: what a store says beside them is believed of none.
  if (result.kind === 'entry')
    return { body: result.body, hash: toHex(leafHash(entry.note)), position: entry.position };
  throw new EngineError({
    code: 'DATA_UNREADABLE',
    message: `log index ${entry.position ?? '?'} is not an entry: verify the ledger, which names what is wrong`,
  });
}

function unreadable(message: string): ExportError {
  return new ExportError({ code: 'EXPORT_NOT_POSSIBLE', message });
}
