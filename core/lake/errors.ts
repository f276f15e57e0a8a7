import { NervousError } from '../errors/index.ts';

/**
 * `LAKE_INVALID`: the folder or bucket is no lake, or a file that it begins with is malformed: name the right one.
 * `LAKE_FOREIGN`: the lake is of another ledger, or of another incarnation of its log: export into a new one.
 * `LAKE_AHEAD`: the lake has more than the log: the ledger lost its end, or an older copy is read. Verify the ledger first.
 * `LAKE_FILE_DIFFERS`: a file of the range is there with other rows: `nervous lake verify` names it; move it away and export again.
 * `LAKE_SOURCE_DAMAGED`: an entry of the log is missing or not what was published: verify the ledger.
 * `LAKE_NEEDS_PARQUET`: the library that reads and writes Parquet is not installed: `npm install hyparquet-writer hyparquet`.
 */
export type LakeErrorCode =
  'LAKE_INVALID' | 'LAKE_FOREIGN' | 'LAKE_AHEAD' | 'LAKE_FILE_DIFFERS' | 'LAKE_SOURCE_DAMAGED' | 'LAKE_NEEDS_PARQUET';

export class LakeError extends NervousError<LakeErrorCode> {}
