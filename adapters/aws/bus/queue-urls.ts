/** Finds the queue of a subscription. Its address is asked for once: names are never used again. */
import { GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { queueName, type Named } from './names.ts';

export class QueueUrls {
  private readonly client: SQSClient;
  private readonly prefix: string;
  private readonly known = new Map<string, string>();

  constructor(client: SQSClient, prefix: string) {
    this.client = client;
    this.prefix = prefix;
  }

  /** Undefined: the reconciler has not made it yet. */
  async of(subscription: Named): Promise<string | undefined> {
    const name = queueName(this.prefix, subscription);
    const url = this.known.get(name) ?? (await queueUrl(this.client, name));
    if (url !== undefined) this.known.set(name, url);
    return url;
  }
}

/** Undefined: no such queue. */
export async function queueUrl(client: SQSClient, name: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
  } catch (error) {
    if (isMissingQueue(error)) return undefined;
    throw error;
  }
}

export function isMissingQueue(error: unknown): boolean {
  return error instanceof Error && /QueueDoesNotExist|NonExistentQueue/.test(error.name);
}
