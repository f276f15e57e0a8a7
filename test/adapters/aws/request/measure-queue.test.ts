/** A queue that is removed while it is counted is nothing, not a failure of whoever counts all of them. */
import { expect, it } from 'vitest';
import { measureQueue } from '../../../../adapters/aws/request/measure-queue.ts';

const env = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
const URL_OF_IT = Response.json({ QueueUrl: 'https://queue/1/q' });
const refused = (type: string): Response => Response.json({ __type: `com.amazonaws.sqs#${type}` }, { status: 400 });

function sqs(answers: readonly Response[]) {
  const asked: Request[] = [];
  const left = answers.map((answer) => answer.clone());
  const fetcher: typeof fetch = async (url, init) => {
    asked.push(new Request(url, init));
    return left.shift() ?? Response.error();
  };
  const options = { attempts: 1, timeoutMs: 1_000, fetch: fetcher, sleep: async () => {} };
  return { asked, measure: measureQueue({ env, ...options }) };
}

it('counts what waits, delayed messages included, and what is out; it asks for the address once', async () => {
  const Attributes = {
    ApproximateNumberOfMessages: '2',
    ApproximateNumberOfMessagesDelayed: '3',
    ApproximateNumberOfMessagesNotVisible: '4',
  };
  const { asked, measure } = sqs([URL_OF_IT, Response.json({ Attributes }), Response.json({})]);
  expect(await measure('q')).toEqual({ waiting: 5, out: 4 });
  expect(await measure('q')).toEqual({ waiting: 0, out: 0 });
  expect(asked.map(({ headers }) => headers.get('x-amz-target'))).toEqual([
    'AmazonSQS.GetQueueUrl',
    'AmazonSQS.GetQueueAttributes',
    'AmazonSQS.GetQueueAttributes',
  ]);
  expect(await asked[1]?.json()).toMatchObject({ QueueUrl: 'https://queue/1/q' });
});

it.each(['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'])(
  'knows of no queue where SQS says %s',
  async (type) => {
    expect(await sqs([refused(type)]).measure('q')).toBeUndefined();
    expect(await sqs([URL_OF_IT, refused(type)]).measure('q')).toBeUndefined();
  },
);

it('does not hide other failures', async () => {
  await expect(sqs([refused('AccessDenied')]).measure('q')).rejects.toMatchObject({ code: 'SQS_REFUSED' });
});
