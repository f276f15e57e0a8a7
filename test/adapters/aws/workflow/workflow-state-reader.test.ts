/** Reading the state table without being able to write it: strongly consistent, over pages, in the order keys sort. */
import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { createStateReader } from '../../../../adapters/aws/workflow/state-reader.ts';

const stored = (sk: string): object => ({ pk: { S: 'p' }, sk: { S: sk }, n: { N: '3' }, v: { S: '{"a":1}' } });
const read = (sk: string): object => ({ pk: 'p', sk, version: 3, value: { a: 1 } });

function reader() {
  const client = new DynamoDBClient({ region: 'eu-central-1' });
  return { calls: mockClient(client), items: createStateReader({ client, stateTable: 'state' }) };
}

it('gets one item as it is now', async () => {
  const { calls, items } = reader();
  calls
    .on(GetItemCommand)
    .resolvesOnce({ Item: stored('a') } as never)
    .resolves({});
  expect(await items.get({ pk: 'p', sk: 'a' })).toEqual(read('a'));
  expect(await items.get({ pk: 'p', sk: 'b' })).toBeUndefined();
  const Key = { pk: { S: 'p' }, sk: { S: 'a' } };
  expect(calls.commandCalls(GetItemCommand)[0]?.args[0].input).toEqual({
    TableName: 'state',
    Key,
    ConsistentRead: true,
  });
});

it('lists over pages up to the limit', async () => {
  const { calls, items } = reader();
  calls
    .on(QueryCommand)
    .resolvesOnce({ Items: [stored('b')], LastEvaluatedKey: { pk: { S: 'p' }, sk: { S: 'b' } } } as never)
    .resolvesOnce({ Items: [], LastEvaluatedKey: { pk: { S: 'p' }, sk: { S: 'c' } } })
    .resolvesOnce({ Items: [stored('d')], LastEvaluatedKey: { pk: { S: 'p' }, sk: { S: 'd' } } } as never)
    .rejects(new Error('the limit is reached'));
  expect(await items.list('p', { after: 'a', limit: 2 })).toEqual([read('b'), read('d')]);
  const inputs = calls.commandCalls(QueryCommand).map(({ args }) => args[0].input);
  expect(inputs.map(({ Limit, ExclusiveStartKey }) => [Limit, ExclusiveStartKey?.['sk']?.S])).toEqual([
    [2, undefined],
    [1, 'b'],
    [1, 'c'],
  ]);
  expect(inputs[0]).toMatchObject({
    ConsistentRead: true,
    ExpressionAttributeValues: { ':from': { S: 'a\0' }, ':to': { S: '\u{10FFFF}' } },
  });
});

it('lists what begins with a prefix, whatever comes first: the prefix or what to go on after', async () => {
  const { calls, items } = reader();
  calls.on(QueryCommand).resolves({});
  await items.list('p', { prefix: 'm', after: 'a', limit: 1 });
  await items.list('p', { prefix: 'm', after: 'm7', limit: 1 });
  const from = calls
    .commandCalls(QueryCommand)
    .map(({ args }) => args[0].input.ExpressionAttributeValues?.[':from']?.S);
  expect(from).toEqual(['m', 'm7\0']);
});
