/** A file as evidence. It stays where it is: what is kept, name and hash, proves later that it is the same. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProposalInput } from '../../../core/changes/index.ts';
import { UsageError } from '../output/output.ts';

/** @throws UsageError */
export function fileEvidence(path: string): NonNullable<ProposalInput['evidence']>[number] {
  try {
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
    return { url: `file:${encodeURIComponent(basename(path))}`, hash };
  } catch {
    throw new UsageError(`evidence "${path}" cannot be read: give a file`);
  }
}
