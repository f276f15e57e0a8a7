/** One step for the state machine: the table's step, waits that cannot be slept through, tokens that decide nothing. */
import { describe, expect, it } from 'vitest';
import { createGates } from '../../adapters/aws/workflow/gates.ts';
import { createWorkflowStatuses, STEP_NAMES, WORKFLOW, type Changes } from '../../core/changes/index.ts';
import { MAX_WAIT_S, takeStep, type StepAnswer, type StepDependencies } from '../../lambdas/workflow-step/take-step.ts';
import { contentsOf, createFixture, decision, hours, patchOf, proposal, who } from '../core/changes/fixture.ts';

function engine() {
  const fixture = createFixture();
  const woken: string[] = [];
  const deps: StepDependencies = {
    changes: fixture.changes,
    statuses: createWorkflowStatuses({ ledger: 'main', items: fixture.store, clock: fixture.clock }),
    gates: createGates('main', fixture.store),
    resumeQueue: { resume: async (id) => void woken.push(id) },
    clock: fixture.clock,
  };
  const step = (input: object, more: Partial<StepDependencies> = {}): Promise<StepAnswer> =>
    takeStep({ ...deps, ...more }, input);
  return { fixture, deps, woken, step };
}

async function proposed(path = '/a', value: unknown = 1) {
  const e = engine();
  const { change } = await e.fixture.changes.propose(who('pete'), proposal([patchOf(path, value)]));
  const approve = (...names: string[]): Promise<unknown> =>
    Promise.all(names.map((name) => e.fixture.changes.decide(who(name), change.id, decision(change))));
  return { ...e, change, id: change.id, approve };
}

const token = { token: 'token-1', attempt: 1, until: 0 };

