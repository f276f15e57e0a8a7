/** Executors as Lambda functions: what goes over the wire, and what is no answer. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createLambdaExecutors } from '../../../../adapters/aws/wiring/executors.ts';
import { rootKeys } from '../../../../adapters/aws/wiring/grant-keys.ts';
import { invokeFunction, type InvokeFunction } from '../../../../adapters/aws/request/invoke-function.ts';
import { memoryRootSigner } from '../../../../adapters/memory/index.ts';
import { executorHandler } from '../../../../clients/sdk/index.ts';
import { operationTypes, type ExecutorRequest } from '../../../../core/changes/index.ts';
import { formatVerifierKey } from '../../../../core/ledger/index.ts';
import { limitInput } from '../../../../examples/executor/limit-input.ts';
import { Limits } from '../../../../examples/executor/limits.ts';
import { executorEnv } from '../../../../lambdas/_middleware/executor-env.ts';
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

  it('is found by what the app that deploys says of it, before what is declared', async () => {
    const invoke = vi.fn(async () => ({ text: '{"kind":"applied"}' }));
    const executors = createLambdaExecutors(invoke, { limits: 'arn:aws:lambda:eu-west-1:111122223333:function:mine' });
    for (const target of [TARGET, { name: 'limits' }]) await executors.call(target, REQUEST, signal);
    const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:mine';
    expect(invoke.mock.calls).toEqual([
      [arn, JSON.stringify(REQUEST), signal],
      [arn, JSON.stringify(REQUEST), signal],
    ]);
    await executors.call({ name: 'other', function: 'other:live' }, REQUEST, signal);
    expect(invoke).toHaveBeenLastCalledWith('other:live', JSON.stringify(REQUEST), signal);
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
    await expect(executors.call({ name: 'limits' }, REQUEST, signal)).rejects.toThrow(/has no function/);
    expect(invoke).not.toHaveBeenCalled();
    await expect(executors.call(TARGET, REQUEST, signal)).rejects.toThrow('ECONNRESET');
    expect(invoke).toHaveBeenCalledTimes(1);
  });
});

describe('the environment of who calls executors', () => {
  const read = (said?: string): unknown => z.object(executorEnv).safeParse({ EXECUTOR_FUNCTIONS: said });

  it('says which function each is, or nothing', () => {
    expect(read()).toMatchObject({ data: { EXECUTOR_FUNCTIONS: {} } });
    expect(read('{"limits":"arn:x"}')).toMatchObject({ data: { EXECUTOR_FUNCTIONS: { limits: 'arn:x' } } });
  });

  it.each(['{', '[]', '{"limits":1}', '{"limits":""}'])('is refused when it is %s', (said) =>
    expect(read(said)).toMatchObject({ success: false }),
  );
});

describe('the root keys that an executor of an app trusts', () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const env = { ...CREDENTIALS, ROOT_KEY_ID: 'key-1', LEDGER_ORIGIN: 'ledger.test/main' };

  it('are the public half in KMS, under the name of the ledger', async () => {
    const send = vi.fn(async (_url: string | URL | Request, _init?: RequestInit) =>
      Response.json({ PublicKey: der.toString('base64') }),
    );
    vi.stubGlobal('fetch', send);
    try {
      expect(await rootKeys(env)).toEqual([formatVerifierKey('ledger.test/main', der.subarray(-32))]);
    } finally {
      vi.unstubAllGlobals();
    }
    expect(send).toHaveBeenCalledTimes(1);
  });

  it.each(['ROOT_KEY_ID', 'LEDGER_ORIGIN'])('are not guessed without %s', async (name) => {
    await expect(rootKeys({ ...env, [name]: '' })).rejects.toThrow(
      `the environment has no ${name}: deploy the executor with ExecutorFunction of nervous-system-aws, which sets it`,
    );
  });
});
