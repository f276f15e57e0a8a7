/**
 * Appends without pause, publishers over 5 entities, and says on stdout what was acknowledged. Made to be killed: from outside, or by a
 * write behind the size that its files may have. Or it goes on after such writes failed, and says which appends did.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { ThreadedStore } from '../../../../adapters/embedded/store/threaded-store.ts';
import { systemClock, systemIds } from '../../../../adapters/embedded/machine/system-clock.ts';
import { WorkerSealer } from '../../../../adapters/embedded/keys/worker-sealer.ts';
import { LedgerError } from '../../../../core/ledger/index.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { say } from '../../../support/say.ts';
import { appenderOn, note } from '../../../core/ledger/ledger-fixture.ts';
import { dieAtFileLimit } from '../../../support/file-limit.ts';

/** Appends that fail before there is space again, and that are acknowledged after it. */
const FAILURES = 20;
const AFTERWARDS = 80;
const MANY = 32;

const [folder = '', round = '', atLimit = 'fails', publishers = MANY] = process.argv.slice(2);
if (atLimit === 'dies') dieAtFileLimit();
const inlineEntries = atLimit === 'fails' ? {} : { inlineEntries: 0 };
const store = new ThreadedStore(openForWriting(folder, IDENTITY), { dataDir: folder, ...inlineEntries });
const appender = appenderOn(store, { sealer: new WorkerSealer(IDENTITY.origin), clock: systemClock, ids: systemIds });
let failed = 0;
let acknowledgedSince = 0;

/** Every third append has two entries, of two entities. */
async function publish(publisher: number): Promise<void> {
  for (let i = 0; ; i++) {
    const id = `${round}-${publisher}-${i}`;
    const parts = i % 3 === 0 ? ['a', 'b'] : [''];
    const entries = parts.map((part, n) => note(`account:${(publisher + i + n) % 5}`, `${id}${part}`));
    try {
      const result = await appender.append({ entries });
      if (result.kind !== 'appended') throw new Error(result.kind);
      for (const { position, hash, draft } of result.entries) say(`${draft.idem} ${position} ${hash}\n`);
      if (failed >= FAILURES && (acknowledgedSince += 1) >= AFTERWARDS) process.exit(0);
    } catch (error) {
      if (atLimit !== 'goes on' || !(error instanceof LedgerError)) throw error;
      for (const part of parts) say(`${id}${part} failed ${error.code}\n`);
      if ((failed += 1) === FAILURES) makeSpace();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What the log of SQLite holds goes to the ledger's file, so that it begins at its start again. */
function makeSpace(): void {
  const db = new DatabaseSync(join(folder, 'ledger.db'));
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

setInterval(() => undefined, 1_000); // keeps the process alive while it waits for the signing thread
await Promise.all(Array.from({ length: Number(publishers) }, (_, i) => publish(i)));
