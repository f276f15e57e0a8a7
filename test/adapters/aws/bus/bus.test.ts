/** The AWS bus against SQS's answers: hostile receipts, stale leases, gone queues, partial failures. */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { IsoInstant } from '../../../../core/brands/index.ts';
import { formatReceipt, parseMessage, parseReceipt } from '../../../../adapters/aws/bus/message.ts';
import { groupOf, queueName, ruleName } from '../../../../adapters/aws/bus/names.ts';
import { sendMessages } from '../../../../adapters/aws/bus/send-messages.ts';
import { createQueuesFixture as createFixture, message, QUEUE } from '../subscriptions/queues-fixture.ts';
import { checked } from '../../../support/checked.ts';

const NOW = { max: 10, waitMs: 0 };

describe('receive', () => {
  let fixture: ReturnType<typeof createFixture>;
  beforeEach(() => (fixture = createFixture()));

  it('leases what SQS gives for the time to acknowledge, in whole seconds', async () => {
    await fixture.subscribe({ ackTimeoutMs: 1_500 });
    const event = await fixture.publish();
    fixture.queued([message(event, 'h', 3)]);
    expect(await fixture.bus.receive('s', { max: 10, waitMs: 60_000 })).toMatchObject([{ attempt: 3, event }]);
    expect(fixture.sqs.commandCalls(ReceiveMessageCommand)[0]?.args[0].input).toMatchObject({
      ...{ QueueUrl: QUEUE, MaxNumberOfMessages: 10, WaitTimeSeconds: 20, VisibilityTimeout: 2 },
    });
  });

  it('waits in long polls until time is up, and never hangs', async () => {
    await fixture.subscribe();
    fixture.queued();
    expect(await fixture.bus.receive('s', { max: 10, waitMs: 45_000 })).toEqual([]);
    const waits = fixture.sqs.commandCalls(ReceiveMessageCommand).map(({ args }) => args[0].input.WaitTimeSeconds);
    expect(waits).toEqual([20, 20, 5]);
  });

  it('goes on while SQS has more, up to what was asked for', async () => {
    await fixture.subscribe();
    const events = await Promise.all(Array.from({ length: 25 }, () => fixture.publish()));
    const all = events.map((event) => message(event));
    fixture.queued(all.slice(0, 10), all.slice(10, 20), all.slice(20));
    expect(await fixture.bus.receive('s', { max: 25, waitMs: 0 })).toHaveLength(25);
    const asked = fixture.sqs.commandCalls(ReceiveMessageCommand).map(({ args }) => args[0].input.MaxNumberOfMessages);
    expect(asked).toEqual([10, 10, 5]);
  });

  it('takes one message of a FIFO queue per call, so that no later one of the entity comes along', async () => {
    await fixture.subscribe({ order: 'entity' });
    fixture.queued([message(await fixture.publish('a'))], [message(await fixture.publish('b'))]);
    expect(await fixture.bus.receive('s', NOW)).toHaveLength(2);
    for (const { args } of fixture.sqs.commandCalls(ReceiveMessageCommand))
      expect(args[0].input.MaxNumberOfMessages).toBe(1);
  });

  it('deletes what a rule let through too much and keeps junk in quarantine', async () => {
    await fixture.subscribe();
    const unwanted = await fixture.publish('e', 'other.new');
    fixture.queued([message(unwanted, 'unwanted'), { Body: 'junk', ReceiptHandle: 'junk' }]);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    const deleted = fixture.sqs.commandCalls(DeleteMessageBatchCommand)[0]?.args[0].input.Entries;
    expect(deleted?.map(({ ReceiptHandle }) => ReceiptHandle)).toEqual(['unwanted', 'junk']);
    expect(await fixture.store.list('main#quarantine', { limit: 10 })).toMatchObject([{ value: { event: 'junk' } }]);
  });

  it('answers empty when paused, when the queue is not made yet, when it is gone, and when the caller left', async () => {
    const subscription = await fixture.subscribe();
    const gone = Object.assign(new Error('gone'), { name: 'QueueDoesNotExist' });
    fixture.sqs.on(GetQueueUrlCommand).rejects(gone);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    expect(await fixture.bus.ack('s', ['x'])).toEqual({ stale: ['x'] });
    fixture.sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: QUEUE });
    fixture.sqs.on(ReceiveMessageCommand).rejects(gone);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
    fixture.sqs.on(ReceiveMessageCommand).rejects(new Error('aborted'));
    expect(await fixture.bus.receive('s', { ...NOW, signal: AbortSignal.abort() })).toEqual([]);
    await expect(fixture.bus.receive('s', NOW)).rejects.toThrow('aborted');
    const key = { pk: 'main#subscription', sk: 's' };
    const value = { ...subscription, status: 'paused' } as never;
    await fixture.store.write([{ kind: 'put', key, value, expect: 'any' }]);
    fixture.queued([message(await fixture.publish())]);
    expect(await fixture.bus.receive('s', NOW)).toEqual([]);
  });
});

