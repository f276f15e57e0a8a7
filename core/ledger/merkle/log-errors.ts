import { NervousError } from '../../errors/index.ts';

/**
 * `PROOF_IMPOSSIBLE`: the tree has no such leaf or size: ask for one that is in it.
 * `EDGE_INVALID`: the stored right edge does not belong to its size: rebuild it from the leaves.
 * `TILE_MISSING`: a tile or bundle that the tree size promises is not there: restore the object, or ask for an older size.
 * `TILE_MALFORMED`: a tile or bundle does not have the bytes its name promises: the object was damaged or replaced.
 * `BUNDLE_ENTRY_TOO_LARGE`: an entry passes the 65,535 bytes that a bundle can hold.
 * `CHECKPOINT_INVALID`: the values cannot stand in a checkpoint or cosignature.
 * `LOG_DIVERGED`: what is stored no longer begins with what was signed: nothing is signed until it is verified and restored.
 * `LOG_SHRUNK`: fewer entries are stored than were published: verify the ledger and restore it.
 * `WITNESS_REFUSED`: a witness did not cosign: its answer says why; the checkpoint stands without it.
 */
export type LogErrorCode =
  | 'PROOF_IMPOSSIBLE'
  | 'EDGE_INVALID'
  | 'TILE_MISSING'
  | 'TILE_MALFORMED'
  | 'BUNDLE_ENTRY_TOO_LARGE'
  | 'CHECKPOINT_INVALID'
  | 'LOG_DIVERGED'
  | 'LOG_SHRUNK'
  | 'WITNESS_REFUSED';

export class LogError extends NervousError<LogErrorCode> {
  constructor(code: LogErrorCode, message: string) {
    super({ code, message });
  }
}
