/** The AWS bus against SQS's answers: hostile receipts, stale leases, gone queues, partial failures. */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from 'vitest';
import { formatReceipt, parseMessage, parseReceipt } from '../../../../adapters/aws/bus/message.ts';
import { groupOf, queueName, ruleName } from '../../../../adapters/aws/bus/names.ts';
import { sendMessages } from '../../../../adapters/aws/bus/send-messages.ts';
import { createQueuesWorld as createWorld, message, QUEUE } from '../subscriptions/queues-world.ts';

const NOW = { max: 10, waitMs: 0 };

describe('receive', () => {
  let world: ReturnType<typeof createWorld>;
  beforeEach(() => (world = createWorld()));

  it('leases what SQS gives for the time to acknowledge, in whole seconds', async () => {
    await world.subscribe({ ackTimeoutMs: 1_500 });
    const event = await world.publish();
    world.queued([message(event, 'h', 3)]);
    expect(await world.bus.receive('s', { max: 10, waitMs: 60_000 })).toMatchObject([{ attempt: 3, event }]);
    expect(world.sqs.commandCalls(ReceiveMessageCommand)[0]?.args[0].input).toMatchObject({
      ...{ QueueUrl: QUEUE, MaxNumberOfMessages: 10, WaitTimeSeconds: 20, VisibilityTimeout: 2 },
    });
  });

  it('waits in long polls until time is up, and never hangs', async () => {
    await world.subscribe();
    world.queued();
    expect(await world.bus.receive('s', { max: 10, waitMs: 45_000 })).toEqual([]);
    const waits = world.sqs.commandCalls(ReceiveMessageCommand).map(({ args }) => args[0].input.WaitTimeSeconds);
    expect(waits).toEqual([20, 20, 5]);
  });

  it('goes on while SQS has more, up to what was asked for', async () => {
    await world.subscribe();
    const events = await Promise.all(Array.from({ length: 25 }, () => world.publish()));
    const all = events.map((event) => message(event));
    world.queued(all.slice(0, 10), all.slice(10, 20), all.slice(20));
    expect(await world.bus.receive('s', { max: 25, waitMs: 0 })).toHaveLength(25);
    const asked = world.sqs.commandCalls(ReceiveMessageCommand).map(({ args }) => args[0].input.MaxNumberOfMessages);
    expect(asked).toEqual([10, 10, 5]);
  });

  it('takes one message of a FIFO queue per call, so that no later one of the entity comes along', async () => {
    await world.subscribe({ order: 'entity' });
    world.queued([message(await world.publish('a'))], [message(await world.publish('b'))]);
    expect(await world.bus.receive('s', NOW)).toHaveLength(2);
    for (const { args } of world.sqs.commandCalls(ReceiveMessageCommand))
      expect(args[0].input.MaxNumberOfMessages).toBe(1);
  });

  it('deletes what a rule let through too much and keeps junk in quarantine', async () => {
    await world.subscribe();
    const unwanted = await world.publish('e', 'other.new');
    world.queued([message(unwanted, 'unwanted'), { Body: 'junk', ReceiptHandle: 'junk' }]);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    const deleted = world.sqs.commandCalls(DeleteMessageBatchCommand)[0]?.args[0].input.Entries;
    expect(deleted?.map(({ ReceiptHandle }) => ReceiptHandle)).toEqual(['unwanted', 'junk']);
    expect(await world.store.list('main#quarantine', { limit: 10 })).toMatchObject([{ value: { event: 'junk' } }]);
  });

  it('answers empty when paused, when the queue is not made yet, when it is gone, and when the caller left', async () => {
    const subscription = await world.subscribe();
    const gone = Object.assign(new Error('gone'), { name: 'QueueDoesNotExist' });
    world.sqs.on(GetQueueUrlCommand).rejects(gone);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    expect(await world.bus.ack('s', ['x'])).toEqual({ stale: ['x'] });
    world.sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: QUEUE });
    world.sqs.on(ReceiveMessageCommand).rejects(gone);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
    world.sqs.on(ReceiveMessageCommand).rejects(new Error('aborted'));
    expect(await world.bus.receive('s', { ...NOW, signal: AbortSignal.abort() })).toEqual([]);
    await expect(world.bus.receive('s', NOW)).rejects.toThrow('aborted');
    const key = { pk: 'main#subscription', sk: 's' };
    const value = { ...subscription, status: 'paused' } as never;
    await world.store.write([{ kind: 'put', key, value, expect: 'any' }]);
    world.queued([message(await world.publish())]);
    expect(await world.bus.receive('s', NOW)).toEqual([]);
  });
});

