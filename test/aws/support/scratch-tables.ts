/** Two empty tables as the ledger has them, for one test, on whatever the environment's endpoint is. */
import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  waitUntilTableExists,
  type DynamoDBClient,
  type ScalarAttributeType,
} from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../../adapters/aws/wiring/clients.ts';

export interface ScratchTables {
  readonly entriesTable: string;
  readonly stateTable: string;
  readonly drop: () => Promise<void>;
}

/** Made on a client of its own, so that faults and counters of the tested one stay out of it. */
export async function createScratchTables(): Promise<ScratchTables> {
  const client = dynamoClient();
  const name = `contract-${randomUUID()}`;
  const [entriesTable, stateTable] = [`${name}-entries`, `${name}-state`];
  await Promise.all([create(client, entriesTable, 'N'), create(client, stateTable, 'S')]);
  const drop = async (): Promise<void> => {
    const tables = [entriesTable, stateTable];
    await Promise.all(tables.map((TableName) => client.send(new DeleteTableCommand({ TableName }))));
    client.destroy();
  };
  return { entriesTable, stateTable, drop };
}

async function create(client: DynamoDBClient, TableName: string, sortKey: ScalarAttributeType): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: sortKey },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName });
}
