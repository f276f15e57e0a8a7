/**
 * The queue of one subscription as its consumers need it: leases, settles. Knows SQS's limits and answers, nothing
 * about what the messages mean.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type BatchResultErrorEntry,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { LedgerError } from '../../../core/ledger/index.ts';
import { countOf, orBlank } from '../../../core/values/index.ts';
import { must } from '../../../core/errors/index.ts';
import { isMissingQueue } from '../bus/queue-urls.ts';

const MAX_ENTRIES = 10;

export class QueueConsumer {
  private readonly client: SQSClient;
  private readonly url: string;

  constructor(client: SQSClient, url: string) {
    this.client = client;
    this.url = url;
  }

  /** One call: at most 10 messages, waiting at most 20 s. Aborted, or the queue is gone: none. */
  async receive(
    options: { readonly max: number; readonly waitSeconds: number; readonly visibilitySeconds: number },
    signal?: AbortSignal,
  ): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.url,
      MaxNumberOfMessages: Math.min(MAX_ENTRIES, options.max),
      WaitTimeSeconds: options.waitSeconds,
      VisibilityTimeout: options.visibilitySeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
    });
    try {
      const { Messages = [] } = await this.client.send(command, signal === undefined ? {} : { abortSignal: signal });
      return Messages;
    } catch (error) {
      if (signal?.aborted === true || isMissingQueue(error)) return [];
      throw error;
    }
  }

  /** @returns handles that are not out (any more) */
  delete(handles: readonly string[]): Promise<ReadonlySet<string>> {
    return this.inBatches(handles, async (batch) => {
      const Entries = batch.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle }));
      const { Failed } = await this.client.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }));
      return Failed;
    });
  }

  /** Makes messages visible again after a time of their own. @returns handles that are not out (any more) */
  hide(leases: readonly { readonly handle: string; readonly seconds: number }[]): Promise<ReadonlySet<string>> {
    const seconds = new Map(leases.map((lease) => [lease.handle, lease.seconds]));
    return this.inBatches([...seconds.keys()], async (batch) => {
      const Entries = batch.map((ReceiptHandle, i) => ({
        ...{ Id: String(i), ReceiptHandle, VisibilityTimeout: countOf(seconds, ReceiptHandle) },
      }));
      const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.url, Entries });
      return (await this.client.send(command)).Failed;
    });
  }

  private async inBatches(
    handles: readonly string[],
    call: (batch: readonly string[]) => Promise<readonly BatchResultErrorEntry[] | undefined>,
  ): Promise<ReadonlySet<string>> {
    const stale = new Set<string>();
    await Promise.all(
      chunks([...new Set(handles)], MAX_ENTRIES).map(async (batch) => {
        for (const failed of await callOrAllStale(batch, call)) {
          if (failed.SenderFault !== true) throw unavailable(`SQS could not settle a message: ${describe(failed)}`);
          stale.add(must(batch[Number(failed.Id)], 'the receipt that failed'));
        }
      }),
    );
    return stale;
  }
}

/** SQS refuses a whole batch when its queue is gone: so are the messages. */
async function callOrAllStale(
  batch: readonly string[],
  call: (batch: readonly string[]) => Promise<readonly BatchResultErrorEntry[] | undefined>,
): Promise<readonly BatchResultErrorEntry[]> {
  try {
    return (await call(batch)) ?? [];
  } catch (error) {
    if (!isMissingQueue(error)) throw error;
    return batch.map((_, i) => ({ Id: String(i), SenderFault: true, Code: 'QueueDoesNotExist' }));
  }
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

function describe({ Code, Message }: BatchResultErrorEntry): string {
  return `${Code ?? 'unknown'} ${orBlank(Message)}`.trim();
}

function unavailable(message: string): LedgerError {
  return new LedgerError({ code: 'STORE_UNAVAILABLE', message: `${message}; try again` });
}
