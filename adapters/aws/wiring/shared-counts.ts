/** Counts shared by all functions that publish, as a port of a function's system. */
import type { SharedCounts } from '../../../core/events/index.ts';
import { DynamoCounts } from '../guard/dynamo-counts.ts';
import type { AwsBase } from './open-system.ts';

export function createSharedCounts({ client, stateTable, config: { ledger } }: AwsBase): SharedCounts {
  return new DynamoCounts({ client, stateTable, ledger });
}