describe('pausing', () => {
  it('puts back what came after the pause to a caller who had been waiting since before', async () => {
    const world = createWorld();
    const subscription = await world.subscribe();
    const event = await world.publish();
    const put = (status: string): Promise<unknown> => {
      const value = { ...subscription, status } as never;
      return world.store.write([{ kind: 'put', key: { pk: 'main#subscription', sk: 's' }, value, expect: 'any' }]);
    };
    world.sqs.on(ReceiveMessageCommand).callsFake(async () => {
      await put('paused');
      return { Messages: [message(event, 'h')] };
    });
    expect(await world.bus.receive('s', { max: 10, waitMs: 5_000 })).toEqual([]);
    const [call] = world.sqs.commandCalls(ChangeMessageVisibilityBatchCommand);
    expect(call?.args[0].input.Entries).toMatchObject([{ ReceiptHandle: 'h', VisibilityTimeout: 0 }]);
  });
});

describe('settling', () => {
  let world: ReturnType<typeof createWorld>;
  beforeEach(() => (world = createWorld()));

  async function lease(count = 1): Promise<string> {
    world.queued([message(await world.publish(), 'h', count)]);
    return (await world.bus.receive('s', NOW))[0]?.receipt ?? '';
  }

  it('refuses as stale whatever is no receipt, without an error', async () => {
    await world.subscribe();
    const now = world.clock.now();
    const hostile = [
      ...['', 'x', 'null', '[]', '💥', Buffer.from('["h",1,"e",0]').toString('base64url')],
      formatReceipt({ handle: 'h', attempt: -1, chain: 'e', seq: 0, expiresAt: now + 1_000 }),
      formatReceipt({ handle: 'h', attempt: 1, chain: 'e', seq: 0.5, expiresAt: now + 1_000 }),
      formatReceipt({ handle: 'h', attempt: 1, chain: 'e', seq: 0, expiresAt: now }),
    ];
    expect(await world.bus.ack('s', hostile)).toEqual({ stale: hostile });
    expect(await world.bus.nack('s', hostile, { reason: 'no' })).toEqual({ stale: hostile });
    expect(world.sqs.commandCalls(DeleteMessageBatchCommand)).toHaveLength(0);
  });

  it('names receipts SQS does not know, and fails when SQS fails', async () => {
    await world.subscribe();
    const receipt = await lease();
    const refusal = { Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true };
    world.sqs.on(DeleteMessageBatchCommand).resolves({ Successful: [], Failed: [refusal] });
    expect(await world.bus.ack('s', [receipt, receipt])).toEqual({ stale: [receipt] });
    const failure = { Id: '0', Code: 'InternalError', SenderFault: false };
    world.sqs.on(DeleteMessageBatchCommand).resolves({ Successful: [], Failed: [failure] });
    await expect(world.bus.ack('s', [receipt])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('hides a refused message for its backoff, or as long as asked, within what SQS allows', async () => {
    await world.subscribe({ retry: { maxAttempts: 5, baseMs: 1, maxMs: 1 }, ackTimeoutMs: 43_200_000 });
    const receipt = await lease();
    await world.bus.nack('s', [receipt], { reason: 'no' });
    await world.bus.nack('s', [receipt], { reason: 'no', delayMs: 1_001 });
    await world.clock.advance(10_000_000);
    await world.bus.nack('s', [receipt], { reason: 'no', delayMs: 43_200_000 });
    const hidden = world.sqs
      .commandCalls(ChangeMessageVisibilityBatchCommand)
      .map(({ args }) => args[0].input.Entries?.[0]?.VisibilityTimeout);
    expect(hidden).toEqual([0, 2, 33_199]);
  });

  it('writes a dead letter before it deletes the message, and not for a message it does not hold', async () => {
    await world.subscribe({ retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } });
    const receipt = await lease(2);
    world.sqs.on(DeleteMessageBatchCommand).callsFake(async () => {
      expect(await world.bus.deadLetters('s', { limit: 1 })).toHaveLength(1);
      return {};
    });
    const refusal = { Id: '0', Code: 'MessageNotInflight', SenderFault: true };
    world.sqs
      .on(ChangeMessageVisibilityBatchCommand)
      .resolvesOnce({ Successful: [], Failed: [refusal] })
      .resolves({});
    expect(await world.bus.nack('s', [receipt], { reason: 'no' })).toEqual({ stale: [receipt] });
    expect(await world.bus.deadLetters('s', { limit: 1 })).toEqual([]);
    expect(await world.bus.nack('s', [receipt], { reason: 'no' })).toEqual({ stale: [] });
    expect(world.sqs.commandCalls(DeleteMessageBatchCommand)).toHaveLength(1);
    const [letter] = await world.bus.deadLetters('s', { limit: 1 });
    expect(await world.bus.deadLetters('s', { after: letter?.position ?? 0, limit: 1 })).toEqual([]);
  });

  it('shows nobody an event that is not theirs, whatever a forged receipt says', async () => {
    await world.subscribe({ retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } });
    const secret = await world.publish('secret', 'other.new');
    const { entity: chain, seq } = secret.ledger;
    const expiresAt = world.clock.now() + 1_000;
    const forged = [
      formatReceipt({ handle: 'h', attempt: 9, chain, seq, expiresAt }),
      formatReceipt({ handle: 'i', attempt: 9, chain: 'nothing', seq: 3, expiresAt }),
    ];
    await world.bus.nack('s', forged, { reason: 'give it to me' });
    expect(await world.bus.deadLetters('s', { limit: 10 })).toEqual([]);
  });

  it('asks to try again while an event that died has no place in the log', async () => {
    await world.subscribe({ retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } });
    const receipt = await lease();
    world.sequenced.yes = false;
    await expect(world.bus.nack('s', [receipt], { reason: 'no' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(world.sqs.commandCalls(DeleteMessageBatchCommand)).toHaveLength(0);
  });

  it('counts a dead letter once when two redrive it, and keeps it when sending fails', async () => {
    await world.subscribe({ order: 'entity', retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } });
    await world.bus.nack('s', [await lease()], { reason: 'no' });
    const failure = { Id: '0', Code: 'InternalError', SenderFault: false };
    world.sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Successful: [], Failed: [failure] })
      .resolves({});
    await expect(world.bus.redrive('s')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const position = (await world.bus.deadLetters('s', { limit: 1 }))[0]?.position ?? -1;
    const counts = await Promise.all([world.bus.redrive('s', [position, position]), world.bus.redrive('s')]);
    expect(counts[0] + counts[1]).toBe(1);
    expect(await world.bus.deadLetters('s', { limit: 1 })).toEqual([]);
    const sent = world.sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries?.[0]);
    expect(new Set(sent.map((entry) => entry?.MessageDeduplicationId)).size).toBe(sent.length);
    expect(sent[0]).toMatchObject({ MessageGroupId: 'e' });
  });
});

