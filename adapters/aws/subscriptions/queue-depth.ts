/** How much stands in a queue, as SQS counts: about. */
import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs';
import { orNone } from '../../../core/values/index.ts';
import { isMissingQueue } from '../bus/queue-urls.ts';

export interface QueueDepth {
  readonly waiting: number;
  readonly out: number;
}

/** Nothing, where the subscription was removed meanwhile. */
export async function queueDepth(client: SQSClient, url: string): Promise<QueueDepth> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: url,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesDelayed',
    ],
  });
  const counts = await client.send(command).catch((error: unknown) => {
    if (isMissingQueue(error)) return undefined;
    throw error;
  });
  const of = (name: QueueAttributeName): number => Number(orNone(counts?.Attributes?.[name]));
  return {
    waiting: of('ApproximateNumberOfMessages') + of('ApproximateNumberOfMessagesDelayed'),
    out: of('ApproximateNumberOfMessagesNotVisible'),
  };
}
