/** The handler on a table's stream: which records it publishes, which come again, and what is put aside. */
import { describe, expect, it } from 'vitest';
import {
  createOutboxStreamHandler,
  outboxAttribute,
  outboxItem,
  type OutboxItem,
  type ParkedRecord,
} from '../../../clients/outbox/dynamodb/index.ts';
import { ApiProblem, Unreachable } from '../../../clients/sdk/index.ts';
import { config } from '../../../nervous.config.ts';
import { startTestSystem } from '../../../testing/index.ts';

const credit = (entityId: string, eventId: string, amount: string | number = '1.00') => ({
  ...{ topic: 'transactions.new' as const, version: 1 as const, entityId, eventId },
  payload: { amount, kind: 'credit' } as never,
});
const record = (number: number, image?: OutboxItem) => ({
  eventName: image === undefined ? 'REMOVE' : 'INSERT',
  dynamodb: { SequenceNumber: `${number}`, ...(image === undefined ? {} : { NewImage: image }) },
});
const failed = (...numbers: number[]) => ({ batchItemFailures: numbers.map((one) => ({ itemIdentifier: `${one}` })) });

async function setup(options: { readonly park?: (record: ParkedRecord) => Promise<unknown> } = {}) {
  const lab = await startTestSystem({ config });
  const parked: ParkedRecord[] = [];
  const problems: string[] = [];
  const handler = createOutboxStreamHandler({
    client: lab.as('bank-feed'),
    park: options.park ?? (async (one) => parked.push(one)),
    onProblem: (problem) => problems.push(problem),
  });
  const recorded = async (entity: string): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { event } of lab.as('eva').feed({ entity, live: false })) ids.push(event.eventId);
    return ids;
  };
  return { handler, parked, problems, recorded };
}

describe('an item', () => {
  it('has the keys of the table, an expiry and the event', () => {
    const item = outboxItem(credit('account:1', 'e-1'), { days: 1 });
    expect(item).toMatchObject({
      pk: { S: 'nervous-outbox#account:1' },
      sk: { S: 'e-1' },
      expiresAt: { N: expect.stringMatching(/^\d{10}$/) as string },
    });
    const { S } = outboxAttribute(credit('account:1', 'e-1'))['nervousOutbox'] as { S: string };
    expect(JSON.parse(S)).toEqual(credit('account:1', 'e-1'));
  });

  it('has other keys where the table has', () => {
    expect(Object.keys(outboxItem(credit('account:1', 'e-1'), { keys: { partition: 'id' }, expiry: 'ttl' }))).toEqual([
      'id',
      'ttl',
      'nervousOutbox',
    ]);
  });
});

describe('a batch of records', () => {
  it('is published in order, and again without effect', async () => {
    const { handler, recorded } = await setup();
    const batch = {
      Records: [record(1, outboxItem(credit('account:1', 'e-1'))), record(2, outboxItem(credit('account:1', 'e-2')))],
    };
    expect(await handler(batch)).toEqual(failed());
    expect(await handler(batch)).toEqual(failed());
    expect(await recorded('account:1')).toEqual(['e-1', 'e-2']);
  });

  it('brings nothing where the table deletes, and in items without an event', async () => {
    const { handler, parked, problems } = await setup();
    expect(await handler({ Records: [record(1), record(2, { pk: { S: 'order' } }), {}] })).toEqual(failed());
    expect([parked, problems]).toEqual([[], []]);
  });

  it('parks by name what the ledger refuses, and what is no event; the rest is published', async () => {
    const { handler, parked, recorded } = await setup();
    const Records = [
      record(1, outboxItem(credit('account:1', 'odd', 7))),
      record(2, { nervousOutbox: { S: '{' } }),
      record(3, { nervousOutbox: { S: 'null' } }),
      record(4, outboxItem(credit('account:1', 'e-1'))),
    ];
    expect(await handler({ Records })).toEqual(failed());
    expect(parked).toMatchObject([
      { sequenceNumber: '1', eventId: 'odd', problem: expect.stringContaining('PAYLOAD_INVALID') as string },
      { sequenceNumber: '2', problem: expect.stringContaining('outboxItem') as string, event: '{' },
      { sequenceNumber: '3', event: 'null' },
    ]);
    expect(await recorded('account:1')).toEqual(['e-1']);
  });

  it('comes again from a record that cannot be parked', async () => {
    const { handler, problems } = await setup({ park: () => Promise.reject(new Error('the queue is gone')) });
    expect(await handler({ Records: [record(1, outboxItem(credit('account:1', 'odd', 7)))] })).toEqual(failed(1));
    expect(problems).toEqual([expect.stringContaining('the queue is gone')]);
  });

  it.each([
    ['the service cannot be reached', new Unreachable('http://x', new Error('refused'))],
    ['the token is refused', new ApiProblem({ status: 401, code: 'UNAUTHENTICATED', detail: 'no', errors: [] })],
  ])('comes again whole when %s', async (_, error) => {
    const problems: string[] = [];
    const handler = createOutboxStreamHandler({
      client: { publishBatch: () => Promise.reject(error) },
      park: () => Promise.reject(new Error('nothing is to be parked')),
      onProblem: (problem) => problems.push(problem),
    });
    const Records = [
      record(1, outboxItem(credit('account:1', 'e-1'))),
      record(2, outboxItem(credit('account:2', 'e-2'))),
    ];
    expect(await handler({ Records })).toEqual(failed(1, 2));
    expect(problems).toEqual([error.message]);
  });
});
