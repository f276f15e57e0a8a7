/** What SQLite says when it cannot write, as something to do: https://www.sqlite.org/rescode.html */
import { LedgerError } from '../../../core/ledger/index.ts';
import { EngineError } from './errors.ts';

const SQLITE_PERM = 3;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
/** Extended codes have the primary one in their low byte. */
const PRIMARY = 0xff;

/** What the operating system says of a folder or file that may not be written. */
const DENIED: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOENT', 'ENOSPC', 'EDQUOT']);

/** A write of a running engine that failed for want of a place to write to. Nothing of the transaction was written, and what was acknowledged before is safe. */
export function writeTrouble(error: unknown): LedgerError | undefined {
  const detail = troubleOf(error);
  if (detail === undefined) return undefined;
  return new LedgerError({ code: 'STORE_UNAVAILABLE', message: detail, cause: error });
}

/** An engine that could not write is not started: it would say "ready" and refuse everything. */
export function openingTrouble(error: unknown, dataDir: string): EngineError | undefined {
  const isDenied = DENIED.has((error as { readonly code?: unknown } | undefined)?.code);
  const detail = troubleOf(error) ?? (isDenied ? deniedBy(error) : undefined);
  if (detail === undefined) return undefined;
  return new EngineError({
    code: 'DATA_READ_ONLY',
    message: `"${dataDir}" cannot be written: ${detail}`,
    cause: error,
  });
}

function troubleOf(error: unknown): string | undefined {
  const { errcode } = (error ?? {}) as { readonly errcode?: unknown };
  if (typeof errcode !== 'number') return undefined;
  switch (errcode & PRIMARY) {
    case SQLITE_FULL:
      return 'there is no space left for the ledger: make some, and it goes on by itself';
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return 'its files are read-only for this user: give the folder and its files to the user that the engine runs as (chown, chmod u+w), or mount the disk for writing';
    case SQLITE_IOERR:
      return 'the disk reports an error: look at its space and its health';
    default:
      return undefined;
  }
}

function deniedBy(error: unknown): string {
  return `${error instanceof Error ? error.message : String(error)}: make the folder, or give it to the user that the engine runs as`;
}
