/** What it takes to verify entities of a data folder: the rows, the published log, the keys, all from the folder but the root. */
import type { DatabaseSync } from 'node:sqlite';
import type { EpochMs } from '../../../core/brands/index.ts';
import {
  ed25519Key,
  RememberingVerifier,
  type KnownRun,
  type NoteKey,
  type TrustedRoot,
} from '../../../core/ledger/index.ts';
import { createEntryVerifier, entryVerifierOptions, type EntityVerification } from '../../../core/system/index.ts';
import { defined } from '../../../core/values/index.ts';
import { readIncarnations } from '../log/incarnations.ts';
import { readRootHistory } from '../keys/root-keys.ts';
import { endOfLog } from '../store/rows-outside.ts';
import { identityOf, openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { pointsOf } from './verify-points.ts';
import { isDamage } from './verify-folder-segment.ts';

export interface FolderToVerify {
  readonly dataDir: string;
  /** default: `anchors` in the data folder */
  readonly anchorsDir?: string | undefined;
  readonly root: TrustedRoot;
  /** default true */
  readonly signatures?: boolean;
  /** a signed checkpoint that was kept elsewhere */
  readonly remembered?: Uint8Array;
  readonly requireAnchored?: boolean;
  readonly maxAgeMinutes?: number;
  readonly now: EpochMs;
}

export interface OpenedEntities extends EntityVerification {
  readonly entries: SqliteStore;
  /** of the one chain that these are segments of */
  readonly rememberingVerifier: (known: readonly KnownRun[]) => RememberingVerifier;
}

/** The caller closes the file. @throws EngineError, SQLite's errors of a damaged file */
export async function openEntityVerification(
  folder: FolderToVerify,
): Promise<{ readonly db: DatabaseSync; readonly deps: OpenedEntities }> {
  const db = openForReading(folder.dataDir);
  try {
    return { db, deps: await entityVerification(db, folder) };
  } catch (error) {
    db.close();
    throw error;
  }
}

async function entityVerification(db: DatabaseSync, folder: FolderToVerify): Promise<OpenedEntities> {
  const { root, signatures = true, remembered, requireAnchored, maxAgeMinutes, now } = folder;
  const { ledger, origin } = identityOf(db);
  const store = new SqliteStore(db, { readOnly: true });
  const found = await pointsOf({ ...folder, origin, incarnations: readIncarnations(db) });
  const points = { ...found, rootKeys: await rootKeysOf(root, store, found.origin) };
  const trust = { ledger, root, entries: store, signatures };
  return {
    ...{ ledger, origin, entries: store, items: store, now },
    // New each time: whether a key is still vouched for is looked at again.
    verifier: () => createEntryVerifier(trust),
    rememberingVerifier: (known) => new RememberingVerifier(entryVerifierOptions(trust), known),
    points: remembered === undefined ? points : { ...points, remembered },
    size: async () => endOfLog(db),
    ...defined({ requireAnchored, maxAgeMinutes }),
  };
}

/** Of the log, former ones too; where the file is damaged, the one that was given. */
export async function rootKeysOf(root: TrustedRoot, store: SqliteStore, log: string): Promise<readonly NoteKey[]> {
  try {
    return (await readRootHistory(root, store)).logKeys(log);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [ed25519Key(log, root.publicKey)];
  }
}