describe('a step of the workflow', () => {
  it('is the step of the table, whatever the change-set is at', async () => {
    for (const step of STEP_NAMES) {
      const one = await proposed();
      const two = await proposed();
      for (const { approve } of [one, two]) await approve('ann');
      const expected = await one.fixture.changes.runStep(step, one.id);
      const { next } = await two.step({ changeId: two.id, step });
      expect(next).toBe(expected.kind === 'end' ? step : expected.step);
      expect((await two.fixture.record(two.id)).state).toBe((await one.fixture.record(one.id)).state);
    }
  });

  it('plans the wait for people up to the deadline, and for a time lock up to its end', async () => {
    const { step, id, fixture, approve } = await proposed('/balance', 5000);
    const { next, seen } = await step({ changeId: id, step: 'evaluate' });
    expect(next).toBe('gate');
    expect(await step({ changeId: id, step: 'gate', seen })).toEqual({
      ...{ next: 'evaluate', seen, seconds: 168 * 3600, until: fixture.clock.now() + hours(168) },
    });
    await approve('ann', 'bob', 'rita');
    const approved = await step({ changeId: id, step: 'evaluate' });
    expect(approved.next).toBe('timelock');
    const lock = await step({ changeId: id, step: 'timelock', seen: approved.seen });
    expect(lock).toMatchObject({ next: 'claim', seconds: 3600 });
    await fixture.clock.advance(hours(1));
    expect(await step({ changeId: id, step: 'timelock', seen: approved.seen })).toMatchObject({ seconds: 0 });
  });

  it('rounds waits up, so that nothing is looked at just before its time, and cuts those too long for an execution', async () => {
    const { step, id, deps } = await proposed();
    const { seen } = await step({ changeId: id, step: 'evaluate' });
    const planned = (ms: number): Promise<StepAnswer> => {
      const runStep: Changes['runStep'] = async () => ({
        kind: 'wait',
        step: 'evaluate',
        until: deps.clock.now() + ms,
      });
      return step({ changeId: id, step: 'gate', seen }, { changes: { runStep } });
    };
    expect((await planned(1)).seconds).toBe(1);
    expect((await planned(1000)).seconds).toBe(1);
    expect((await planned(0)).seconds).toBe(0);
    expect((await planned(-5000)).seconds).toBe(0);
    const year = await planned(hours(24 * 365));
    expect(year).toMatchObject({ seconds: MAX_WAIT_S, until: deps.clock.now() + hours(24 * 365) });
  });

  it('waits longer each time for an entity another change-set holds', async () => {
    const { fixture, step, change, approve } = await proposed();
    const second = (await fixture.changes.propose(who('pete'), proposal([patchOf('/b', 1)]))).change;
    await fixture.changes.decide(who('ann'), second.id, decision(second));
    await approve('ann');
    expect((await step({ changeId: change.id, step: 'claim' })).next).toBe('intend');
    const claimed = await step({ changeId: second.id, step: 'claim' });
    expect(claimed.next).toBe('lock');
    const waits = [];
    for (const pause of [0, 60_000, hours(1), hours(24)]) {
      await fixture.clock.advance(pause);
      waits.push((await step({ changeId: second.id, step: 'lock', seen: claimed.seen })).seconds);
    }
    expect(waits).toEqual([1, 6, 300, 300]);
  });

  it('does not wait at all when something was recorded after the step that wanted to wait', async () => {
    const { step, id, approve } = await proposed();
    const { next, seen } = await step({ changeId: id, step: 'evaluate' });
    expect(next).toBe('gate');
    await approve('ann'); // between "pending" and the wait
    const gate = await step({ changeId: id, step: 'gate', seen });
    expect(gate).toMatchObject({ next: 'evaluate', seconds: 0 });
  });

  it('wakes its own execution when something was recorded before the token was', async () => {
    const { step, id, approve, woken, deps } = await proposed();
    const { seen } = await step({ changeId: id, step: 'evaluate' });
    const { until } = await step({ changeId: id, step: 'gate', seen });
    await approve('ann'); // its wake-up found no token
    await step({ changeId: id, step: 'gate', ...token, seen, until });
    expect(woken).toEqual([id]);
    expect(await deps.gates.find(id)).toEqual({ ...token, seen, until });
  });

  it('registers first and looks then: what is recorded in between wakes it too', async () => {
    const { step, id, approve, woken, deps } = await proposed();
    const { seen } = await step({ changeId: id, step: 'evaluate' });
    const register: typeof deps.gates.register = async (...args) => {
      await deps.gates.register(...args);
      await approve('ann');
    };
    await step({ changeId: id, step: 'gate', ...token, seen }, { gates: { ...deps.gates, register } });
    expect(woken).toEqual([id]);
  });

  it('waits in peace when nothing was recorded', async () => {
    const { step, id, woken } = await proposed();
    const { seen } = await step({ changeId: id, step: 'evaluate' });
    await step({ changeId: id, step: 'gate', ...token, seen });
    expect(woken).toEqual([]);
  });

  it('fails when it could not wake itself, so that the state machine opens the gate again', async () => {
    const { step, id, approve } = await proposed();
    const { seen } = await step({ changeId: id, step: 'evaluate' });
    await approve('ann');
    const resumeQueue = { resume: () => Promise.reject(new Error('no queue')) };
    await expect(step({ changeId: id, step: 'gate', ...token, seen }, { resumeQueue })).rejects.toThrow('no queue');
  });

  it('decides nothing by a token: stolen, forged or late, the next step finds what the ledger says', async () => {
    const { step, id, fixture, deps } = await proposed();
    const { seen } = await step({ changeId: id, step: 'evaluate' });
    await step({ changeId: id, step: 'gate', ...token, seen });
    const before = contentsOf(fixture.store);
    // Somebody answers the token, whatever with: the execution evaluates. Nobody has voted.
    expect((await step({ changeId: id, step: 'evaluate' })).next).toBe('gate');
    // Somebody starts an execution of their own in the middle of the table.
    for (const name of ['claim', 'intend', 'apply', 'finish', 'undo', 'expire'] as const) {
      expect((await step({ changeId: id, step: name })).next, name).toBe('evaluate');
    }
    expect(contentsOf(fixture.store)).toBe(before);
    expect((await deps.statuses.of(id))?.state).toBe('pending');
  });

  it('forgets the token at the end', async () => {
    const { step, id, deps } = await proposed();
    await deps.gates.register(id, { ...token, seen: 1 });
    expect(await step({ changeId: id, step: 'end' })).toMatchObject({ next: 'end' });
    expect(await deps.gates.find(id)).toBeUndefined();
  });

  it('lets the execution of an unknown change-set fail: no table allows what it answers', async () => {
    const { step, fixture } = engine();
    const before = contentsOf(fixture.store);
    for (const name of STEP_NAMES) {
      const { next } = await step({ changeId: 'nobody', step: name });
      expect(Object.keys(WORKFLOW)).not.toContain(next);
    }
    expect(contentsOf(fixture.store)).toBe(before);
  });

  it.each([
    {},
    { changeId: 'x' },
    { changeId: 'a/b', step: 'evaluate' },
    { changeId: 'x'.repeat(65), step: 'evaluate' },
    { changeId: 'x', step: 'approve' },
    { changeId: 'x', step: 'gate', token: '' },
    { changeId: 'x', step: 'gate', token: 't', seen: 1, until: 1 },
    { changeId: 'x', step: 'gate', token: 't', attempt: 0, seen: 1, until: 1 },
  ])('refuses %j', async (input) => {
    const { step, fixture } = engine();
    await expect(step(input)).rejects.toMatchObject({ name: 'ZodError' });
    expect(contentsOf(fixture.store)).toBe(contentsOf(createFixture().store));
  });
});
