import { NervousError } from '../../../core/errors/index.ts';

/**
 * `EXPORT_INVALID`: the folder is no export, or not a whole one: name the right one, or export again.
 * `EXPORT_TARGET_EXISTS`: what would be written is there already: name another place.
 * `EXPORT_NOT_POSSIBLE`: there is nothing to export, or what is stored is not what was published: verify the data folder.
 * `RESTORE_REFUSED`: the export does not lead to what was signed: the message says where it differs.
 */
export type ExportErrorCode = 'EXPORT_INVALID' | 'EXPORT_TARGET_EXISTS' | 'EXPORT_NOT_POSSIBLE' | 'RESTORE_REFUSED';

export class ExportError extends NervousError<ExportErrorCode> {}
