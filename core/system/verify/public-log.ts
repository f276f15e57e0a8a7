/** Reading the published log: its checkpoint, its files, and proofs that entries are in it. */
import {
  formatProof,
  parseCheckpoint,
  parseNote,
  proveEntry,
  type Checkpoint,
  type EntryStore,
  type LogFiles,
} from '../../ledger/index.ts';
import { PolicyError, type Policy } from '../../policy/index.ts';
import { requireReads } from './require-reads.ts';
import { SystemError } from '../config/errors.ts';
import type { PublicLogView } from '../contract/nervous-system.ts';

const CHECKPOINT = 'checkpoint';
const BUNDLES = 'tile/entries/';

export interface PublicLogDependencies {
  readonly entries: EntryStore;
  /** absent: this process publishes no log */
  readonly files: Pick<LogFiles, 'read'> | undefined;
  readonly policy: Policy;
}

export function createPublicLog({ entries, files, policy }: PublicLogDependencies): PublicLogView {
  const newest = async (): Promise<Uint8Array> => {
    const note = await files?.read(CHECKPOINT);
    if (note === undefined) throw notYet('no checkpoint was published yet: ask again in a few seconds');
    return note;
  };
  return {
    checkpoint: newest,
    file: async (principal, path) => {
      if (path.startsWith(BUNDLES) && !policy.isAuditor(principal))
        throw new PolicyError({
          code: 'FORBIDDEN',
          message: `"${principal.id}" is not an auditor: entries of all entities are read by auditors`,
        });
      const bytes = await files?.read(path);
      if (bytes !== undefined) return bytes;
      throw new SystemError({ code: 'TILE_NOT_FOUND', message: `the log has no ${path.slice(0, 100)}` });
    },
    proof: async (principal, entityId, seq) => {
      requireReads(policy, principal, entityId);
      const [entry] = await entries.read(entityId, seq, 1);
      if (entry?.seq !== seq)
        throw new SystemError({
          code: 'ENTITY_NOT_FOUND',
          message: `"${entityId.slice(0, 128)}" has no entry #${seq}`,
        });
      const note = await newest();
      const { size } = checkpointOf(note);
      if (files === undefined || entry.position === undefined || entry.position >= size)
        throw notYet(`entry #${seq} is recorded, but no checkpoint covers it yet: ask again in a few seconds`);
      const options = { entry: entry.note, index: entry.position, size, note, read: files.read };
      return formatProof(await proveEntry(options));
    },
  };
}

/** Ours, so it is only read here; who asks for a proof checks the signatures. */
function checkpointOf(note: Uint8Array): Checkpoint {
  const parsed = parseNote(note, true);
  const checkpoint = 'malformed' in parsed ? parsed : parseCheckpoint(parsed.text);
  if ('malformed' in checkpoint)
    throw new SystemError({ code: 'ENTRY_UNREADABLE', message: `the checkpoint is damaged: ${checkpoint.malformed}` });
  return checkpoint;
}

function notYet(message: string): SystemError {
  return new SystemError({ code: 'NOT_PUBLISHED_YET', message });
}
