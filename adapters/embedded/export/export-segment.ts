/** Verifies one segment of an export's entries. It loads little, because every verifying thread loads it anew. */
import { join } from 'node:path';
import {
  bundlePairs,
  EntryVerifier,
  EXPORT_FILES,
  ROOT_CHAIN,
  verifySegment,
  type LoggedEntry,
  type Segment,
  type TrustedRoot,
} from '../../../core/ledger/index.ts';
import { folderReader } from './read-file.ts';

export interface ExportSegmentJob {
  readonly folder: string;
  readonly ledger: string;
  readonly root: TrustedRoot;
  readonly signatures: boolean;
  /** entry types that must carry the root signature; a list, because functions do not cross threads */
  readonly rootSigned: readonly string[];
  /** types of the steps of change-sets */
  readonly steps: readonly string[];
  /** chains `keys/…` of the whole export */
  readonly keyEntries: ReadonlyMap<string, readonly LoggedEntry[]>;
  /** entries of the checkpoint */
  readonly size: number;
  /** log index, a multiple of 256 */
  readonly from: number;
  /** exclusive */
  readonly to: number;
  /** sizes at which the root of the log is wanted */
  readonly sizes: readonly number[];
  /** what the replay of decisions needs is wanted too */
  readonly replay: boolean;
}

export function verifyExportSegment(job: ExportSegmentJob): Promise<Segment> {
  const { folder, ledger, root, signatures, rootSigned, steps, keyEntries, size, from, to, sizes, replay } = job;
  const verifier = new EntryVerifier({
    ...{ ledger, root, signatures },
    rootSigned: (type) => rootSigned.includes(type),
    steps: new Set(steps),
    certificate: async (name) => keyEntries.get(name)?.find(({ seq }) => seq === 0),
    revocations: async (name) => keyEntries.get(name)?.filter(({ seq }) => seq > 0) ?? [],
    rotations: async () => keyEntries.get(ROOT_CHAIN) ?? [],
  });
  const files = { read: folderReader(join(folder, EXPORT_FILES.log)), size };
  return verifySegment(bundlePairs(files, { from, to }), verifier, { from, sizes, replay });
}
