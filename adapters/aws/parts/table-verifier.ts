/** Verifying the whole ledger in its tables, as a part of a function's system. */
import type { RootSigner } from '../../../core/ledger/index.ts';
import type { Ports } from '../../../core/system/index.ts';
import type { AwsBase } from '../open-system.ts';
import { verifyTable } from '../verify-table.ts';

export function tableVerifier({ config, store }: AwsBase, root: RootSigner): Ports['verifyLog'] {
  const { ledger, origin } = config;
  return ({ signatures }) => verifyTable({ store, ledger, origin, root, signatures });
}
