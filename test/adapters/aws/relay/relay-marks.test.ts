/** W10: a minute of marks is spread over partitions, of which each takes a thousand writes a second, and is found again whole. */
import { expect, it } from 'vitest';
import { DynamoRelayMarks, MARK_SHARDS } from '../../../../adapters/aws/relay/relay-marks.ts';
import { DynamoStore } from '../../../../adapters/aws/dynamo/dynamo-store.ts';
import { FakeDynamo } from '../dynamo/fake-dynamo.ts';

const ROUNDS = 400;
const AT = '2026-11-21T19:31:04.589Z';

it('W10: marks of one minute lie in eight partitions, about as many in each, and all of them are read', async () => {
  const fake = new FakeDynamo();
  const tables = { client: fake.client(), stateTable: 'state', ledger: 'main' };
  const marks = new DynamoRelayMarks({ ...tables, items: new DynamoStore({ ...tables, entriesTable: 'entries' }) });
  const places = Array.from({ length: ROUNDS }, (_, seq) => ({ chain: 'account:1', seq, at: AT }));
  for (const place of places) await marks.write([place]);
  const partitions = Map.groupBy(fake.items('state'), ({ pk }) => pk?.S);
  expect([...partitions.keys()].sort()).toEqual(
    Array.from({ length: MARK_SHARDS }, (_, shard) => `main#relayed#2026-11-21T19:31#${shard}`),
  );
  // A fair spread of 400 has 50 in each; one partition for all would have 400.
  for (const [pk, items] of partitions) expect(items.length, pk).toBeLessThan((2 * ROUNDS) / MARK_SHARDS);
  expect((await marks.read(places)).size).toBe(ROUNDS);
  expect((await marks.read([{ chain: 'account:1', seq: 0, at: '2026-11-21T19:32:00.000Z' }])).size).toBe(0);
});
