/** Waking: an execution that waits goes on, one that is missing is started, and never are there two; whatever meets whatever. */
import { InvalidToken, SendTaskSuccessCommand, StartExecutionCommand, TaskTimedOut } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { IsoInstant } from '../../../../core/brands/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { createGates } from '../../../../adapters/aws/workflow/gates.ts';
import { createResumeQueue } from '../../../../adapters/aws/workflow/resume-queue.ts';
import { createQueueResumer } from '../../../../adapters/aws/workflow/queue-resumer.ts';
import type { WorkflowStatus } from '../../../../core/changes/index.ts';
import { fakeMachine, type FakeMachine } from './state-machine.ts';
import { checked } from '../../../support/checked.ts';

const ID = '0199a1b2-0000-7000-8000-000000000001';
const noMessage = { message: '', $metadata: {} };

function status(doing: WorkflowStatus['doing'], version = 1): WorkflowStatus {
  const at = '2026-11-21T09:00:00.000Z';
  return {
    id: ID,
    version,
    state: 'pending',
    doing,
    createdAt: checked<IsoInstant>(at),
    updatedAt: checked<IsoInstant>(at),
  };
}

function fixture(doing: WorkflowStatus['doing'] | 'unknown' = 'pending') {
  const machine = fakeMachine();
  const gates = createGates('main', new MemoryStore());
  const of = async (): Promise<WorkflowStatus | undefined> => (doing === 'unknown' ? undefined : status(doing));
  return { machine, gates, resume: createQueueResumer({ ...machine, gates, statuses: { of } }) };
}

async function openGate({ machine, gates }: ReturnType<typeof fixture>, token: string, attempt = 1): Promise<void> {
  machine.waiting.add(token);
  await gates.register(ID, { token, attempt, seen: 1, until: 0 });
}

const startedNames = ({ calls }: FakeMachine): unknown[] =>
  calls.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input.name);

describe('the workflow resumer', () => {
  it('ends the wait of a waiting execution, and says nothing while doing so', async () => {
    const w = fixture();
    await openGate(w, 'token-1');
    expect(await w.resume(ID)).toBe('woken');
    expect(w.machine.answered).toEqual([{ token: 'token-1', output: '{}' }]);
    expect(w.machine.executions.size).toBe(0);
  });

  it('starts the execution of a change-set that has none, named after it', async () => {
    const w = fixture();
    expect(await w.resume(ID)).toBe('started');
    expect([...w.machine.executions]).toEqual([[`${ID}-1`, 'RUNNING']]);
    const [call] = w.machine.calls.commandCalls(StartExecutionCommand);
    expect(JSON.parse(call?.args[0].input.input ?? '')).toEqual({ changeId: ID, attempt: 1 });
  });

  it('is harmless when it comes twice, late, or for nothing', async () => {
    const w = fixture();
    await w.resume(ID);
    await openGate(w, 'token-1');
    expect(await w.resume(ID)).toBe('woken');
    expect(await w.resume(ID)).toBe('running'); // the token is used up, the execution is on its way
    expect(await w.resume(ID)).toBe('running');
    expect(w.machine.answered).toHaveLength(1);
    expect([...w.machine.executions.keys()]).toEqual([`${ID}-1`]);
  });

  it('starts one execution however many wake-ups meet', async () => {
    const w = fixture();
    const woken = await Promise.all(Array.from({ length: 20 }, () => w.resume(ID)));
    expect(woken.filter((kind) => kind === 'started')).toHaveLength(1);
    expect(w.machine.executions.size).toBe(1);
  });

  it.each([new TaskTimedOut(noMessage), new InvalidToken(noMessage)])(
    'goes on behind a dead token: %s',
    async (error) => {
      const w = fixture();
      await w.resume(ID);
      await openGate(w, 'token-1');
      w.machine.calls.on(SendTaskSuccessCommand).rejects(error);
      expect(await w.resume(ID)).toBe('running');
    },
  );

  it.each(['ABORTED', 'FAILED', 'TIMED_OUT', 'SUCCEEDED'] as const)(
    'takes the next name when the execution is %s before its change-set has ended',
    async (status) => {
      const w = fixture();
      await w.resume(ID);
      await w.gates.register(ID, { token: 'dead', attempt: 1, seen: 1, until: 0 });
      w.machine.executions.set(`${ID}-1`, status);
      expect(await w.resume(ID)).toBe('started');
      w.machine.executions.set(`${ID}-2`, status);
      expect(await w.resume(ID)).toBe('started');
      expect(w.machine.executions.get(`${ID}-3`)).toBe('RUNNING');
      expect(await w.resume(ID)).toBe('running');
    },
  );

  it('goes on counting where the newest wait was registered', async () => {
    const w = fixture();
    for (let attempt = 1; attempt <= 7; attempt++) w.machine.executions.set(`${ID}-${attempt}`, 'ABORTED');
    await w.gates.register(ID, { token: 'dead', attempt: 7, seen: 1, until: 0 });
    await w.resume(ID);
    expect(startedNames(w.machine)).toEqual([`${ID}-7`, `${ID}-8`]);
  });

  it('starts nothing for a change-set that has ended or never was, but lets a waiting execution end', async () => {
    const ended = fixture('ended');
    expect(await ended.resume(ID)).toBe('ended');
    await openGate(ended, 'token-1');
    expect(await ended.resume(ID)).toBe('woken');
    const unknown = fixture('unknown');
    expect(await unknown.resume('forged')).toBe('unknown');
    expect([...startedNames(ended.machine), ...startedNames(unknown.machine)]).toEqual([]);
  });

  it('fails, so that the message comes again, when Step Functions cannot be asked', async () => {
    const w = fixture();
    await openGate(w, 'token-1');
    w.machine.calls.on(SendTaskSuccessCommand).rejects(new Error('throttled'));
    await expect(w.resume(ID)).rejects.toThrow('throttled');
  });
});

