/** How much stands in a queue, asked by who has the SDK's client for other things anyway. */
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { isMissingQueue } from '../bus/queue-urls.ts';
import { DEPTH_ATTRIBUTES, depthIn, type QueueDepth } from '../request/measure-queue.ts';

/** Nothing, where the subscription was removed meanwhile. */
export async function queueDepth(client: SQSClient, url: string): Promise<QueueDepth> {
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...DEPTH_ATTRIBUTES] });
  const counts = await client.send(command).catch((error: unknown) => {
    if (isMissingQueue(error)) return undefined;
    throw error;
  });
  return depthIn(counts?.Attributes);
}
