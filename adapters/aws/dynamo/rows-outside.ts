/**
 * Rows of the tables that cannot belong to the log: entries under a number that is no place in a chain, and records of the log
 * that do not sort among the others. Nothing of ours wrote them, and what reads places or ranges passes them by.
 */
import { findingAt, logFinding, type Finding } from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import { logPartition, type DynamoTables } from './dynamo-items.ts';
import { queryItems } from './dynamo-reads.ts';
import { scanHeads, type RowOutside } from './scan-heads.ts';

/** Of all strings, those that sort before every number and those that sort behind. */
const NO_NUMBERS = [
  ['\u0001', '/\u{10FFFF}'],
  [':', '\u{10FFFF}'],
] as const;

export function entryOutside({ chain, sk }: RowOutside): Finding {
  return findingAt({ chain, seq: 0 }, 'UNREADABLE', `a row is stored under the number ${sk}, no place in a chain`);
}

/** Walks the whole table of entries: for when something in it could not be read. */
export async function findEntryOutside(tables: DynamoTables): Promise<Finding | undefined> {
  for await (const { outside } of scanHeads(tables)) if (outside[0] !== undefined) return entryOutside(outside[0]);
  return undefined;
}

export async function findRecordOutside(tables: DynamoTables): Promise<Finding | undefined> {
  for (const [from, to] of NO_NUMBERS) {
    const query = {
      TableName: tables.stateTable,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': { S: logPartition(tables.ledger) }, ':from': { S: from }, ':to': { S: to } },
    };
    const [found] = await queryItems(tables, query, 1);
    if (found !== undefined)
      return logFinding(
        'UNREADABLE',
        `a record of the log is stored as "${must(found['sk']?.S, 'the sort key')}", no log index`,
      );
  }
  return undefined;
}
