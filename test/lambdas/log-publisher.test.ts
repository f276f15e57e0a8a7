/** A run of the publisher, the witness behind its function, and what lies between the two. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { witnessFunction } from '../../adapters/aws/log/witness-function.ts';
import {
  cosign,
  cosignerKey,
  ed25519Key,
  formatCheckpoint,
  signNote,
  type PublishedLog,
  type WitnessAnswer,
} from '../../core/ledger/index.ts';
import { memoryRootSigner } from '../../adapters/memory/index.ts';
import { confirmedAt } from '../../lambdas/log-publisher/confirmed-at.ts';
import { publishAll } from '../../lambdas/log-publisher/publish-all.ts';
import { answerQuestion } from '../../lambdas/witness/answer.ts';

const signer = memoryRootSigner('ledger.test/main');
const witness = { ...memoryRootSigner('ledger.test/main/witness'), name: 'ledger.test/main/witness' };
const key = cosignerKey(witness.name, witness.publicKey);

describe('a run of the publisher', () => {
  const publisherOf = (...sizes: number[]) => ({
    publish: vi.fn(
      async (): Promise<PublishedLog> => ({ size: sizes.shift() ?? -1, restored: sizes.length === 2 }) as PublishedLog,
    ),
  });

  it('goes on until everything is published that was stored when it began', async () => {
    const publisher = publisherOf(50, 100, 120);
    const size = vi.fn(async () => 120);
    expect(await publishAll({ publisher, size, remainingMs: () => 300_000 })).toEqual({ size: 120, restored: true });
    expect(publisher.publish).toHaveBeenCalledTimes(3);
    expect(size).toHaveBeenCalledTimes(1);
  });

  it('runs one round when nothing is new, and begins none that it could not end', async () => {
    const idle = publisherOf(7, 7);
    expect(await publishAll({ publisher: idle, size: async () => 7, remainingMs: () => 300_000 })).toMatchObject({
      size: 7,
      restored: false,
    });
    const late = publisherOf(50, 100);
    expect(await publishAll({ publisher: late, size: async () => 100, remainingMs: () => 1_000 })).toMatchObject({
      size: 50,
      restored: false,
    });
  });
});

describe('when a checkpoint was confirmed', () => {
  const text = formatCheckpoint({ origin: 'ledger.test/main', size: 3, root: Buffer.alloc(32) });

  it('is what the witness says in its cosignature, and unknown without one', async () => {
    const note = await signNote(text, [signer]);
    expect(confirmedAt(note, key)).toBeUndefined();
    const cosigned = Buffer.concat([note, Buffer.from(await cosign(text, 1_700_000_000, witness))]);
    expect(confirmedAt(cosigned, key)).toBe(1_700_000_000_000);
    expect(confirmedAt(cosigned, ed25519Key(witness.name, witness.publicKey))).toBeUndefined();
  });
});

describe('a question to the witness', () => {
  it('reaches it as it was sent', async () => {
    const handle = vi.fn(async (): Promise<WitnessAnswer> => ({ status: 200, body: 'line\n' }));
    const body = Buffer.from('old 0\n\nnote').toString('base64');
    expect(await answerQuestion(handle, { kind: 'add-checkpoint', body })).toEqual({ status: 200, body: 'line\n' });
    expect(handle).toHaveBeenCalledWith(Buffer.from('old 0\n\nnote'));
  });

  it.each([
    undefined,
    null,
    'old 0',
    {},
    { kind: 'add-checkpoint' },
    { kind: 'add-checkpoint', body: 'not base64!' },
    { kind: 'add-checkpoint', body: 7 },
    { kind: 'add-checkpoint', body: 'b2xk', more: 1 },
    { kind: 'add-checkpoint', body: 'AAAA'.repeat(20_000) },
    { kind: 'sign', body: 'b2xk' },
  ])('that is none is answered 400 and never reaches it: %j', async (event) => {
    const handle = vi.fn();
    const { status, body } = await answerQuestion(handle, event);
    expect([status, body]).toEqual([400, expect.stringContaining('send {')]);
    expect(handle).not.toHaveBeenCalled();
  });
});

describe('the witness as the publisher sees it', () => {
  const lambda = mockClient(LambdaClient);
  afterEach(() => lambda.reset());
  const client = new LambdaClient({ region: 'us-east-1' });
  const asked = () => witnessFunction({ client, functionName: 'w', key }).addCheckpoint(Buffer.from('old 0\n\nnote'));
  const answers = (payload: string, more: object = {}) =>
    lambda.on(InvokeCommand).resolves({ Payload: Buffer.from(payload) as never, ...more });

  it('is asked by name and answers with a status and a body', async () => {
    answers('{"status":409,"body":"5\\n"}');
    expect(await asked()).toEqual({ status: 409, body: '5\n' });
    const { FunctionName, Payload } = lambda.commandCalls(InvokeCommand)[0]?.args[0].input ?? {};
    expect(FunctionName).toBe('w');
    expect(JSON.parse(Payload as unknown as string)).toEqual({
      kind: 'add-checkpoint',
      body: Buffer.from('old 0\n\nnote').toString('base64'),
    });
  });

  it.each([
    ['{"errorMessage":"no"}', { FunctionError: 'Unhandled' }, 'failed (Unhandled)'],
    ['', {}, 'answered with something else'],
    ['null', {}, 'answered with something else'],
    ['{"status":"200","body":"x"}', {}, 'answered with something else'],
    [JSON.stringify({ status: 200, body: 'x'.repeat(10_001) }), {}, 'answered with something else'],
  ])('whatever else it answers is refused: %s', async (payload, more, message) => {
    answers(payload, more);
    const refused = await asked().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'ANSWER_INVALID' });
    expect(String(refused)).toContain(message);
  });
});
