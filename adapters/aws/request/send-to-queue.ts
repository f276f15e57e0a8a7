/**
 * Sends one message to a queue of SQS. The library signs; the SDK's client would be 24 KB of functions that have no room for
 * it and send nothing else. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
import { AwsError } from './errors.ts';
import { objectOf, refusalIn } from './json-answer.ts';
import { ask, hostOf, ownEndpoint, type Connection } from './signed-request.ts';

/** @throws ServiceError when SQS refuses or does not answer: it may have the message all the same */
export type SendToQueue = (queueUrl: string, body: string) => Promise<void>;

export function sendToQueue(options: Connection): SendToQueue {
  const connection = { ...options, env: { ...options.env } };
  const { env } = connection;
  return async (queueUrl, body) => {
    const { bytes } = await ask(connection, {
      ...{ service: 'SQS', what: 'SendMessage', refusal: refusalIn, method: 'POST' },
      // To the endpoint, not to the host in the queue's URL, which an emulator may not be reachable under.
      url: `${ownEndpoint(env, 'SQS') ?? `https://${hostOf(env, 'SQS')}`}/`,
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
      body: Buffer.from(JSON.stringify({ QueueUrl: queueUrl, MessageBody: body })),
    });
    if (typeof objectOf(bytes)?.['MessageId'] !== 'string')
      throw new AwsError({
        code: 'ANSWER_INVALID',
        message: 'SQS answered SendMessage without "MessageId": try again',
      });
  };
}
