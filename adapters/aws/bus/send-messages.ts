/** Puts messages into a queue: all of them, those of a FIFO group in their order. */
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { LedgerError } from '../../../core/ledger/index.ts';
import { defined, orBlank } from '../../../core/values/index.ts';

const MAX_ENTRIES = 10;
const MAX_BATCH_BYTES = 256 * 1024;
const PARALLEL_CALLS = 8;

export interface MessageToSend {
  readonly body: string;
  /** instead of the queue's own delay; other queues than FIFO only */
  readonly delaySeconds?: number;
  /** FIFO queues only, as is the next */
  readonly group?: string;
  readonly deduplicationId?: string;
}

/** @throws LedgerError STORE_UNAVAILABLE: some may not be in the queue; sending all again is safe */
export async function sendMessages(client: SQSClient, url: string, messages: readonly MessageToSend[]): Promise<void> {
  const batches = batchesOf(messages);
  const parallel = messages[0]?.group === undefined ? PARALLEL_CALLS : 1;
  for (let i = 0; i < batches.length; i += parallel) {
    await Promise.all(batches.slice(i, i + parallel).map((batch) => sendBatch(client, url, batch)));
  }
}

/** Within one batch SQS may take a later message and refuse an earlier one, so a group stands in a batch once. */
function batchesOf(messages: readonly MessageToSend[]): readonly (readonly MessageToSend[])[] {
  const batches: MessageToSend[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.body);
    const batch = batches.at(-1);
    const isFull = batch === undefined || batch.length === MAX_ENTRIES || bytes + size > MAX_BATCH_BYTES;
    if (isFull || (message.group !== undefined && batch.some(({ group }) => group === message.group))) {
      batches.push([message]);
      bytes = size;
    } else {
      batch.push(message);
      bytes += size;
    }
  }
  return batches;
}

async function sendBatch(client: SQSClient, url: string, batch: readonly MessageToSend[]): Promise<void> {
  const Entries = batch.map(({ body, delaySeconds, group, deduplicationId }, i) => ({
    Id: String(i),
    MessageBody: body,
    ...defined({ DelaySeconds: delaySeconds }),
    ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: deduplicationId }),
  }));
  const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  const [failed] = Failed;
  if (failed === undefined) return;
  const message = `SQS refused ${Failed.length} of ${batch.length} messages: ${failed.Code} ${orBlank(failed.Message)}; try again`;
  throw new LedgerError({ code: 'STORE_UNAVAILABLE', message });
}
