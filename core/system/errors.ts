import { NervousError } from '../errors/index.ts';

/**
 * `ENTITY_NOT_FOUND`: nothing was ever recorded for this entity.
 * `CURSOR_INVALID`: not a cursor of this feed; start without one.
 * `ENTRY_UNREADABLE`: stored bytes are damaged; verify the ledger, it names the entry.
 */
export type SystemErrorCode = 'ENTITY_NOT_FOUND' | 'CURSOR_INVALID' | 'ENTRY_UNREADABLE';

export class SystemError extends NervousError<SystemErrorCode> {}
