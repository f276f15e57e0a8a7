/** The store's contracts on a DynamoDB that somebody else wrote: the emulator, or whatever AWS_ENDPOINT_URL names. */
import { dynamoClient } from '../../adapters/aws/wiring/clients.ts';
import { describeAppending } from '../contract/appending.ts';
import { openDynamo } from '../contract/dynamo.ts';
import { describeEntryStore } from '../contract/entry-store.ts';
import { describeItemStore } from '../contract/item-store.ts';
import type { Open } from '../contract/stores.ts';
import { createScratchTables } from './support/scratch-tables.ts';

const NAME = 'DynamoStore, deployed';
const client = dynamoClient();
const open: Open = async () => {
  const tables = await createScratchTables();
  return { ...openDynamo({ client, ...tables, ledger: 'main' }), close: () => tables.drop() };
};

describeEntryStore(NAME, open);
describeItemStore(NAME, open);
describeAppending(NAME, open);
