/** Faults between the client and a real endpoint: what was applied there although nobody heard of it. */
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { dynamoClient } from '../../adapters/aws/wiring/clients.ts';
import { describeStorm } from '../adapters/aws/guard/storm.ts';
import { createScratchTables } from './support/scratch-tables.ts';

describeStorm('the deployed DynamoDB', async () => {
  const { drop, ...tables } = await createScratchTables();
  const client = dynamoClient({ retryStrategy: new ConfiguredRetryStrategy(3, () => 1) });
  return { ...tables, client, ledger: 'main', close: drop };
});
