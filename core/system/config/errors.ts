import { NervousError } from '../../errors/index.ts';

/**
 * `ENTITY_NOT_FOUND`: the ledger has no entry of this entity; check its id.
 * `CURSOR_INVALID`: this is not a cursor of this feed; start without one.
 * `CURSOR_GONE`: the cursor points behind entries that are lost; continue from the oldest cursor, which the error names.
 * `STREAMS_EXHAUSTED`: the principal holds as many streams as it may; close one, or raise `streams` in the configuration.
 * `BUDGET_SPENT`: the principal asks for more than its budget allows; wait as long as the answer says, or raise the budget.
 * `ENTRY_UNREADABLE`: stored bytes are damaged; verify the ledger, which names the entry.
 * `NOT_PUBLISHED_YET`: the entry is recorded, but no checkpoint covers it yet: ask again in a few seconds.
 * `VERIFICATION_ENDED`: the verification has no result, because the caller left or the engine stops; ask again.
 * `STORE_NEWER`: a newer release has brought the store up to date; deploy that one, or a newer one.
 * `NOTICE_CHANNEL_INVALID`: notices cannot be sent to this address; the message says why.
 * `TILE_NOT_FOUND`: the published log has no such file.
 */
export type SystemErrorCode =
  | 'ENTITY_NOT_FOUND'
  | 'CURSOR_INVALID'
  | 'CURSOR_GONE'
  | 'STREAMS_EXHAUSTED'
  | 'BUDGET_SPENT'
  | 'STORE_NEWER'
  | 'ENTRY_UNREADABLE'
  | 'NOT_PUBLISHED_YET'
  | 'NOTICE_CHANNEL_INVALID'
  | 'TILE_NOT_FOUND'
  | 'VERIFICATION_ENDED';

export class SystemError extends NervousError<SystemErrorCode> {}

/** Names the cursor from which a reader can continue whose own cursor is gone. */
export class CursorGone extends SystemError {
  readonly oldestCursor: string;

  constructor(init: { readonly message: string; readonly oldestCursor: string }) {
    super({ code: 'CURSOR_GONE', message: init.message });
    this.oldestCursor = init.oldestCursor;
  }
}
