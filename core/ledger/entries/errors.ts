import { NervousError } from '../../errors/index.ts';

/**
 * `ENTITY_ID_INVALID`: not an entity id; the message says which characters are allowed.
 * `ENTRY_TOO_LARGE`: the entry would have more than 65,535 bytes: shorten the payload, or store it in another place and reference its hash.
 * `ENTRY_INVALID`: a field of the entry breaks the closed schema.
 * `LEDGER_BUSY`: too many writers wrote to one chain at once; nothing was written. Retry with backoff and the same idempotency key.
 * `STORE_UNAVAILABLE`: the outcome is unknown. Retry with the same idempotency key: a recorded entry is found again.
 * `KEY_NOT_FOUND`: this ledger never certified such a session key; `nervous keys list` lists them.
 * `KEY_NOT_CURRENT`: the root key to rotate from is not the ledger's newest, or the one to rotate to is not new.
 * `KEY_REASON_INVALID`: a rotation or revocation needs a reason of 1-1,000 characters.
 * `KEY_FILE_INVALID`: the root key could not be read; restore it, because a new key would not match the ledger.
 */
export type LedgerErrorCode =
  | 'ENTITY_ID_INVALID'
  | 'ENTRY_TOO_LARGE'
  | 'ENTRY_INVALID'
  | 'LEDGER_BUSY'
  | 'STORE_UNAVAILABLE'
  | 'KEY_NOT_FOUND'
  | 'KEY_NOT_CURRENT'
  | 'KEY_REASON_INVALID'
  | 'KEY_FILE_INVALID';

export class LedgerError extends NervousError<LedgerErrorCode> {}
