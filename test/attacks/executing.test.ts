/** Attacks on what runs, when, how often, and on what is left behind when it fails. */
import { expect } from 'vitest';
import { STEP_NAMES, WORKFLOW } from '../../core/changes/index.ts';
import { workflowDefinition } from '../../lib/constructs/workflow-definition.ts';
import { createWorld, decision, ENTITY, patchOf, proposal, who, type World } from '../core/changes/world.ts';
import { approved, attack, effects, pending, stateOf, vote } from './attack.ts';

const DOCUMENT = { pk: 'main#document', sk: ENTITY };

attack(9, 'a stolen or forged task token is answered: any callback at any time decides nothing', async () => {
  const world = createWorld();
  const view = await pending(world);
  for (const step of STEP_NAMES) await world.changes.runStep(step, view.id);
  expect(await effects(world, view.id)).toBe(0);
  expect(await stateOf(world, view.id)).toBe('pending');
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
    const world = createWorld({ store: { exclusive: false } });
    const view = await approved(world);
    await Promise.all([world.changes, world.other(), world.other()].map((changes) => changes.advance(view.id)));
    expect(await effects(world, view.id)).toBe(1);
    await world.other().advance(view.id);
    for (const step of STEP_NAMES) await world.changes.runStep(step, view.id);
    expect(await effects(world, view.id)).toBe(1);
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
  const world = createWorld({ store: { exclusive: false } });
  const view = await approved(world);
  await world.changes.runStep('claim', view.id);
  await world.changes.runStep('intend', view.id);
  const workers = Array.from({ length: 5 }, () => world.other());
  await Promise.all(workers.map((changes) => changes.runStep('apply', view.id)));
  expect(await effects(world, view.id)).toBe(1);
  expect((await world.changes.document(who('ann'), ENTITY)).version).toBe(1);
});

attack(17, 'it fails half-way: what was applied is undone, in reverse order', async () => {
  const world = createWorld();
  const { change } = await world.changes.propose(who('pete'), proposal([patchOf('/a', 1), patchOf('/b', 2)]));
  await vote(world.changes, change, 'ann');
  for (const step of ['claim', 'intend', 'apply', 'intend'] as const) await world.changes.runStep(step, change.id);
  await world.changes.abort(who('ann'), change.id, { reason: 'stop it' });
  expect(await world.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rolled_back' });
  expect((await world.changes.document(who('ann'), ENTITY)).document).toBeNull();
});

attack(
  18,
  'the rollback fails: the entity stays locked, nothing is called executed, nothing is tried again by itself',
  async () => {
    const world = createWorld();
    const { change } = await world.changes.propose(who('pete'), proposal([patchOf('/a', 1), patchOf('/b', 2)]));
    await vote(world.changes, change, 'ann');
    for (const step of ['claim', 'intend', 'apply'] as const) await world.changes.runStep(step, change.id);
    await meddle(world);
    expect(await world.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    expect(await world.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    const { change: next } = await world.changes.propose(who('pete'), proposal([patchOf('/c', 3)]));
    await vote(world.changes, next, 'ann');
    await world.changes.advance(next.id);
    expect(await effects(world, next.id)).toBe(0);
  },
);

attack(19, 'the target changes between approval and execution', async () => {
  const world = createWorld();
  const view = await approved(world);
  await meddle(world);
  await world.changes.advance(view.id);
  expect(await effects(world, view.id)).toBe(0);
});

attack(19, 'the target changes between claim and effect', async () => {
  const world = createWorld();
  const view = await approved(world);
  for (const step of ['claim', 'intend'] as const) await world.changes.runStep(step, view.id);
  await meddle(world);
  expect(await world.changes.advance(view.id)).toEqual({ kind: 'end', state: 'failed' });
  expect(await effects(world, view.id)).toBe(0);
});

attack(
  12,
  'the record is written behind the ledger as if it were approved: nothing runs on what entries do not prove',
  async () => {
    const world = createWorld();
    const [real, target] = [await approved(world), await pending(world, who('pete'), '/limits')];
    const { approval, votes } = await world.record(real.id);
    const record = { ...(await world.record(target.id)), state: 'approved', votes, approval };
    const key = { pk: 'main#change', sk: target.id };
    await world.store.write([{ kind: 'put', key, value: record as never, expect: 'any' }]);
    await expect(world.changes.advance(target.id)).rejects.toMatchObject({ code: 'CHANGE_STATE_CONFLICT' });
    expect(await effects(world, target.id)).toBe(0);
  },
);

attack(28, 'the wake-up is lost: whoever looks later goes on from the ledger', async () => {
  const world = createWorld();
  const view = await approved(world); // nobody was told
  expect(await world.changes.openIds({ limit: 10 })).toContain(view.id);
  expect(await world.other().advance(view.id)).toEqual({ kind: 'end', state: 'executed' });
});

attack(28, 'the engine wakes for every step that may let it go on', async () => {
  const world = createWorld();
  const view = await pending(world);
  const before = world.woken.length;
  await world.changes.decide(who('ann'), view.id, decision(view));
  await world.changes.decide(who('rita'), view.id, decision(view));
  expect(world.woken.slice(before)).toEqual([view.id, view.id]);
});

async function meddle(world: World): Promise<void> {
  await world.store.write([
    { kind: 'put', key: DOCUMENT, value: { document: { evil: 1 }, change: 'none' }, expect: 'any' },
  ]);
}
