/** A queue that is removed while it is counted is empty, not a failure of whoever counts all of them. */
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { queueDepth } from '../../../../adapters/aws/subscriptions/queue-depth.ts';

const client = new SQSClient({ region: 'us-east-1' });
const sqs = mockClient(client);
const named = (name: string): Error => Object.assign(new Error(name), { name });

it('counts what waits, delayed messages included, and what is out', async () => {
  const counts = { ApproximateNumberOfMessages: '2', ApproximateNumberOfMessagesDelayed: '3' };
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ...counts, ApproximateNumberOfMessagesNotVisible: '4' } });
  expect(await queueDepth(client, 'https://sqs/q')).toEqual({ waiting: 5, out: 4 });
});

it('counts nothing in a queue that is gone, and does not hide other failures', async () => {
  sqs.on(GetQueueAttributesCommand).rejects(named('QueueDoesNotExist'));
  expect(await queueDepth(client, 'https://sqs/q')).toEqual({ waiting: 0, out: 0 });
  sqs.on(GetQueueAttributesCommand).rejects(named('AccessDenied'));
  await expect(queueDepth(client, 'https://sqs/q')).rejects.toThrow('AccessDenied');
});
