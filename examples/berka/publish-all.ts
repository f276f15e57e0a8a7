/** Publishes a stream of transactions in batches, several at once, each account's in the order of the file. */
import type { Client } from '../../clients/sdk/index.ts';
import type { config } from '../../nervous.config.ts';
import type { Transaction } from './transactions.ts';

const BATCH = 100;
/** Batches on their way at once. An account always takes the same lane, so its events cannot overtake each other. */
const LANES = 8;

/** @returns how many distinct events the ledger holds now of this stream; rows that repeat an id are duplicates */
export async function publishAll(
  client: Client<typeof config>,
  transactions: AsyncIterable<Transaction & { readonly entityId: string }>,
  onPublished: (count: number) => void,
): Promise<number> {
  const lanes = Array.from({ length: LANES }, () => ({ batch: [] as Transaction[], sent: Promise.resolve() }));
  let count = 0;
  const send = async (batch: readonly Transaction[]): Promise<void> => {
    for (const result of await client.publishBatch(batch)) {
      if (result.status === 'rejected') throw new Error(`${result.eventId} was refused: ${result.problem.detail}`);
      if (result.status === 'accepted') count += 1;
    }
    onPublished(count);
  };
  for await (const transaction of transactions) {
    const lane = lanes[Number(BigInt(transaction.entityId.slice('account:'.length)) % BigInt(LANES))];
    if (lane === undefined) continue;
    lane.batch.push(transaction);
    if (lane.batch.length < BATCH) continue;
    await lane.sent; // at most one batch per lane is on its way: bounds memory
    lane.sent = send(lane.batch.splice(0));
    lane.sent.catch(() => undefined); // reported when the lane is awaited
  }
  for (const lane of lanes) {
    await lane.sent;
    if (lane.batch.length > 0) lane.sent = send(lane.batch);
    lane.sent.catch(() => undefined);
  }
  await Promise.all(lanes.map(({ sent }) => sent));
  return count;
}