describe('pausing', () => {
  it('puts back what came after the pause to a caller who had been waiting since before', async () => {
    const fixture = createFixture();
    const subscription = await fixture.subscribe();
    const event = await fixture.publish();
    const put = (status: string): Promise<unknown> => {
      const value = { ...subscription, status } as never;
      return fixture.store.write([{ kind: 'put', key: { pk: 'main#subscription', sk: 's' }, value, expect: 'any' }]);
    };
    fixture.sqs.on(ReceiveMessageCommand).callsFake(async () => {
      await put('paused');
      return { Messages: [message(event, 'h')] };
    });
    expect(await fixture.bus.receive('s', { max: 10, waitMs: 5_000 })).toEqual([]);
    const [call] = fixture.sqs.commandCalls(ChangeMessageVisibilityBatchCommand);
    expect(call?.args[0].input.Entries).toMatchObject([{ ReceiptHandle: 'h', VisibilityTimeout: 0 }]);
  });
});

describe('settling', () => {
  let fixture: ReturnType<typeof createFixture>;
  beforeEach(() => (fixture = createFixture()));

  async function lease(count = 1): Promise<string> {
    fixture.queued([message(await fixture.publish(), 'h', count)]);
    return (await fixture.bus.receive('s', NOW))[0]?.receipt ?? '';
  }

  it('refuses as stale whatever is no receipt, without an error', async () => {
    await fixture.subscribe();
    const now = fixture.clock.now();
    const hostile = [
      ...['', 'x', 'null', '[]', '💥', Buffer.from('["h",1,"e",0]').toString('base64url')],
      formatReceipt({ handle: 'h', attempt: -1, chain: 'e', seq: 0, expiresAt: now + 1_000 }),
      formatReceipt({ handle: 'h', attempt: 1, chain: 'e', seq: 0.5, expiresAt: now + 1_000 }),
      formatReceipt({ handle: 'h', attempt: 1, chain: 'e', seq: 0, expiresAt: now }),
    ];
    expect(await fixture.bus.ack('s', hostile)).toEqual({ stale: hostile });
    expect(await fixture.bus.nack('s', hostile, { reason: 'no' })).toEqual({ stale: hostile });
    expect(fixture.sqs.commandCalls(DeleteMessageBatchCommand)).toHaveLength(0);
  });

  it('names receipts SQS does not know, and fails when SQS fails', async () => {
    await fixture.subscribe();
    const receipt = await lease();
    const refusal = { Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true };
    fixture.sqs.on(DeleteMessageBatchCommand).resolves({ Successful: [], Failed: [refusal] });
    expect(await fixture.bus.ack('s', [receipt, receipt])).toEqual({ stale: [receipt] });
    const failure = { Id: '0', Code: 'InternalError', SenderFault: false };
    fixture.sqs.on(DeleteMessageBatchCommand).resolves({ Successful: [], Failed: [failure] });
    await expect(fixture.bus.ack('s', [receipt])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('hides a refused message for its backoff, or as long as asked, within what SQS allows', async () => {
    await fixture.subscribe({ retry: { maxAttempts: 5, baseMs: 1, maxMs: 1 }, ackTimeoutMs: 43_200_000 });
    const receipt = await lease();
    await fixture.bus.nack('s', [receipt], { reason: 'no' });
    await fixture.bus.nack('s', [receipt], { reason: 'no', delayMs: 1_001 });
    await fixture.clock.advance(10_000_000);
    await fixture.bus.nack('s', [receipt], { reason: 'no', delayMs: 43_200_000 });
    const hidden = fixture.sqs
      .commandCalls(ChangeMessageVisibilityBatchCommand)
      .map(({ args }) => args[0].input.Entries?.[0]?.VisibilityTimeout);
    expect(hidden).toEqual([0, 2, 33_199]);
  });

  it('writes a dead letter before it deletes the message, and not for a message it does not hold', async () => {
    await fixture.subscribe({ retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } });
    const receipt = await lease(2);
    fixture.sqs.on(DeleteMessageBatchCommand).callsFake(async () => {
      expect(await fixture.bus.deadLetters('s', { limit: 1 })).toHaveLength(1);
      return {};
    });
    const refusal = { Id: '0', Code: 'MessageNotInflight', SenderFault: true };
    fixture.sqs
      .on(ChangeMessageVisibilityBatchCommand)
      .resolvesOnce({ Successful: [], Failed: [refusal] })
      .resolves({});
    expect(await fixture.bus.nack('s', [receipt], { reason: 'no' })).toEqual({ stale: [receipt] });
    expect(await fixture.bus.deadLetters('s', { limit: 1 })).toEqual([]);
    expect(await fixture.bus.nack('s', [receipt], { reason: 'no' })).toEqual({ stale: [] });
    expect(fixture.sqs.commandCalls(DeleteMessageBatchCommand)).toHaveLength(1);
    const [letter] = await fixture.bus.deadLetters('s', { limit: 1 });
    expect(await fixture.bus.deadLetters('s', { after: letter?.position ?? 0, limit: 1 })).toEqual([]);
  });

  it('shows nobody an event that is not theirs, whatever a forged receipt says', async () => {
    await fixture.subscribe({ retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } });
    const secret = await fixture.publish('secret', 'other.new');
    const { entity: chain, seq } = secret.ledger;
    const expiresAt = fixture.clock.now() + 1_000;
    const forged = [
      formatReceipt({ handle: 'h', attempt: 9, chain, seq, expiresAt }),
      formatReceipt({ handle: 'i', attempt: 9, chain: 'nothing', seq: 3, expiresAt }),
    ];
    await fixture.bus.nack('s', forged, { reason: 'give it to me' });
    expect(await fixture.bus.deadLetters('s', { limit: 10 })).toEqual([]);
  });

  it('asks to try again while an event that died has no place in the log', async () => {
    await fixture.subscribe({ retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } });
    const receipt = await lease();
    fixture.sequenced.yes = false;
    await expect(fixture.bus.nack('s', [receipt], { reason: 'no' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(fixture.sqs.commandCalls(DeleteMessageBatchCommand)).toHaveLength(0);
  });

  it('counts a dead letter once when two redrive it, and keeps it when sending fails', async () => {
    await fixture.subscribe({ order: 'entity', retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 } });
    await fixture.bus.nack('s', [await lease()], { reason: 'no' });
    const failure = { Id: '0', Code: 'InternalError', SenderFault: false };
    fixture.sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Successful: [], Failed: [failure] })
      .resolves({});
    await expect(fixture.bus.redrive('s')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const position = (await fixture.bus.deadLetters('s', { limit: 1 }))[0]?.position ?? -1;
    const counts = await Promise.all([fixture.bus.redrive('s', [position, position]), fixture.bus.redrive('s')]);
    expect(counts[0] + counts[1]).toBe(1);
    expect(await fixture.bus.deadLetters('s', { limit: 1 })).toEqual([]);
    const sent = fixture.sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries?.[0]);
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
    const one = { id: 'a.b_c', createdAt: checked<IsoInstant>('2026-11-21T09:00:00.000Z'), order: 'none' } as const;
    expect(queueName('p', one)).toMatch(/^p-[0-9a-f]{20}$/);
    expect(queueName('p', { ...one, order: 'entity' })).toBe(`${ruleName('p', one)}.fifo`);
    expect(ruleName('p', { ...one, createdAt: checked<IsoInstant>('2026-11-21T09:00:01.000Z') })).not.toBe(
      ruleName('p', one),
    );
    expect(groupOf('x'.repeat(128))).toBe('x'.repeat(128));
    expect(groupOf('x'.repeat(129))).toHaveLength(64);
  });

  it('keep a group in order: one of its messages per batch, one batch at a time', async () => {
    const fixture = createFixture();
    const messages = ['a', 'b', 'a', 'c'].map((group, i) => ({ body: String(i), group, deduplicationId: String(i) }));
    await sendMessages(fixture.queues, QUEUE, messages);
    const batches = fixture.sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries);
    expect(batches.map((batch) => batch?.map(({ MessageBody }) => MessageBody))).toEqual([
      ['0', '1'],
      ['2', '3'],
    ]);
  });
});
