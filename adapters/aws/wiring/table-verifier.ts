/** Verifying the whole ledger in its tables, as a part of a function's system. */
import type { ReadLogFile, RootSigner } from '../../../core/ledger/index.ts';
import type { Ports } from '../../../core/system/index.ts';
import type { AwsBase } from './open-system.ts';
import { verifyTable } from '../verify/verify-table.ts';
import type { LogPoints } from './log-points.ts';

export function tableVerifier(
  read: ReadLogFile,
  { points, seen }: LogPoints,
): (base: AwsBase, root: RootSigner) => Ports['verifyLog'] {
  return ({ config: { ledger, origin }, store }, root) =>
    (request) =>
      verifyTable({ store, ledger, origin, root, seen, points: { ...points, read }, ...request });
}
