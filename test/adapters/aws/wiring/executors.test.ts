/** Executors as Lambda functions: what goes over the wire, and what is no answer. */
import { describe, expect, it, vi } from 'vitest';
import { createLambdaExecutors } from '../../../../adapters/aws/wiring/executors.ts';
import { invokeFunction, type InvokeFunction } from '../../../../adapters/aws/request/invoke-function.ts';
import { memoryRootSigner } from '../../../../adapters/memory/index.ts';
import { executorHandler } from '../../../../clients/sdk/index.ts';
import { operationTypes, type ExecutorRequest } from '../../../../core/changes/index.ts';
import { formatVerifierKey } from '../../../../core/ledger/index.ts';
import { limitInput } from '../../../../examples/executor/limit-input.ts';
import { Limits } from '../../../../examples/executor/limits.ts';
import { createFixture, decision, patchOf, proposal, who } from '../../../core/changes/fixture.ts';

/** The function as Lambda runs it: its event and its result are JSON, and it knows nothing else of the caller. */
function lambdaOf(handler: (event: ExecutorRequest) => Promise<unknown>): InvokeFunction {
  return async (_name, payload) => ({ text: JSON.stringify(await handler(JSON.parse(payload) as ExecutorRequest)) });
}

const CREDENTIALS = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };
const TARGET = { name: 'limits', function: 'limits:live' };
const DECLARED = { version: '1', description: 'limits', reversible: true, maxSeconds: 20 };
const REQUEST: ExecutorRequest = { kind: 'apply', grant: 'a.b.c', input: { account: 'a' }, precondition: null };
const signal = new AbortController().signal;

describe('an executor on AWS', () => {
  it('carries out and takes back what was approved, with nothing but JSON between', async () => {
    const fixture = createFixture();
    const root = memoryRootSigner('ledger.test/main');
    const limits = new Limits(':memory:', [formatVerifierKey(root.name, root.publicKey)], () => fixture.clock.now());
    const declared = {
      limits: { ...DECLARED, schema: limitInput, function: 'limits:live' },
    };
    const executors = createLambdaExecutors(lambdaOf(executorHandler(limits.executor)));
    const changes = fixture.other({
      operations: operationTypes(undefined, declared),
      executors: { declared, executors, root },
    });
    const invoke = { type: 'executor.invoke', payload: { executor: 'limits', input: { account: 'a', limit: 500 } } };
    const { change } = await changes.propose(who('pete'), proposal([invoke, patchOf('/note', 'x')]));
    await changes.decide(who('ann'), change.id, decision(change));
    for (const step of ['claim', 'intend', 'apply'] as const) await changes.runStep(step, change.id);
    expect(limits.all()).toEqual({ a: 500 });
    await changes.abort(who('ann'), change.id, { reason: 'stop' });
    expect(await changes.advance(change.id)).toEqual({ kind: 'end', state: 'rolled_back' });
    expect(limits.all()).toEqual({});
    limits.close();
  });

  it('is invoked once, with the request as its event, on the function that is declared', async () => {
    const fetcher = vi.fn(
      async (_url: string | URL | Request, _init?: RequestInit) => new Response('{"kind":"applied"}'),
    );
    const executors = createLambdaExecutors(invokeFunction(CREDENTIALS, fetcher));
    expect(await executors.call(TARGET, REQUEST, signal)).toEqual({ kind: 'applied' });
    expect(fetcher).toHaveBeenCalledTimes(1);
    const [url, init] = fetcher.mock.calls[0] ?? [];
    expect((url as URL).href).toBe(
      'https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/limits%3Alive/invocations',
    );
    expect(JSON.parse(init?.body as string)).toEqual(REQUEST);
    expect(new Headers(init?.headers).get('authorization')).toMatch(/^AWS4-HMAC-SHA256 /);
  });

  it.each([
    ['no JSON', { text: '<html>' }, /did not answer JSON/],
    ['a failure', { text: '{"errorMessage":"secret"}', error: 'Unhandled' }, /failed \(Unhandled\): see its log/],
    ['a book', { text: `"${'x'.repeat(70_000)}"` }, /answered with 70002 characters/],
  ])('has no answer in %s', async (_, answer, message) => {
    const executors = createLambdaExecutors(async () => answer);
    const failed = expect(executors.call(TARGET, REQUEST, signal)).rejects;
    await failed.toMatchObject({ code: 'ANSWER_INVALID', message: expect.stringMatching(message) as string });
  });

  it('must be declared with its function, and is not asked again when it does not answer', async () => {
    const invoke = vi.fn(async () => {
      throw new Error('ECONNRESET');
    });
    const executors = createLambdaExecutors(invoke);
    await expect(executors.call({ name: 'limits' }, REQUEST, signal)).rejects.toThrow(/without "function"/);
    expect(invoke).not.toHaveBeenCalled();
    await expect(executors.call(TARGET, REQUEST, signal)).rejects.toThrow('ECONNRESET');
    expect(invoke).toHaveBeenCalledTimes(1);
  });
});