describe('messages, receipts and names', () => {
  it('come back as they went', () => {
    const lease = { handle: 'A+/=', attempt: 2, chain: 'module/shop', seq: 7, expiresAt: 1_700_000_000_000 };
    expect(parseReceipt(formatReceipt(lease))).toEqual(lease);
    expect(parseMessage('{"subscription":"s","event":[]}')).toBeUndefined();
    expect(parseMessage(undefined)).toBeUndefined();
  });

  it('give every subscription its own legal names, and a new one after it was removed', () => {
    const one = { id: 'a.b_c', createdAt: '2026-11-21T09:00:00.000Z', order: 'none' } as const;
    expect(queueName('p', one)).toMatch(/^p-[0-9a-f]{20}$/);
    expect(queueName('p', { ...one, order: 'entity' })).toBe(`${ruleName('p', one)}.fifo`);
    expect(ruleName('p', { ...one, createdAt: '2026-11-21T09:00:01.000Z' })).not.toBe(ruleName('p', one));
    expect(groupOf('x'.repeat(128))).toBe('x'.repeat(128));
    expect(groupOf('x'.repeat(129))).toHaveLength(64);
  });

  it('keep a group in order: one of its messages per batch, one batch at a time', async () => {
    const world = createWorld();
    const messages = ['a', 'b', 'a', 'c'].map((group, i) => ({ body: String(i), group, deduplicationId: String(i) }));
    await sendMessages(world.queues, QUEUE, messages);
    const batches = world.sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries);
    expect(batches.map((batch) => batch?.map(({ MessageBody }) => MessageBody))).toEqual([
      ['0', '1'],
      ['2', '3'],
    ]);
  });
});
