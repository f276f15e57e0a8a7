import { expect, it } from 'vitest';
import { sendToQueue } from '../../../../adapters/aws/request/send-to-queue.ts';

const env = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

function queue(answers: readonly Response[], own: NodeJS.ProcessEnv = {}) {
  const asked: Request[] = [];
  const left = [...answers];
  const fetcher: typeof fetch = async (url, init) => {
    asked.push(new Request(url, init));
    return left.shift() ?? Response.json({ MessageId: 'm' });
  };
  const options = { attempts: 3, timeoutMs: 1_000, fetch: fetcher, sleep: async () => {} };
  return { asked, send: sendToQueue({ env: { ...env, ...own }, ...options }) };
}

it('sends what it is given to the queue it names, signed', async () => {
  const { asked, send } = queue([]);
  await send('https://sqs.eu-central-1.amazonaws.com/1/wake', '{"changeId":"c"}');
  const [request] = asked;
  expect(request?.url).toBe('https://sqs.eu-central-1.amazonaws.com/');
  expect(request?.headers.get('x-amz-target')).toBe('AmazonSQS.SendMessage');
  expect(request?.headers.get('authorization')).toContain('/eu-central-1/sqs/aws4_request');
  expect(await request?.json()).toEqual({
    QueueUrl: 'https://sqs.eu-central-1.amazonaws.com/1/wake',
    MessageBody: '{"changeId":"c"}',
  });
});

it('goes to the endpoint of the environment', async () => {
  const { asked, send } = queue([], { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566/' });
  await send('https://queue', 'x');
  expect(asked[0]?.url).toBe('http://127.0.0.1:4566/');
});

it('tries again what passes, and tells in its words what does not', async () => {
  const busy = Response.json({ __type: 'com.amazonaws.sqs#RequestThrottled' }, { status: 400 });
  const { asked, send } = queue([busy]);
  await send('https://queue', 'x');
  expect(asked).toHaveLength(2);
  const gone = Response.json({ __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'gone' }, { status: 400 });
  await expect(queue([gone]).send('https://queue', 'x')).rejects.toMatchObject({
    code: 'SQS_REFUSED',
    serviceCode: 'QueueDoesNotExist',
  });
  await expect(queue([new Response('proxy')]).send('https://queue', 'x')).rejects.toMatchObject({
    code: 'ANSWER_INVALID',
  });
});
