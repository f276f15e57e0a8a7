/** What an export takes from the database, because the log does not have it. */
import type { DatabaseSync } from 'node:sqlite';

/** Keys of events are made of what the entry says, so restoring makes them again (core/events: eventIdemKey). */
const DERIVED = 'event/';

/** Idempotency keys of proposals: the log does not say under which key a change-set was proposed. */
export function idempotencyLines(db: DatabaseSync, size: number): Uint8Array {
  const rows = db
    .prepare('SELECT key, position FROM idempotency WHERE position < ? AND substr(key, 1, ?) <> ? ORDER BY position')
    .iterate(size, DERIVED.length, DERIVED);
  return lines(rows, ({ key, position }) => ({ key, position }));
}

/** Confidential fields and the data keys that open them, each encrypted or wrapped as it is stored. */
export function sensitiveLines(db: DatabaseSync, ledger: string): Uint8Array {
  const prefix = `${ledger}#sensitive#`;
  const rows = db
    .prepare('SELECT pk, sk, value FROM items WHERE substr(pk, 1, ?) = ? OR pk = ? ORDER BY pk, sk')
    .iterate(prefix.length, prefix, `${ledger}#data-key`);
  return lines(rows, ({ pk, sk, value }) => ({ pk, sk, value: JSON.parse(String(value)) as unknown }));
}

function lines(rows: Iterable<Record<string, unknown>>, of: (row: Record<string, unknown>) => unknown): Uint8Array {
  const found: Buffer[] = [];
  for (const row of rows) found.push(Buffer.from(`${JSON.stringify(of(row))}\n`));
  return Buffer.concat(found);
}
