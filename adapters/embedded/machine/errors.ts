import { NervousError } from '../../../core/errors/index.ts';

/**
 * `DATA_NOT_FOUND`: no ledger in the folder; name the right one.
 * `DATA_LOCKED`: another engine holds the folder; stop it first.
 * `DATA_EXPOSED`: other users of the machine may read the folder, and it is not ours to close; `chmod 700` it.
 * `DATA_FOREIGN`: the folder belongs to another ledger or program.
 * `DATA_NEWER`: a newer release has written the folder; run that one, or restore the backup from before the upgrade.
 * `DATA_READ_ONLY`: the folder or a file of it cannot be written by this user, or the disk is full; the message says what to do.
 * `DATA_UNREADABLE`: a file of the folder is damaged; restore it from a backup.
 * `DATA_TAMPERED`: the ledger was changed by somebody else than the engine; keep it as evidence, find out who.
 * `EXECUTOR_UNKNOWN`: an executor is declared but not implemented here, or the other way round; the message says which.
 * `MAIL_UNAVAILABLE`: mail cannot be sent by SMTP as the settings are; the message says what to set or to install.
 * `PORT_UNAVAILABLE`: the address cannot be listened on; choose another port.
 */
export type EngineErrorCode =
  | 'DATA_NOT_FOUND'
  | 'DATA_LOCKED'
  | 'DATA_EXPOSED'
  | 'DATA_FOREIGN'
  | 'DATA_NEWER'
  | 'DATA_READ_ONLY'
  | 'DATA_UNREADABLE'
  | 'DATA_TAMPERED'
  | 'MAIL_UNAVAILABLE'
  | 'PORT_UNAVAILABLE'
  | 'EXECUTOR_UNKNOWN';

export class EngineError extends NervousError<EngineErrorCode> {}
