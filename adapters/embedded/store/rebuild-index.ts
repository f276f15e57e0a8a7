/** What change-sets are found and counted by, of a data folder: compared beside a running engine, built anew on a stopped one. */
import { checkChangeIndex, rebuildChangeIndex } from '../../../core/changes/index.ts';
import { hasLedger, identityOf, lockDataDir, openForReading, openForWriting } from './sqlite-schema.ts';
import { SqliteStore } from './sqlite-store.ts';

/** @returns what differs first; undefined: nothing. @throws EngineError */
export async function checkIndex(dataDir: string): Promise<string | undefined> {
  if (!hasLedger(dataDir)) return undefined;
  const db = openForReading(dataDir);
  try {
    // One reading transaction: a running engine writes meanwhile, and half a step would look like a difference.
    db.exec('BEGIN');
    return await checkChangeIndex(identityOf(db).ledger, new SqliteStore(db));
  } finally {
    db.close();
  }
}

/** @returns how many change-sets are open. @throws EngineError DATA_LOCKED while an engine runs */
export async function rebuildIndex(dataDir: string): Promise<number> {
  const reading = openForReading(dataDir);
  const identity = identityOf(reading);
  reading.close();
  const unlock = lockDataDir(dataDir);
  try {
    const store = new SqliteStore(openForWriting(dataDir, identity));
    try {
      return await rebuildChangeIndex(identity.ledger, store);
    } finally {
      store.close();
    }
  } finally {
    unlock();
  }
}
