/** CloudFormation gets an answer to whatever it asks, and only what is going is cleared. */
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
const request = (RequestType: string, domains: readonly string[], more: object = {}): object => ({
  ...{ RequestType, ...ids, ...more },
  ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  ResourceProperties: { ServiceToken: 'arn', Domains: domains, Disposable: 'false' },
});
const disposable = { ResourceProperties: { Domains: ['a'], Disposable: 'true' } };
const PhysicalResourceId = 'subscriptions-made-at-runtime';

it('W10: clears the buses that a deployment takes away, all of them when the stack goes, and everything of a disposable one', async () => {
  const asked: unknown[] = [];
  const reconcile = async (wanted: unknown): Promise<void> => void asked.push(wanted);
  await answerStack(request('Create', ['a', 'b']), reconcile);
  const before = { OldResourceProperties: { Domains: ['a', 'b', 'c'], Disposable: 'false' } };
  await answerStack(request('Update', ['a', 'd'], before), reconcile);
  await answerStack(request('Delete', ['a', 'd']), reconcile);
  await answerStack({ ...request('Delete', []), ...disposable }, reconcile);
  expect(asked).toEqual([
    { kind: 'open' },
    { kind: 'clear', domains: ['b', 'c'] },
    { kind: 'clear', domains: ['a', 'd'] },
    { kind: 'teardown' },
  ]);
  expect(answers.splice(0)).toEqual(Array(4).fill({ Status: 'SUCCESS', PhysicalResourceId, ...ids }));
});

it('says why when it could not', async () => {
  await answerStack(request('Delete', ['a']), () => Promise.reject(new Error('throttled')));
  expect(answers.splice(0)).toEqual([{ Status: 'FAILED', Reason: 'throttled', PhysicalResourceId, ...ids }]);
});

it('leaves other events to others', async () => {
  for (const event of [{ kind: 'all' }, {}, null, { RequestType: 'Delete' }])
    expect(await answerStack(event, () => Promise.reject(new Error('no')))).toBe(false);
  expect(answers).toEqual([]);
});
