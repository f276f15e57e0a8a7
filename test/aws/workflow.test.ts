/**
 * The state machine as Step Functions runs it: the same ends as the in-process runner, by way of real task tokens, and the
 * same again when executions are killed, steps fail, messages are lost and strangers meddle.
 */
import { SendTaskFailureCommand, SendTaskSuccessCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkflowRunner } from '../../adapters/embedded/runtime/workflow-runner.ts';
import { ChangeError, operationTypes, type Changes, type OperationTypes } from '../../core/changes/index.ts';
import { createFixture, decision, hours, patchOf, proposal, who, type Fixture } from '../core/changes/fixture.ts';
import { openEngine, openMachine, type Engine, type Machine } from './support/workflow-engine.ts';

/** The step function calls back into this process: that needs an endpoint on this machine. */
const isHere = /\/\/(127\.0\.0\.1|localhost)[:/]/.test(process.env['AWS_ENDPOINT_URL'] ?? '');

const APPROVED = [patchOf('/a', 1), patchOf('/b', 2)];

/** The built-in types and one whose plan fails when `broken` says so. */
function withFlaky(broken: () => boolean): OperationTypes {
  const flaky = { type: 'test.flaky', executor: 'test.flaky@1', reversible: true, parse: () => null };
  const plan = (document: object): Record<string, never> => {
    if (broken()) throw new ChangeError({ code: 'CHANGE_INVALID', message: 'broken now' });
    return document as Record<string, never>;
  };
  return new Map([...operationTypes(), [flaky.type, { ...flaky, plan } as never]]);
}

