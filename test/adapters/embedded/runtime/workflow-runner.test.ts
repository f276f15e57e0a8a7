/** The in-process engine: takes up what is open, waits and is woken, never twice at once, and reports what fails. */
import { describe, expect, it } from 'vitest';
import { createWorkflowRunner, type WorkflowRunner } from '../../../../adapters/embedded/runtime/workflow-runner.ts';
import type { Changes } from '../../../../core/changes/index.ts';
import { createFixture, decision, hours, patchOf, proposal, who, type Fixture } from '../../../core/changes/fixture.ts';

function runnerOf(
  fixture: Fixture,
  changes: Pick<Changes, 'runStep' | 'due'> = fixture.changes,
): { runner: WorkflowRunner; errors: unknown[] } {
  const errors: unknown[] = [];
  const runner = createWorkflowRunner({
    changes,
    clock: fixture.clock,
    ids: { random: () => 0.5 },
    onError: (_id, error) => errors.push(error),
  });
  return { runner, errors };
}

/** A fixture whose change-sets wake its runner. */
function engine(): { fixture: Fixture; changes: Changes; runner: WorkflowRunner; errors: unknown[] } {
  const fixture = createFixture();
  const { runner, errors } = runnerOf(fixture);
  return { fixture, runner, errors, changes: fixture.other({ onStep: (id) => runner.wake(id) }) };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe('the workflow runner', () => {
  it('executes as soon as the last approval wakes it', async () => {
    const { fixture, changes, runner, errors } = engine();
    const { change } = await changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    await settle();
    expect((await fixture.record(change.id)).state).toBe('pending');
    await changes.decide(who('ann'), change.id, decision(change));
    await settle();
    expect((await fixture.record(change.id)).state).toBe('executed');
    expect(errors).toEqual([]);
    await runner.stop();
  });

  it('waits for time locks and lets what is not decided expire, by the clock', async () => {
    const { fixture, changes, runner } = engine();
    const locked = (await changes.propose(who('pete'), proposal([patchOf('/balance', 5000)]))).change;
    const idle = (await changes.propose(who('pete'), proposal([patchOf('/a', 1)], { entityId: 'account:2' }))).change;
    for (const name of ['ann', 'bob', 'rita']) await changes.decide(who(name), locked.id, decision(locked));
    await settle();
    await fixture.clock.advance(hours(1) - 1);
    await settle();
    expect((await fixture.record(locked.id)).state).toBe('approved');
    await fixture.clock.advance(1);
    await settle();
    expect((await fixture.record(locked.id)).state).toBe('executed');
    for (let i = 0; i < 168; i++) {
      await fixture.clock.advance(hours(1));
      await settle();
    }
    expect((await fixture.record(idle.id)).state).toBe('expired');
    await runner.stop();
  });

  it('takes up after a start what a dead process left in the middle', async () => {
    const fixture = createFixture();
    const ids: string[] = [];
    for (let i = 0; i < 120; i++) {
      const { change } = await fixture.changes.propose(
        who('pete'),
        proposal([patchOf('/a', i), patchOf('/b', i)], { entityId: `account:${i}` }),
      );
      await fixture.changes.decide(who('ann'), change.id, decision(change));
      for (const step of (['claim', 'intend', 'apply', 'intend'] as const).slice(0, i % 5))
        await fixture.changes.runStep(step, change.id);
      ids.push(change.id);
    }
    const { runner, errors } = runnerOf(fixture);
    await runner.start();
    await settle();
    for (const id of ids) expect((await fixture.record(id)).state).toBe('executed');
    expect(errors).toEqual([]);
    await runner.stop();
  });

  it('runs change-sets of one entity one after the other', async () => {
    const { fixture, changes, runner } = engine();
    const all = [];
    for (let i = 0; i < 4; i++)
      all.push((await changes.propose(who('pete'), proposal([patchOf('/a', i), patchOf('/b', i)]))).change);
    await Promise.all(all.map((change) => changes.decide(who('ann'), change.id, decision(change))));
    await settle();
    await fixture.clock.advance(1000);
    await settle();
    const states = await Promise.all(all.map(async ({ id }) => (await fixture.record(id)).state));
    expect([...states].sort()).toEqual(['executed', 'pending', 'pending', 'pending']);
    await runner.stop();
  });

  it('never has two steps of one change-set under way, however often it is woken', async () => {
    const fixture = createFixture();
    const under = new Map<string, number>();
    let most = 0;
    const watched: Pick<Changes, 'runStep' | 'due'> = {
      due: (query) => fixture.changes.due(query),
      runStep: async (step, id) => {
        under.set(id, (under.get(id) ?? 0) + 1);
        most = Math.max(most, under.get(id) ?? 0);
        try {
          return await fixture.changes.runStep(step, id);
        } finally {
          under.set(id, (under.get(id) ?? 0) - 1);
        }
      },
    };
    const { runner } = runnerOf(fixture, watched);
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    for (let i = 0; i < 50; i++) runner.wake(change.id);
    await runner.start();
    await fixture.changes.decide(who('ann'), change.id, decision(change));
    for (let i = 0; i < 50; i++) {
      runner.wake(change.id);
      await Promise.resolve();
    }
    await settle();
    expect(most).toBe(1);
    expect((await fixture.record(change.id)).state).toBe('executed');
    await runner.stop();
  });

  it('loses no wake-up that comes between looking and waiting', async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    const engines: WorkflowRunner[] = [];
    let looked = false;
    const meddling: Pick<Changes, 'runStep' | 'due'> = {
      due: (query) => fixture.changes.due(query),
      runStep: async (step, id) => {
        const result = await fixture.changes.runStep(step, id);
        if (step === 'evaluate' && !looked) {
          looked = true; // it has seen "pending"; now the approval comes, before it waits
          await fixture.changes.decide(who('ann'), change.id, decision(change));
          engines[0]?.wake(id);
        }
        return result;
      },
    };
    const { runner } = runnerOf(fixture, meddling);
    engines.push(runner);
    runner.wake(change.id);
    await settle();
    expect((await fixture.record(change.id)).state).toBe('executed');
    await runner.stop();
  });

  it('reports a failing step and tries again, waiting longer each time', async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    await fixture.changes.decide(who('ann'), change.id, decision(change));
    let failures = 3;
    const { runner, errors } = runnerOf(fixture, {
      due: (query) => fixture.changes.due(query),
      runStep: async (step, id) => {
        if (failures-- > 0) throw new Error('the store is away');
        return fixture.changes.runStep(step, id);
      },
    });
    await runner.start();
    await settle();
    expect(errors).toHaveLength(1);
    await fixture.clock.advance(10_000);
    await settle();
    expect(errors).toHaveLength(3);
    expect((await fixture.record(change.id)).state).toBe('executed');
    await runner.stop();
  });

  it('forgets a change-set that does not exist, and says so', async () => {
    const fixture = createFixture();
    const { runner, errors } = runnerOf(fixture);
    runner.wake('nothing');
    await settle();
    await fixture.clock.advance(hours(1));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: 'CHANGE_NOT_FOUND' });
  });

  it('stops between two steps; another engine finishes what is left', async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1), patchOf('/b', 1)]));
    await fixture.changes.decide(who('ann'), change.id, decision(change));
    const first = runnerOf(fixture).runner;
    first.wake(change.id);
    for (let i = 0; i < 5; i++) await Promise.resolve();
    await first.stop();
    first.wake(change.id);
    const { state } = await fixture.record(change.id);
    await settle();
    expect((await fixture.record(change.id)).state).toBe(state); // nothing moves any more
    expect(state).not.toBe('executed');
    const { runner } = runnerOf(fixture);
    await runner.start();
    await settle();
    expect((await fixture.record(change.id)).state).toBe('executed');
    await runner.stop();
  });
});
