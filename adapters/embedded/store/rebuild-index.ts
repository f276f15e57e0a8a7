/**
 * What change-sets are found and counted by, and events found by topic, of a data folder: compared beside a running engine, built
 * anew on a stopped one.
 */
import { checkChangeIndex, rebuildChangeIndex } from '../../../core/changes/index.ts';
import { checkTopicIndex, rebuildTopicIndex } from '../../../core/system/index.ts';
import { hasLedger, identityOf, lockDataDir, openForReading, openForWriting } from './sqlite-schema.ts';
import { SqliteStore } from './sqlite-store.ts';

/** @returns what differs first; undefined: nothing. @throws EngineError */
export async function checkIndex(dataDir: string): Promise<string | undefined> {
  if (!hasLedger(dataDir)) return undefined;
  const db = openForReading(dataDir);
  try {
    // One reading transaction: a running engine writes meanwhile, and half a step would look like a difference.
    db.exec('BEGIN');
    const store = new SqliteStore(db);
    const { ledger } = identityOf(db);
    return (await checkChangeIndex(ledger, store)) ?? (await checkTopics(ledger, store));
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
      await rebuildTopicIndex({ ledger: identity.ledger, entries: store, items: store });
      return await rebuildChangeIndex(identity.ledger, store);
    } finally {
      store.close();
    }
  } finally {
    unlock();
  }
}

async function checkTopics(ledger: string, store: SqliteStore): Promise<string | undefined> {
  const differs = await checkTopicIndex({ ledger, entries: store, items: store });
  return differs === undefined ? undefined : `the index of topics: ${differs}`;
}
