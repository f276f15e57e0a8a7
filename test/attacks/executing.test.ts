/** Attacks on what runs, when, how often, and on what is left behind when it fails. */
import { expect } from 'vitest';
import { STEP_NAMES, WORKFLOW } from '../../core/changes/index.ts';
import { workflowDefinition } from '../../lib/constructs/workflow-definition.ts';
import { createFixture, decision, ENTITY, patchOf, proposal, who, type Fixture } from '../core/changes/fixture.ts';
import { approved, attack, effects, pending, stateOf, vote } from './attack.ts';

const DOCUMENT = { pk: 'main#document', sk: ENTITY };

attack(9, 'a stolen or forged task token is answered: any callback at any time decides nothing', async () => {
  const fixture = createFixture();
  const view = await pending(fixture);
  for (const step of STEP_NAMES) await fixture.changes.runStep(step, view.id);
  expect(await effects(fixture, view.id)).toBe(0);
  expect(await stateOf(fixture, view.id)).toBe('pending');
});

attack(9, 'what a callback says is not read: the state machine passes on only what the ledger said', async () => {
  const { States } = workflowDefinition({
    workflow: WORKFLOW,
    stepFunctionArn: 'arn:aws:lambda:eu-central-1:1:function:s',
    partition: 'aws',
  });
  const waits = Object.values(States).filter(({ Resource }) => String(Resource).endsWith('waitForTaskToken'));
  expect(waits.length).toBeGreaterThan(0);
  for (const { ResultPath } of waits) expect(ResultPath).toBeNull();
});

attack(
  10,
  'a second execution is started by hand, or one is redriven: both find the ledger, and one claims',
  async () => {
    const fixture = createFixture({ store: { exclusive: false } });
    const view = await approved(fixture);
    await Promise.all([fixture.changes, fixture.other(), fixture.other()].map((changes) => changes.advance(view.id)));
    expect(await effects(fixture, view.id)).toBe(1);
    await fixture.other().advance(view.id);
    for (const step of STEP_NAMES) await fixture.changes.runStep(step, view.id);
    expect(await effects(fixture, view.id)).toBe(1);
  },
);

attack(10, 'an execution under a name of its own ends before it does anything', async () => {
  const { States, StartAt } = workflowDefinition({
    workflow: WORKFLOW,
    stepFunctionArn: 'arn:aws:lambda:eu-central-1:1:function:s',
    partition: 'aws',
  });
  const check = States[String(States[StartAt]?.Next)];
  expect(check).toMatchObject({
    Type: 'Choice',
    Choices: [{ Variable: '$.name', StringEqualsPath: '$.expected' }],
    Default: 'begin: refused',
  });
  expect(States['begin: refused']).toMatchObject({ Type: 'Fail' });
});

attack(16, 'the same operation is carried out by several workers at once', async () => {
  const fixture = createFixture({ store: { exclusive: false } });
  const view = await approved(fixture);
  await fixture.changes.runStep('claim', view.id);
  await fixture.changes.runStep('intend', view.id);
  const workers = Array.from({ length: 5 }, () => fixture.other());
  await Promise.all(workers.map((changes) => changes.runStep('apply', view.id)));
  expect(await effects(fixture, view.id)).toBe(1);
  expect((await fixture.changes.document(who('ann'), ENTITY)).version).toBe(1);
});

attack(17, 'it fails half-way: what was applied is undone, in reverse order', async () => {
  const fixture = createFixture();
  const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1), patchOf('/b', 2)]));
  await vote(fixture.changes, change, 'ann');
  for (const step of ['claim', 'intend', 'apply', 'intend'] as const) await fixture.changes.runStep(step, change.id);
  await fixture.changes.abort(who('ann'), change.id, { reason: 'stop it' });
  expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rolled_back' });
  expect((await fixture.changes.document(who('ann'), ENTITY)).document).toBeNull();
});

attack(
  18,
  'the rollback fails: the entity stays locked, nothing is called executed, nothing is tried again by itself',
  async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1), patchOf('/b', 2)]));
    await vote(fixture.changes, change, 'ann');
    for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, change.id);
    await meddle(fixture);
    expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    const { change: next } = await fixture.changes.propose(who('pete'), proposal([patchOf('/c', 3)]));
    await vote(fixture.changes, next, 'ann');
    await fixture.changes.advance(next.id);
    expect(await effects(fixture, next.id)).toBe(0);
  },
);

attack(19, 'the target changes between approval and execution', async () => {
  const fixture = createFixture();
  const view = await approved(fixture);
  await meddle(fixture);
  await fixture.changes.advance(view.id);
  expect(await effects(fixture, view.id)).toBe(0);
});

attack(19, 'the target changes between claim and effect', async () => {
  const fixture = createFixture();
  const view = await approved(fixture);
  for (const step of ['claim', 'intend'] as const) await fixture.changes.runStep(step, view.id);
  await meddle(fixture);
  expect(await fixture.changes.advance(view.id)).toEqual({ kind: 'end', state: 'failed' });
  expect(await effects(fixture, view.id)).toBe(0);
});

attack(
  12,
  'the record is written behind the ledger as if it were approved: nothing runs on what entries do not prove',
  async () => {
    const fixture = createFixture();
    const [real, target] = [await approved(fixture), await pending(fixture, who('pete'), '/limits')];
    const { approval, votes } = await fixture.record(real.id);
    const record = { ...(await fixture.record(target.id)), state: 'approved', votes, approval };
    const key = { pk: 'main#change', sk: target.id };
    await fixture.store.write([{ kind: 'put', key, value: record as never, expect: 'any' }]);
    await expect(fixture.changes.advance(target.id)).rejects.toMatchObject({ code: 'CHANGE_STATE_CONFLICT' });
    expect(await effects(fixture, target.id)).toBe(0);
  },
);

attack(28, 'the wake-up is lost: whoever looks later goes on from the ledger', async () => {
  const fixture = createFixture();
  const view = await approved(fixture); // nobody was told
  expect(await fixture.changes.openIds({ limit: 10 })).toContain(view.id);
  expect(await fixture.other().advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
});

attack(28, 'the engine wakes for every step that may let it go on', async () => {
  const fixture = createFixture();
  const view = await pending(fixture);
  const before = fixture.woken.length;
  await fixture.changes.decide(who('ann'), view.id, decision(view));
  await fixture.changes.decide(who('rita'), view.id, decision(view));
  expect(fixture.woken.slice(before)).toEqual([view.id, view.id]);
});

async function meddle(fixture: Fixture): Promise<void> {
  await fixture.store.write([
    { kind: 'put', key: DOCUMENT, value: { document: { evil: 1 }, change: 'none' }, expect: 'any' },
  ]);
}
