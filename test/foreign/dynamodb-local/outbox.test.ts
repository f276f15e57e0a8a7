/**
 * The outbox on a real stream: items are written in transactions with the user's own, and a reader goes through the stream as Lambda does, on
 * from the first record that was named as failed. The ledger and the handler die at random.
 */
import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import type { EventResult } from '../../../api/index.ts';
import {
  createOutboxStreamHandler,
  outboxAttribute,
  outboxItem,
  type OutboxItem,
  type OutboxStreamRecord,
  type ParkedRecord,
} from '../../../clients/outbox/dynamodb/index.ts';
import { Unreachable } from '../../../clients/sdk/index.ts';
import { config } from '../../../nervous.config.ts';
import { startTestSystem } from '../../../testing/index.ts';

const db = new DynamoDBClient({});
const ENTITIES = 5;
const PER_ENTITY = 30;
const BATCH = 10;
/** of ten requests to the ledger so many get lost, half of them on the way back */
const LOST = 4;

async function makeTable(): Promise<{ readonly table: string; readonly stream: string }> {
  const table = `outbox-${randomUUID()}`;
  await db.send(
    new CreateTableCommand({
      ...{ TableName: table, BillingMode: 'PAY_PER_REQUEST' },
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    }),
  );
  const { Table } = await db.send(new DescribeTableCommand({ TableName: table }));
  return { table, stream: Table?.LatestStreamArn ?? '' };
}

/** The streams' own API, for which the product has no client. */
async function streams<Answer>(action: string, body: object): Promise<Answer> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDBStreams_20120810.${action}`,
    authorization:
      'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  };
  const response = await fetch(process.env['AWS_ENDPOINT_URL'] ?? '', {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** All records of all shards, in the order of their shards. */
async function recordsOf(stream: string): Promise<OutboxStreamRecord[]> {
  interface Described {
    readonly StreamDescription: { readonly Shards: readonly { readonly ShardId: string }[] };
  }
  const { StreamDescription } = await streams<Described>('DescribeStream', { StreamArn: stream });
  const all: OutboxStreamRecord[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const from = { StreamArn: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    let { ShardIterator } = await streams<{ ShardIterator?: string }>('GetShardIterator', from);
    while (ShardIterator !== undefined) {
      const page: { Records: OutboxStreamRecord[]; NextShardIterator?: string } = await streams('GetRecords', {
        ShardIterator,
      });
      if (page.Records.length === 0) break;
      all.push(...page.Records);
      ShardIterator = page.NextShardIterator;
    }
  }
  return all;
}

type Handler = ReturnType<typeof createOutboxStreamHandler>;

/** As Lambda does with ReportBatchItemFailures. @param isDead whether the function dies in this call, after its work */
async function drive(handler: Handler, records: readonly OutboxStreamRecord[], isDead: () => boolean): Promise<void> {
  for (let at = 0; at < records.length;) {
    const batch = records.slice(at, at + BATCH);
    const { batchItemFailures } = await handler({ Records: batch });
    if (isDead()) continue; // nobody heard the answer: the same batch again
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const first = batch.findIndex(({ dynamodb }) => failed.has(dynamodb?.SequenceNumber ?? ''));
    at += first === -1 ? batch.length : first;
  }
}

it(
  'brings every event once and in order, whatever is lost, and parks by name what is refused',
  { timeout: 300_000 },
  async () => {
    const { table, stream } = await makeTable();
    const written = new Map<string, string[]>();
    for (let n = 0; n < PER_ENTITY; n++) {
      for (let e = 0; e < ENTITIES; e++) {
        const entityId = `account:${e}`;
        const isOdd = n === 7 && e === 2;
        const eventId = isOdd ? 'odd' : `${entityId}-${n}`;
        const payload = { amount: isOdd ? 7 : `${n}.00`, kind: 'credit' };
        const event = { topic: 'transactions.new', version: 1, entityId, eventId, payload } as const;
        const own = { pk: { S: entityId }, sk: { S: 'account' }, balance: { N: `${n}` } };
        // Accounts with an even number carry the event themselves, the others in an item beside them.
        const items: OutboxItem[] = e % 2 === 0 ? [{ ...own, ...outboxAttribute(event) }] : [own, outboxItem(event)];
        const TransactItems = items.map((Item) => ({ Put: { TableName: table, Item } }));
        await db.send(new TransactWriteItemsCommand({ TransactItems }));
        if (!isOdd) written.set(entityId, [...(written.get(entityId) ?? []), eventId]);
        if (e === 1)
          await db.send(
            new DeleteItemCommand({
              TableName: table,
              Key: { pk: { S: `nervous-outbox#${entityId}` }, sk: { S: eventId } },
            }),
          );
      }
    }
    const records = await recordsOf(stream);
    expect(records.length).toBeGreaterThan(PER_ENTITY * ENTITIES);

    const lab = await startTestSystem({ config });
    const ledger = lab.as('bank-feed');
    let calls = 0;
    const lost = new Unreachable('http://ledger', new Error('lost'));
    const parked: ParkedRecord[] = [];
    const handler = createOutboxStreamHandler({
      client: {
        publishBatch: async (events: readonly never[]): Promise<readonly EventResult[]> => {
          const fate = calls++ % 10;
          if (fate < LOST / 2) throw lost; // on the way there
          const results = await ledger.publishBatch(events);
          if (fate < LOST) throw lost; // on the way back
          return results;
        },
      },
      park: async (record) => parked.push(record),
      onProblem: () => undefined,
    });
    await drive(handler, records, () => Math.random() < 0.3);

    for (const [entity, ids] of written) {
      const recorded: string[] = [];
      for await (const { event } of lab.as('eva').feed({ entity, live: false })) recorded.push(event.eventId);
      expect(recorded).toEqual(ids);
    }
    expect(new Set(parked.map(({ eventId }) => eventId))).toEqual(new Set(['odd']));
    expect(parked[0]?.problem).toContain('PAYLOAD_INVALID');
  },
);
