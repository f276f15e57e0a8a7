/** Where in the log an entry stands, by its place in its chain: the index the sequencer keeps. */
import { GetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';

const SEQ_DIGITS = 16;

export interface LogPositions {
  /** Undefined: the entry has no log index yet, or does not exist. */
  positionOf(chain: string, seq: number): Promise<number | undefined>;
}

export class DynamoLogPositions implements LogPositions {
  private readonly options: { readonly client: DynamoDBClient; readonly stateTable: string; readonly ledger: string };

  constructor(options: DynamoLogPositions['options']) {
    this.options = options;
  }

  async positionOf(chain: string, seq: number): Promise<number | undefined> {
    const { client, stateTable, ledger } = this.options;
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: stateTable,
        Key: { pk: { S: `${ledger}#index#${chain}` }, sk: { S: String(seq).padStart(SEQ_DIGITS, '0') } },
        ProjectionExpression: 'i',
        ConsistentRead: true,
      }),
    );
    return Item?.i?.N === undefined ? undefined : Number(Item.i.N);
  }
}