describe.skipIf(!isHere)('the workflow on Step Functions', () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await openMachine();
  });
  afterAll(async () => {
    await machine.close();
  });

  async function proposed(operations: readonly unknown[] = APPROVED, engine: Engine = openEngine(machine)) {
    const { change } = await engine.changes.propose(who('pete'), proposal(operations));
    await engine.untilWaiting(change.id);
    const vote = (name: string, kind?: 'approve' | 'reject'): Promise<unknown> =>
      engine.changes.decide(who(name), change.id, decision(change, kind));
    return { ...engine, change, id: change.id, vote };
  }

  it('waits for people, executes when they agree, and ends', async () => {
    const { id, vote, untilStatus, fixture, gates } = await proposed();
    await vote('ann');
    await untilStatus(id, 1, 'SUCCEEDED');
    expect((await fixture.record(id)).state).toBe('executed');
    expect(await gates.find(id)).toBeUndefined();
    expect((await fixture.changes.document(who('ann'), 'account:1695')).document).toEqual({ a: 1, b: 2 });
  });

  describe('comes to the same as the in-process runner', () => {
    interface Actor {
      readonly changes: Changes;
      readonly id: string;
      readonly vote: Vote;
      readonly breakIt: () => void;
      readonly pass: Pass;
    }
    interface Script {
      readonly name: string;
      readonly operations: readonly unknown[];
      readonly act: (at: Actor) => Promise<unknown>;
      readonly end: string;
    }
    type Vote = (name: string, kind?: 'approve' | 'reject') => Promise<unknown>;
    /** Lets time pass. */
    type Pass = (ms: number) => Promise<void>;
    const scripts: Script[] = [
      {
        name: 'one approval',
        operations: APPROVED,
        act: ({ vote }) => vote('ann'),
        end: 'executed',
      },
      {
        name: 'a veto',
        operations: APPROVED,
        act: ({ vote }) => vote('ann', 'reject'),
        end: 'rejected',
      },
      {
        name: 'withdrawn',
        operations: APPROVED,
        act: ({ changes, id }) => changes.withdraw(who('pete'), id),
        end: 'cancelled',
      },
      { name: 'nobody decides', operations: APPROVED, act: ({ pass }) => pass(hours(168)), end: 'expired' },
      {
        name: 'two approvals for money',
        operations: [patchOf('/balance', 10)],
        act: async ({ vote }) => {
          await vote('ann');
          await vote('rita');
        },
        end: 'executed',
      },
      {
        name: 'a time lock',
        operations: [patchOf('/balance', 5000)],
        act: async ({ vote, pass }) => {
          for (const name of ['ann', 'bob', 'rita']) await vote(name);
          await pass(hours(1));
        },
        end: 'executed',
      },
      {
        name: 'an operation that fails after others',
        operations: [...APPROVED, { type: 'test.flaky', payload: {} }],
        act: async ({ vote, breakIt }) => {
          breakIt();
          await vote('ann');
        },
        end: 'rolled_back',
      },
      {
        name: 'the first operation fails',
        operations: [{ type: 'test.flaky', payload: {} }],
        act: async ({ vote, breakIt }) => {
          breakIt();
          await vote('ann');
        },
        end: 'failed',
      },
    ];
    const story = async (fixture: Fixture, id: string): Promise<unknown> => {
      const { state, entries } = await fixture.record(id);
      return { state, entries: entries.map(({ type }) => type) };
    };

    it.each(scripts)('$name', async ({ operations, act, end }) => {
      let broken = false;
      const types = withFlaky(() => broken);
      const e = await proposed(operations, openEngine(machine, { operations: types }));
      const pass: Pass = async (ms) => {
        await e.untilWaiting(e.id);
        await e.fixture.clock.advance(ms);
        await e.reconcile();
      };
      await act({ ...e, breakIt: () => (broken = true), pass });
      await e.untilState(e.id, end);
      await e.untilStatus(e.id, 1, 'SUCCEEDED');

      broken = false;
      expect(await story(e.fixture, e.id)).toEqual(
        await inProcess({ operations, act, types, breakIt: () => (broken = true) }),
      );
    });

    async function inProcess(
      script: Pick<Script, 'operations' | 'act'> & { types: OperationTypes; breakIt: () => void },
    ): Promise<unknown> {
      const fixture = createFixture({ deps: { operations: script.types } });
      const flush = async (): Promise<void> => {
        for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
      };
      const runner = createWorkflowRunner({
        ...{ changes: fixture.changes, clock: fixture.clock, ids: { random: () => 0.5 } },
        onError: (_, error) => console.error(error),
      });
      const changes = fixture.other({ onStep: (id) => runner.wake(id) });
      const { change } = await changes.propose(who('pete'), proposal(script.operations));
      const { id } = change;
      await flush();
      const vote: Vote = (name, kind) => changes.decide(who(name), id, decision(change, kind));
      const pass: Pass = async (ms) => {
        await flush();
        for (let passed = 0; passed < ms; passed += hours(1)) {
          await fixture.clock.advance(hours(1));
          await flush();
        }
      };
      await script.act({ changes, id, vote, breakIt: script.breakIt, pass });
      await flush();
      await runner.stop();
      return story(fixture, id);
    }
  });

  it('lets a second change-set of an entity wait for the first, and then sends it back to people', async () => {
    const e = await proposed();
    const second = (await e.changes.propose(who('pete'), proposal([patchOf('/c', 3)]))).change;
    await e.untilWaiting(second.id);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    e.faults.before = ({ changeId, step }) => (changeId === e.id && step === 'apply' ? held : undefined);
    await e.vote('ann');
    await e.untilState(e.id, 'executing');
    await e.changes.decide(who('ann'), second.id, decision(second));
    while (!e.asked.includes('lock')) await new Promise((resolve) => setTimeout(resolve, 20));
    release();
    await e.untilState(e.id, 'executed');
    await e.untilState(second.id, 'pending'); // its base has moved
    await e.untilWaiting(second.id);
  });

  it('is healed when killed while it waits', async () => {
    const e = await proposed();
    await e.stop(e.id, 1);
    await e.vote('ann'); // AWS refuses the token now and the next execution is started; an emulator may take it
    await e.reconcile();
    await e.untilStatus(e.id, 2, 'SUCCEEDED');
    expect((await e.fixture.record(e.id)).state).toBe('executed');
  });

  describe.each(['claim', 'intend', 'apply', 'finish'])(
    'is healed when killed at %s, and nothing happens twice:',
    (at) => {
      it.each(['before the step', 'after the step, of whose result nobody hears'])('%s', async (moment) => {
        const e = await proposed();
        let killed = false;
        e.faults.before = async ({ step }) => {
          if (step !== at || killed) return;
          killed = true;
          await e.stop(e.id, 1);
          if (moment === 'before the step') throw new Error('killed');
        };
        await e.vote('ann');
        await e.untilStatus(e.id, 1, 'ABORTED');
        const isOver = at === 'finish' && moment !== 'before the step';
        if (isOver) await e.untilState(e.id, 'executed');
        expect((await e.reconcile()).restarted).toEqual(isOver ? [] : [e.id]);
        if (!isOver) await e.untilStatus(e.id, 2, 'SUCCEEDED');
        const { state, entries } = await e.fixture.record(e.id);
        expect(state).toBe('executed');
        expect(entries.filter(({ type }) => type === 'change.applied')).toHaveLength(2);
      });
    },
  );

  it('goes on when steps fail, for whatever reason', async () => {
    const e = await proposed();
    const failures = new Map<string, number>();
    e.faults.before = ({ step, token }) => {
      if (token !== undefined) return;
      const count = failures.get(step) ?? 0;
      failures.set(step, count + 1);
      if (count === 0) throw new Error('the store is away');
    };
    await e.vote('ann');
    await e.untilStatus(e.id, 1, 'SUCCEEDED'); // its last step too has failed once by then
    await e.untilState(e.id, 'executed');
    expect([...failures.values()].every((count) => count > 1)).toBe(true);
  });

  it('misses no vote whose message was lost: the reconciler wakes it', async () => {
    const e = await proposed();
    e.faults.deaf = true;
    await e.vote('ann');
    e.faults.deaf = false;
    expect((await e.reconcile()).woken).toEqual([e.id]);
    await e.untilState(e.id, 'executed');
  });

  it('misses no vote that comes while it goes to sleep', async () => {
    const engine = openEngine(machine);
    const { change } = await engine.changes.propose(who('pete'), proposal(APPROVED));
    let voted = false;
    engine.faults.before = async ({ token }) => {
      if (token === undefined || voted) return;
      voted = true; // it has seen "pending" and nobody can find its token yet
      await engine.changes.decide(who('ann'), change.id, decision(change));
      await new Promise((resolve) => setTimeout(resolve, 200));
    };
    await engine.untilStatus(change.id, 1, 'SUCCEEDED');
    expect((await engine.fixture.record(change.id)).state).toBe('executed');
  });

  it('believes no token: whoever answers one, and with what, the ledger decides', async () => {
    const e = await proposed();
    const gates = (): number => e.asked.filter((step) => step === 'gate: wait').length;
    const again = async (send: (taskToken: string) => Promise<unknown>): Promise<void> => {
      const before = gates();
      await send((await e.gates.find(e.id))?.token ?? '');
      while (gates() === before) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const output = JSON.stringify({ next: 'claim', state: 'approved', approved: true });
    await again((taskToken) => machine.sfn.send(new SendTaskSuccessCommand({ taskToken, output })));
    await again((taskToken) => machine.sfn.send(new SendTaskFailureCommand({ taskToken, error: 'Approved' })));
    expect(e.asked).not.toContain('claim');
    expect((await e.fixture.record(e.id)).entries).toHaveLength(2);
    await e.vote('ann');
    await e.untilState(e.id, 'executed');
  });

  it('lets no stranger run an execution of its own', async () => {
    const e = await proposed();
    const { sfn, stateMachineArn } = machine;
    const start = async (name: string, input: object): Promise<void> => {
      await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
    };
    const before = e.asked.length;
    await start(`${e.id}-7`, { changeId: e.id, attempt: 1 });
    await e.untilStatus(e.id, 7, 'FAILED');
    expect(e.asked.slice(before)).toEqual([]);
    await start(`x${e.id}-1`, { changeId: `x${e.id}`, attempt: 1 });
    await e.untilStatus(`x${e.id}`, 1, 'FAILED');
    expect(e.asked.slice(before)).toEqual(['evaluate']);
    expect((await e.fixture.record(e.id)).state).toBe('pending');
  });

  it('goes on as a new execution before its history is full', async () => {
    const short = await openMachine(2);
    try {
      const e = await proposed(APPROVED, openEngine(short));
      for (const name of ['rita', 'otto', 'bob']) {
        await e.untilWaiting(e.id);
        const { token } = (await e.gates.find(e.id)) ?? { token: '' };
        await short.sfn.send(new SendTaskSuccessCommand({ taskToken: token, output: `"${name}"` }));
        while ((await e.gates.find(e.id))?.token === token) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await e.untilStatus(e.id, 1, 'SUCCEEDED');
      expect((await e.fixture.record(e.id)).state).toBe('pending');
      expect((await e.gates.find(e.id))?.attempt).toBe(2);
      await e.vote('ann');
      await e.untilState(e.id, 'executed');
      await e.untilStatus(e.id, 3, 'SUCCEEDED'); // two rounds are soon used up: waiting, and being approved
    } finally {
      await short.close();
    }
  });
});
