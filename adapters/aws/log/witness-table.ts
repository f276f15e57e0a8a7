/** The witness's memory in a table of its own, written only over what was read before. */
import { ConditionalCheckFailedException, PutItemCommand, type PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Remembered, WitnessMemory } from '../../../core/ledger/index.ts';
import { readWitnessTable, type WitnessTableOptions } from './witness-memory.ts';

export function createWitnessTable(options: WitnessTableOptions): WitnessMemory {
  const { client, table: TableName } = options;
  return {
    load: readWitnessTable(options),
    store: async (origin, next, before) => {
      const Item = { pk: { S: origin }, n: { N: String(next.size) }, r: { B: next.root } };
      try {
        await client.send(new PutItemCommand({ TableName, Item, ...onlyOver(before) }));
        return true;
      } catch (error) {
        // Also when our own write's answer was lost and the client sent it again: the log is told where we stand, and asks.
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

function onlyOver(before: Remembered | undefined): Partial<PutItemCommandInput> {
  if (before === undefined) return { ConditionExpression: 'attribute_not_exists(pk)' };
  return {
    ConditionExpression: 'n = :n AND r = :r',
    ExpressionAttributeValues: { ':n': { N: String(before.size) }, ':r': { B: before.root } },
  };
}
