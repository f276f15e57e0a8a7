/** Verifying the whole ledger in its tables, as a port of a function's system. */
import type { ReadLogFile } from '../../../core/ledger/index.ts';
import type { Ports } from '../../../core/system/index.ts';
import type { AwsBase } from './open-system.ts';
import { verifyTable } from '../verify/verify-table.ts';
import type { LogPoints } from './log-points.ts';

export function createTableVerifier(
  { config: { ledger, origin }, store, root }: AwsBase,
  read: ReadLogFile,
  { points, seen }: LogPoints,
): Ports['verifyLog'] {
  return (request) => verifyTable({ store, ledger, origin, root, seen, points: { ...points, read }, ...request });
}
