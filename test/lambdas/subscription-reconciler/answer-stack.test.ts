/** CloudFormation gets an answer to whatever it asks, and only a deletion removes anything. */
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerStack } from '../../../lambdas/subscription-reconciler/answer-stack.ts';

let server: Server;
const answers: unknown[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    void json(request).then((answer) => {
      answers.push(answer);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

const ids = { StackId: 's', RequestId: 'r', LogicalResourceId: 'l' };
const request = (RequestType: string): object => ({
  ...{ RequestType, ...ids },
  ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
});
const PhysicalResourceId = 'subscriptions-made-at-runtime';

it('removes what was made at runtime when the stack is deleted, and only then', async () => {
  let torn = 0;
  const teardown = async (): Promise<void> => void (torn += 1);
  for (const type of ['Create', 'Update']) expect(await answerStack(request(type), teardown)).toBe(true);
  expect(torn).toBe(0);
  await answerStack(request('Delete'), teardown);
  expect(torn).toBe(1);
  expect(answers.splice(0)).toEqual(Array(3).fill({ Status: 'SUCCESS', PhysicalResourceId, ...ids }));
});

it('says why when it could not', async () => {
  await answerStack(request('Delete'), () => Promise.reject(new Error('throttled')));
  expect(answers.splice(0)).toEqual([{ Status: 'FAILED', Reason: 'throttled', PhysicalResourceId, ...ids }]);
});

it('leaves other events to others', async () => {
  for (const event of [{ kind: 'all' }, {}, null, { RequestType: 'Delete' }])
    expect(await answerStack(event, () => Promise.reject(new Error('no')))).toBe(false);
  expect(answers).toEqual([]);
});
