/** The reconciler makes up for whatever was lost: messages, executions, tokens; and does nothing when nothing is wrong. */
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { createGates } from '../../../adapters/aws/workflow/gates.ts';
import { reconcileWorkflows, type Reconciled } from '../../../adapters/aws/workflow/reconciler.ts';
import { createStandings, type ChangeView } from '../../../core/changes/index.ts';
import { createWorld, decision, hours, patchOf, proposal, who } from '../../core/changes/world.ts';
import { fakeMachine } from './state-machine.ts';

function engine(pageSize?: number) {
  const world = createWorld();
  const machine = fakeMachine(pageSize);
  const gates = createGates('main', world.store);
  const standings = createStandings({ ledger: 'main', items: world.store, clock: world.clock });
  const woken: string[] = [];
  const wakes = { wake: async (id: string) => void woken.push(id) };
  const { client, stateMachineArn } = machine;
  return {
    ...{ world, machine, gates, standings, woken },
    propose: async (entityId = 'account:1'): Promise<ChangeView> =>
      (await world.changes.propose(who('pete'), proposal([patchOf('/a', 1)], { entityId }))).change,
    reconcile: (): Promise<Reconciled> =>
      reconcileWorkflows({ client, stateMachineArn, gates, standings, wakes, clock: world.clock }),
  };
}

/** An execution that waits for people, on what is recorded now. */
async function waiting(e: ReturnType<typeof engine>, id: string): Promise<void> {
  e.machine.executions.set(`${id}-1`, 'RUNNING');
  const { version } = (await e.standings.of(id)) ?? { version: 0 };
  await e.gates.register(id, {
    token: `token of ${id}`,
    attempt: 1,
    seen: version,
    until: e.world.clock.now() + hours(168),
  });
}

const quiet = { restarted: [], woken: [], stopped: [], failed: [] };

describe('the workflow reconciler', () => {
  it('does nothing where every open change-set waits for what it should', async () => {
    const e = engine();
    for (const entity of ['account:1', 'account:2']) await waiting(e, (await e.propose(entity)).id);
    expect(await e.reconcile()).toMatchObject({ ...quiet, open: 2 });
    expect(e.machine.calls.commandCalls(StartExecutionCommand)).toEqual([]);
  });

  it('starts what was never started, over any number of pages, once', async () => {
    const e = engine(7);
    const ids = [];
    for (let i = 0; i < 120; i++) ids.push((await e.propose(`account:${i}`)).id);
    for (const id of ids.slice(0, 20)) await waiting(e, id);
    expect((await e.reconcile()).restarted).toEqual(ids.slice(20).sort());
    expect([...e.machine.executions.keys()].sort()).toEqual(ids.map((id) => `${id}-1`).sort());
    expect(await e.reconcile()).toMatchObject(quiet);
  });

  it('starts an execution that was killed under a waiting change-set again, under the next name', async () => {
    const e = engine();
    const { id } = await e.propose();
    await waiting(e, id);
    e.machine.executions.set(`${id}-1`, 'ABORTED');
    expect((await e.reconcile()).restarted).toEqual([id]);
    expect(e.machine.executions.get(`${id}-2`)).toBe('RUNNING');
    expect(await e.reconcile()).toMatchObject({ restarted: [] });
  });

  it('wakes what waits on an older record: the message of the vote was lost', async () => {
    const e = engine();
    const change = await e.propose();
    await waiting(e, change.id);
    await e.world.changes.decide(who('ann'), change.id, decision(change));
    expect(await e.reconcile()).toMatchObject({ ...quiet, woken: [change.id] });
    expect(e.woken).toEqual([change.id]);
  });

  it('wakes what waits beyond its time: the timer was lost', async () => {
    const e = engine();
    const { id } = await e.propose();
    await waiting(e, id);
    await e.world.clock.advance(hours(168) - 1);
    expect(await e.reconcile()).toMatchObject(quiet);
    await e.world.clock.advance(1);
    expect(await e.reconcile()).toMatchObject({ ...quiet, woken: [id] });
  });

  it('stops executions whose change-set has ended or never was, but leaves them time to end by themselves', async () => {
    const e = engine(1);
    const { id } = await e.propose();
    e.machine.executions.set(`${id}-1`, 'RUNNING');
    await e.world.changes.withdraw(who('pete'), id);
    expect(await e.reconcile()).toMatchObject({ ...quiet, open: 0 });
    await e.world.clock.advance(hours(1));
    for (const name of ['nobody-1', 'a-name-of-no-number']) e.machine.executions.set(name, 'RUNNING');
    expect((await e.reconcile()).stopped).toEqual([`${id}-1`, 'nobody-1', 'a-name-of-no-number']);
    expect([...e.machine.executions.values()]).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
    expect(await e.reconcile()).toMatchObject(quiet);
  });

  it('leaves to people what people must repair', async () => {
    const e = engine();
    const { id } = await e.propose();
    const { value } = (await e.world.store.get({ pk: 'main#change', sk: id })) ?? { value: null };
    const broken = { ...(value as object), state: 'rollback_failed' };
    await e.world.store.write([{ kind: 'put', key: { pk: 'main#change', sk: id }, value: broken, expect: 'any' }]);
    expect(await e.reconcile()).toMatchObject({ ...quiet, open: 1 });
  });

  it('heals the others when one cannot be healed, and says which', async () => {
    const e = engine();
    const [first, second] = [await e.propose('account:1'), await e.propose('account:2')];
    await e.world.store.write([
      { kind: 'put', key: { pk: 'main#workflow', sk: first.id }, value: { token: 7 }, expect: 'any' },
    ]);
    const { restarted, failed } = await e.reconcile();
    expect(restarted).toEqual([second.id]);
    expect(failed.map(({ subject }) => subject)).toEqual([first.id]);
  });

  it('measures how many change-sets wait for people, and since when', async () => {
    const e = engine();
    expect((await e.reconcile()).approvalQueue).toEqual({
      ...{ length: 0, oldestAgeMs: 0, escalated: 0, reminders: 0, byLevel: {} },
    });
    const first = await e.propose('account:1');
    await e.world.clock.advance(hours(2));
    await e.propose('account:2');
    await e.world.clock.advance(hours(1));
    expect((await e.reconcile()).approvalQueue).toMatchObject({
      ...{ length: 2, oldestAgeMs: hours(3) },
      byLevel: { L1: { length: 2, oldestAgeMs: hours(3) } },
    });
    await e.world.changes.decide(who('ann'), first.id, decision(first));
    expect(await e.reconcile()).toMatchObject({ open: 2, approvalQueue: { length: 1, oldestAgeMs: hours(1) } });
  });
});