describe('gates', () => {
  it('keep the newest wait of each change-set until it is forgotten', async () => {
    const gates = createGates('main', new MemoryStore());
    expect(await gates.find(ID)).toBeUndefined();
    await gates.register(ID, { token: 'a', attempt: 1, seen: 3, until: 9 });
    await gates.register('other', { token: 'b', attempt: 1, seen: 1, until: 9 });
    await gates.register(ID, { token: 'c', attempt: 2, seen: 4, until: 8 });
    expect(await gates.find(ID)).toEqual({ token: 'c', attempt: 2, seen: 4, until: 8 });
    await gates.forget(ID);
    await gates.forget(ID);
    expect(await gates.find(ID)).toBeUndefined();
    expect((await gates.find('other'))?.token).toBe('b');
  });
});

describe('the wake queue', () => {
  function queue() {
    const client = new SQSClient({ region: 'eu-central-1' });
    const calls = mockClient(client);
    const errors: [string, unknown][] = [];
    const resumeQueue = createResumeQueue({
      send: async (QueueUrl, MessageBody) => {
        await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      },
      queueUrl: 'https://queue',
      onError: (id, error) => errors.push([id, error]),
    });
    return { calls, errors, resumeQueue };
  }

  it('says which change-set, and nothing else', async () => {
    const { calls, resumeQueue } = queue();
    resumeQueue.onChangeStep(ID);
    await resumeQueue.flush();
    expect(calls.commandCalls(SendMessageCommand).map(({ args }) => args[0].input)).toEqual([
      { QueueUrl: 'https://queue', MessageBody: JSON.stringify({ changeId: ID }) },
    ]);
  });

  it('settles only when everything is sent, and reports what could not be', async () => {
    const { calls, errors, resumeQueue } = queue();
    const release: (() => void)[] = [];
    calls.on(SendMessageCommand).callsFake(() => new Promise<object>((resolve) => release.push(() => resolve({}))));
    resumeQueue.onChangeStep('a');
    resumeQueue.onChangeStep('b');
    let flushed = false;
    const flushing = resumeQueue.flush().then(() => (flushed = true));
    await new Promise((resolve) => setImmediate(resolve));
    release[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(flushed).toBe(false);
    release[1]?.();
    await flushing;
    calls.on(SendMessageCommand).rejects(new Error('no queue'));
    resumeQueue.onChangeStep('c');
    await resumeQueue.flush();
    expect(errors).toMatchObject([['c', { message: 'no queue' }]]);
    await expect(resumeQueue.resume('d')).rejects.toThrow('no queue');
    await resumeQueue.flush();
  });
});
