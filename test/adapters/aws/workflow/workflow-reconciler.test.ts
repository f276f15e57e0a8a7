/** The reconciler makes up for whatever was lost: messages, executions, tokens; and does nothing when nothing is wrong. */
import { DescribeExecutionCommand, ListExecutionsCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { createGates } from '../../../../adapters/aws/workflow/gates.ts';
import { reconcileWorkflows, type Reconciled, type Scope } from '../../../../adapters/aws/workflow/reconciler.ts';
import {
  createWorkflowStatuses,
  createTimekeeping,
  riskSchema,
  type ChangeView,
} from '../../../../core/changes/index.ts';
import type { ItemStore } from '../../../../core/ledger/index.ts';
import { createFixture, decision, hours, patchOf, proposal, risk, who } from '../../../core/changes/fixture.ts';
import { fakeMachine } from './state-machine.ts';

const reminding = riskSchema.parse({
  ...risk,
  ...{ reminderHours: 4, escalation: { afterHours: 5, roles: { nobody: ['owner'] } } },
});

function engine(pageSize?: number, configured = risk) {
  const fixture = createFixture({ deps: { risk: configured } });
  const machine = fakeMachine(pageSize);
  const { items, read } = counted(fixture.store);
  const gates = createGates('main', items);
  const reading = { ledger: 'main', items, clock: fixture.clock };
  const statuses = createWorkflowStatuses(reading);
  const timekeeping = createTimekeeping({ ...reading, configured });
  const woken: string[] = [];
  const resumeQueue = { resume: async (id: string) => void woken.push(id) };
  const { client, stateMachineArn } = machine;
  return {
    ...{ fixture, machine, gates, statuses, woken, read },
    propose: async (entityId = 'account:1'): Promise<ChangeView> =>
      (await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)], { entityId }))).change,
    reconcile: (scope: Scope = 'due'): Promise<Reconciled> =>
      reconcileWorkflows(
        { client, stateMachineArn, gates, statuses, timekeeping, resumeQueue, clock: fixture.clock },
        scope,
      ),
  };
}

/** Says how often it was read, and which change-sets were. */
function counted(store: ItemStore) {
  const records: string[] = [];
  let reads = 0;
  const items: ItemStore = {
    get: (key) => {
      reads += 1;
      if (key.pk === 'main#change') records.push(key.sk);
      return store.get(key);
    },
    list: (pk, options) => ((reads += 1), store.list(pk, options)),
    write: (writes) => store.write(writes),
  };
  const read = async (act: () => Promise<unknown>) => {
    records.length = reads = 0;
    await act();
    return { records: [...records], reads };
  };
  return { items, read };
}

/** An execution that waits for people, on what is recorded now. */
async function waiting(e: ReturnType<typeof engine>, id: string): Promise<void> {
  e.machine.executions.set(`${id}-1`, 'RUNNING');
  const { version } = (await e.statuses.of(id)) ?? { version: 0 };
  await e.gates.register(id, {
    token: `token of ${id}`,
    attempt: 1,
    seen: version,
    until: e.fixture.clock.now() + hours(168),
  });
}

const quiet = { restarted: [], woken: [], stopped: [], failed: [] };

