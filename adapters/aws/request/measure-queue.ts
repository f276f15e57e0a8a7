/**
 * How much stands in a queue, as SQS counts: about. Without the SDK's client, as in send-to-queue.ts, for functions that only report.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
import { orNone } from '../../../core/values/index.ts';
import { objectOf, refusalIn } from './json-answer.ts';
import { ServiceError } from './service-error.ts';
import { ask, hostOf, ownEndpoint, type Connection } from './signed-request.ts';

export interface QueueDepth {
  readonly waiting: number;
  readonly out: number;
}

/** undefined: there is no such queue. @throws ServiceError when SQS refuses or does not answer */
export type MeasureQueue = (queueName: string) => Promise<QueueDepth | undefined>;

export const DEPTH_ATTRIBUTES = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;
const MISSING_QUEUE = /QueueDoesNotExist|NonExistentQueue/;

export function measureQueue(options: Connection): MeasureQueue {
  const connection = { ...options, env: { ...options.env } };
  /** names are never used again */
  const urls = new Map<string, string>();
  return async (queueName) => {
    try {
      const known = urls.get(queueName);
      const url = known ?? (await call(connection, 'GetQueueUrl', { QueueName: queueName }))['QueueUrl'];
      if (typeof url !== 'string') return undefined;
      urls.set(queueName, url);
      const input = { QueueUrl: url, AttributeNames: DEPTH_ATTRIBUTES };
      return depthIn((await call(connection, 'GetQueueAttributes', input))['Attributes']);
    } catch (error) {
      if (error instanceof ServiceError && isMissing(error)) return undefined;
      throw error;
    }
  };
}

function isMissing({ serviceCode }: ServiceError): boolean {
  return serviceCode !== undefined && MISSING_QUEUE.test(serviceCode);
}

/** @param attributes as SQS answers them: texts */
export function depthIn(attributes: unknown): QueueDepth {
  const counts = (attributes ?? {}) as Readonly<Record<string, unknown>>;
  const of = (name: (typeof DEPTH_ATTRIBUTES)[number]): number => Number(orNone(counts[name] as string | undefined));
  return {
    waiting: of('ApproximateNumberOfMessages') + of('ApproximateNumberOfMessagesDelayed'),
    out: of('ApproximateNumberOfMessagesNotVisible'),
  };
}

async function call(
  connection: Connection,
  what: 'GetQueueUrl' | 'GetQueueAttributes',
  input: object,
): Promise<Readonly<Record<string, unknown>>> {
  const { env } = connection;
  const { bytes } = await ask(connection, {
    ...{ service: 'SQS', what, refusal: refusalIn, method: 'POST' },
    url: `${ownEndpoint(env, 'SQS') ?? `https://${hostOf(env, 'SQS')}`}/`,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${what}` },
    body: Buffer.from(JSON.stringify(input)),
  });
  return objectOf(bytes) ?? {};
}
