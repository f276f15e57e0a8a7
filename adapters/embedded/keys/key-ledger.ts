/**
 * A stopped ledger, opened for what its operator does about keys: rotate the root key, revoke a session key. It takes the
 * engine's lock, so a running engine is never surprised; what it records is published at the engine's next start.
 */
import { join } from 'node:path';
import {
  createAppender,
  createGatedAppender,
  revokeKey,
  sealRun,
  type Actor,
  type GatedAppender,
  type KeyRecord,
  type Sealer,
} from '../../../core/ledger/index.ts';
import { readIncarnations } from '../log/incarnations.ts';
import { ANCHOR_FOLDER } from '../log/open-log.ts';
import { openRootKeys, type RootKeys } from './root-keys.ts';
import { identityOf, lockDataDir, openForReading, openForWriting } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { systemClock, systemIds } from '../machine/system-clock.ts';

/** Whoever works on the data folder itself has no other name. */
const OPERATOR: Actor = { kind: 'service', id: 'operator', via: 'data folder' };

const signHere: Sealer = { seal: async (runs, signer) => runs.map((run) => sealRun(run, run.run, signer)) };

export interface KeyLedgerOptions {
  readonly dataDir: string;
  /** default: `anchors` in `dataDir` */
  readonly anchorsDir?: string;
  readonly reason: string;
}

/** @throws EngineError DATA_NOT_FOUND | DATA_LOCKED | DATA_FOREIGN, LedgerError KEY_FILE_INVALID | KEY_REASON_INVALID */
export function rotateRootKey(options: KeyLedgerOptions): ReturnType<RootKeys['rotate']> {
  return withLedger(options, ({ appender, keys }) => appender.alone((alone) => keys.rotate(alone, options.reason)));
}

/** @param options.key `keys/<16 hex>`. @throws as above, LedgerError KEY_NOT_FOUND */
export function revokeSessionKey(options: KeyLedgerOptions & { readonly key: string }): Promise<KeyRecord> {
  const { key, reason } = options;
  return withLedger(options, (ledger) => revokeKey(ledger, { key, reason, actor: OPERATOR }));
}

async function withLedger<T>(
  { dataDir, anchorsDir = join(dataDir, ANCHOR_FOLDER) }: KeyLedgerOptions,
  work: (ledger: { appender: GatedAppender; entries: SqliteStore; keys: RootKeys }) => Promise<T>,
): Promise<T> {
  const found = openForReading(dataDir);
  const identity = identityOf(found);
  found.close();
  const unlock = lockDataDir(dataDir);
  try {
    const db = openForWriting(dataDir, identity);
    const entries = new SqliteStore(db);
    try {
      const { origin } = identity;
      const keys = await openRootKeys({ dataDir, origin, anchorsDir, entries, incarnations: readIncarnations(db) });
      const clockAndIds = { clock: systemClock, ids: systemIds, sealer: signHere };
      const appender = createAppender({ ...identity, ...clockAndIds, store: entries, rootSigner: keys.signer });
      return await work({ appender: createGatedAppender(appender), entries, keys });
    } finally {
      entries.close();
    }
  } finally {
    unlock();
  }
}
