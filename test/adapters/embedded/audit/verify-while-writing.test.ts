/** Whoever verifies a running engine reads while it writes: what is honest must be found honest at every moment. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rowOutside, storedOutside } from '../../../../adapters/embedded/store/rows-outside.ts';
import { SCHEMA } from '../../../../adapters/embedded/store/sqlite-tables.ts';

let folder: string;
let writer: DatabaseSync;
let recorded = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-writing-'));
  writer = new DatabaseSync(join(folder, 'ledger.db'));
  writer.exec(`PRAGMA journal_mode = WAL; ${SCHEMA}`);
  recorded = 0;
  record();
});
afterEach(() => {
  writer.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One commit, as the engine makes it. */
function record(): void {
  const n = recorded;
  writer.exec(`BEGIN;
    INSERT INTO entries VALUES (${n}, 'account:1', ${n}, x'00', zeroblob(32));
    INSERT INTO batches VALUES (${n}, '[]', zeroblob(32));
    INSERT INTO idempotency VALUES ('key-${n}', ${n});
    COMMIT`);
  recorded += 1;
}

/** Before each of its statements another entry is recorded. */
class LateReader extends DatabaseSync {
  override prepare(sql: string): StatementSync {
    record();
    return super.prepare(sql);
  }
}

describe.each([
  ['rowOutside', rowOutside],
  ['storedOutside', storedOutside],
])('%s', (_, audit) => {
  it('finds no row outside the log that was recorded while it looked', () => {
    const reader = new LateReader(join(folder, 'ledger.db'), { readOnly: true });
    expect(audit(reader)).toBeUndefined();
    expect(recorded).toBeGreaterThan(2);
    reader.close();
  });

  it('finds a row behind the end that was never committed by the engine', () => {
    writer.exec(`INSERT INTO entries VALUES (9, 'account:1', 9, x'00', zeroblob(32))`);
    const reader = new LateReader(join(folder, 'ledger.db'), { readOnly: true });
    expect(audit(reader)).toMatchObject({ verdict: 'LINK_BROKEN', entity: 'account:1', seq: 9 });
    reader.close();
  });
});