describe('the workflow reconciler', () => {
  it('does nothing where every open change-set waits for what it should', async () => {
    const e = engine();
    for (const entity of ['account:1', 'account:2']) await waiting(e, (await e.propose(entity)).id);
    expect(await e.reconcile('all')).toMatchObject({ ...quiet, open: 2 });
    expect(e.machine.calls.commandCalls(StartExecutionCommand)).toEqual([]);
  });

  it('starts what was never started, over any number of pages, once', async () => {
    const e = engine(7);
    const ids = [];
    for (let i = 0; i < 120; i++) ids.push((await e.propose(`account:${i}`)).id);
    for (const id of ids.slice(0, 20)) await waiting(e, id);
    expect((await e.reconcile('all')).restarted).toEqual(ids.slice(20).sort());
    expect([...e.machine.executions.keys()].sort()).toEqual(ids.map((id) => `${id}-1`).sort());
    expect(await e.reconcile('all')).toMatchObject(quiet);
  });

  it('W11: reads no change-set that waits, however many do, and asks for no list of executions', async () => {
    const e = engine();
    const round = () => e.read(() => e.reconcile());
    await waiting(e, (await e.propose()).id);
    const one = await round();
    for (let i = 0; i < 30; i++) await waiting(e, (await e.propose(`account:more-${i}`)).id);
    await e.fixture.clock.advance(hours(2));
    expect(one.records).toEqual([]);
    expect(await round()).toEqual(one);
    expect(e.machine.calls.commandCalls(ListExecutionsCommand)).toEqual([]);
    expect(e.machine.calls.commandCalls(DescribeExecutionCommand)).toEqual([]);
  });

  it('W11: starts what was never started when its time comes', async () => {
    const e = engine();
    const { id } = await e.propose();
    expect(await e.reconcile()).toMatchObject(quiet);
    await e.fixture.clock.advance(hours(168));
    expect((await e.reconcile()).restarted).toEqual([id]);
  });

  it('W11: keeps reminders by the timers in force, and looks after a time that nothing follows from for an hour', async () => {
    const e = engine(undefined, reminding);
    const { id } = await e.propose();
    await waiting(e, id);
    const recheck = async () => (await e.read(() => e.reconcile())).records;
    await e.fixture.clock.advance(hours(4) - 1);
    expect(await recheck()).toEqual([]);
    await e.fixture.clock.advance(1);
    expect(await recheck()).toEqual([id]);
    await e.fixture.changes.advance(id); // it is reminded
    expect(await recheck()).toEqual([]);
    await e.fixture.clock.advance(hours(1)); // nobody may help with the roles it needs: nothing will come of this time
    expect(await recheck()).toEqual([id]);
    await e.fixture.clock.advance(hours(2));
    expect(await recheck()).toEqual([]);
  });

  it('starts an execution that was killed under a waiting change-set again, under the next name', async () => {
    const e = engine();
    const { id } = await e.propose();
    await waiting(e, id);
    e.machine.executions.set(`${id}-1`, 'ABORTED');
    expect((await e.reconcile('all')).restarted).toEqual([id]);
    expect(e.machine.executions.get(`${id}-2`)).toBe('RUNNING');
    expect(await e.reconcile('all')).toMatchObject({ restarted: [] });
  });

  it('wakes what waits on an older record: the message of the vote was lost', async () => {
    const e = engine();
    const change = await e.propose();
    await waiting(e, change.id);
    await e.fixture.changes.decide(who('ann'), change.id, decision(change));
    expect(await e.reconcile()).toMatchObject({ ...quiet, woken: [change.id] });
    expect(e.woken).toEqual([change.id]);
  });

  it('wakes what waits beyond its time: the timer was lost', async () => {
    const e = engine();
    const { id } = await e.propose();
    await waiting(e, id);
    await e.fixture.clock.advance(hours(168) - 1);
    expect(await e.reconcile()).toMatchObject(quiet);
    await e.fixture.clock.advance(1);
    expect(await e.reconcile()).toMatchObject({ ...quiet, woken: [id] });
  });

  it('stops executions whose change-set has ended or never was, but leaves them time to end by themselves', async () => {
    const e = engine(1);
    const { id } = await e.propose();
    e.machine.executions.set(`${id}-1`, 'RUNNING');
    await e.fixture.changes.withdraw(who('pete'), id);
    expect(await e.reconcile('all')).toMatchObject({ ...quiet, open: 0 });
    await e.fixture.clock.advance(hours(1));
    for (const name of ['nobody-1', 'a-name-of-no-number']) e.machine.executions.set(name, 'RUNNING');
    expect((await e.reconcile('all')).stopped).toEqual([`${id}-1`, 'nobody-1', 'a-name-of-no-number']);
    expect([...e.machine.executions.values()]).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
    expect(await e.reconcile('all')).toMatchObject(quiet);
  });

  it('leaves to people what people must repair', async () => {
    const e = engine();
    const { id } = await e.propose();
    const { value } = (await e.fixture.store.get({ pk: 'main#change', sk: id })) ?? { value: null };
    const broken = { ...(value as object), state: 'rollback_failed' };
    await e.fixture.store.write([{ kind: 'put', key: { pk: 'main#change', sk: id }, value: broken, expect: 'any' }]);
    expect(await e.reconcile('all')).toMatchObject({ ...quiet, open: 1 });
  });

  it('heals the others when one cannot be healed, and says which', async () => {
    const e = engine();
    const [first, second] = [await e.propose('account:1'), await e.propose('account:2')];
    await e.fixture.store.write([
      { kind: 'put', key: { pk: 'main#workflow', sk: first.id }, value: { token: 7 }, expect: 'any' },
    ]);
    const { restarted, failed } = await e.reconcile('all');
    expect(restarted).toEqual([second.id]);
    expect(failed.map(({ subject }) => subject)).toEqual([first.id]);
  });

  it('measures how many change-sets wait for people, and since when', async () => {
    const e = engine();
    expect((await e.reconcile()).approvalQueue).toEqual({
      ...{ length: 0, oldestAgeMs: 0, escalated: 0, reminders: 0, byLevel: {} },
    });
    const first = await e.propose('account:1');
    await e.fixture.clock.advance(hours(2));
    await e.propose('account:2');
    await e.fixture.clock.advance(hours(1));
    expect((await e.reconcile()).approvalQueue).toMatchObject({
      ...{ length: 2, oldestAgeMs: hours(3) },
      byLevel: { L1: { length: 2, oldestAgeMs: hours(3) } },
    });
    await e.fixture.changes.decide(who('ann'), first.id, decision(first));
    expect(await e.reconcile()).toMatchObject({ open: undefined, approvalQueue: { length: 1, oldestAgeMs: hours(1) } });
  });
});
