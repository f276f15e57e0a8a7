/**
 * Commits small groups on the writing thread until the disk refuses one, makes space, and goes on, REFUSALS times. Groups have different sizes, so that
 * it is another write each time. Says on stdout what was committed, and what was refused with which code.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { ThreadedStore } from '../../../../adapters/embedded/store/threaded-store.ts';
import type { LeafHash } from '../../../../core/brands/index.ts';
import { LedgerError, type CommitGroup } from '../../../../core/ledger/index.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { checked } from '../../../support/checked.ts';
import { say } from '../../../support/say.ts';

const REFUSALS = 32;
const MOST_GROUPS = 7;
/** With an item that says so, too: a group is entries and items, or nothing. */
const CHAINS = 3;

const [folder = ''] = process.argv.slice(2);
const store = new ThreadedStore(openForWriting(folder, IDENTITY), { dataDir: folder, inlineEntries: 0 });
const seqs = new Array<number>(CHAINS).fill(0);

for (let round = 0, refused = 0; refused < REFUSALS; round += 1) {
  const next = [...seqs];
  const groups = Array.from({ length: 1 + (round % MOST_GROUPS) }, (_, i) =>
    groupOf(`${round}-${i}`, next, i % CHAINS),
  );
  const ids = groups.map((_, i) => `${round}-${i}`);
  try {
    const outcomes = await store.commit(groups);
    for (const [i, outcome] of outcomes.entries()) say(`${ids[i] ?? ''} ${outcome.kind}\n`);
    seqs.splice(0, CHAINS, ...next);
  } catch (error) {
    refused += 1;
    const code = error instanceof LedgerError ? error.code : String(error);
    for (const id of ids) say(`${id} ${code}\n`);
    makeSpace();
  }
}
await store.close();

/** Two entries of a chain and an item. */
function groupOf(id: string, next: number[], chain: number): CommitGroup {
  const entries = ['a', 'b'].map((part) => {
    const seq = next[chain] ?? 0;
    next[chain] = seq + 1;
    const hash = checked<LeafHash>(Buffer.alloc(32, seq));
    return { chain: `c${chain}`, seq, idemKey: `${id}${part}`, note: Buffer.from(`${id}${part}`), hash };
  });
  return { entries, writes: [{ kind: 'put', key: { pk: 'group', sk: id }, value: id, expect: 'absent' }] };
}

/** What the log of SQLite holds goes to the ledger's file, so that it begins at its start again. */
function makeSpace(): void {
  const db = new DatabaseSync(join(folder, 'ledger.db'));
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}
