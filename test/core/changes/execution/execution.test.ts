/** Execution when things go wrong: failing operations, meddling with the document, aborts, and a crash at every write. */
import { describe, expect, it } from 'vitest';
import { canonicalize } from '../../../../core/canonical/index.ts';
import {
  ChangeError,
  foldChange,
  operationTypes,
  verifyState,
  type Changes,
  type OperationTypes,
} from '../../../../core/changes/index.ts';
import { contentsOf, createWorld, decision, ENTITY, entriesOf, patchOf, proposal, who, type World } from '../world.ts';

const DOCUMENT = { pk: 'main#document', sk: ENTITY };

/** The built-in types and one whose plan fails when `broken` says so. */
function withFlaky(broken: () => boolean, reversible = true): OperationTypes {
  const types = new Map(operationTypes());
  types.set('test.flaky', {
    type: 'test.flaky',
    executor: 'test.flaky@1',
    reversible,
    parse: () => null,
    plan: (document) => {
      if (broken()) throw new ChangeError({ code: 'CHANGE_INVALID', message: 'broken now' });
      return { ...document, flaky: true };
    },
  });
  return types;
}

async function approve(changes: Changes, operations: readonly unknown[]): Promise<string> {
  const { change } = await changes.propose(who('pete'), proposal(operations));
  await changes.decide(who('ann'), change.id, decision(change));
  return change.id;
}

async function expectConsistent(world: World, id: string, types = operationTypes()): Promise<void> {
  const folded = foldChange(await entriesOf(world, id));
  expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(await world.record(id)));
  const { document, version, hash } = await world.changes.document(who('ann'), ENTITY);
  expect(verifyState(ENTITY, await world.chain(), types)).toEqual({ kind: 'state', document, version, hash });
}

const isLocked = async (world: World): Promise<boolean> =>
  (await world.store.get({ pk: 'main#change-lock', sk: ENTITY })) !== undefined;

describe('an operation that fails', () => {
  it('when nothing was applied: failed, nothing changed, the entity is free again', async () => {
    let broken = false;
    const types = withFlaky(() => broken);
    const world = createWorld({ deps: { operations: types } });
    const id = await approve(world.changes, [{ type: 'test.flaky', payload: {} }]);
    broken = true;
    expect(await world.changes.advance(id)).toEqual({ kind: 'end', state: 'failed' });
    expect(await world.record(id)).toMatchObject({ failure: { code: 'CHANGE_INVALID' } });
    expect((await world.changes.document(who('ann'), ENTITY)).version).toBe(0);
    expect(await isLocked(world)).toBe(false);
    broken = false;
    await expectConsistent(world, id, types);
  });

  it('after others were applied: undone in reverse order, rolled back to what was there before', async () => {
    let broken = false;
    const types = withFlaky(() => broken);
    const world = createWorld({ deps: { operations: types } });
    const first = await approve(world.changes, [{ type: 'state.put', payload: { note: 'old' } }]);
    await world.changes.advance(first);
    const id = await approve(world.changes, [
      patchOf('/a', 1),
      patchOf('/note', 'new', 'replace'),
      { type: 'test.flaky', payload: {} },
    ]);
    broken = true;
    expect(await world.changes.advance(id)).toEqual({ kind: 'end', state: 'rolled_back' });
    expect((await world.changes.document(who('ann'), ENTITY)).document).toEqual({ note: 'old' });
    const undone = (await entriesOf(world, id)).filter(({ body }) => body.type === 'change.undone');
    expect(undone.map(({ body }) => body.data['index'])).toEqual([1, 0]);
    broken = false;
    await expectConsistent(world, id, types);
    expect(await isLocked(world)).toBe(false);
  });

  it('restores the absence of a document', async () => {
    let broken = false;
    const world = createWorld({ deps: { operations: withFlaky(() => broken) } });
    const id = await approve(world.changes, [patchOf('/a', 1), { type: 'test.flaky', payload: {} }]);
    broken = true;
    await world.changes.advance(id);
    expect(await world.changes.document(who('ann'), ENTITY)).toMatchObject({ document: null, version: 2 });
    broken = false;
    const again = await approve(world.changes, [patchOf('/b', 1)]);
    expect(await world.changes.advance(again)).toEqual({ kind: 'end', state: 'executed' });
    expect(await world.changes.document(who('ann'), ENTITY)).toMatchObject({ document: { b: 1 }, version: 3 });
  });

  it('or is aborted, but cannot be undone: rollback failed, the entity stays locked for people to resolve', async () => {
    let broken = false;
    const types = withFlaky(() => broken, false);
    const world = createWorld({ deps: { operations: types } });
    const { change } = await world.changes.propose(who('pete'), proposal([{ type: 'test.flaky', payload: {} }]));
    expect(change.risk).toMatchObject({ level: 'L3', matched: [], facts: { reversible: false } });
    for (const name of ['ann', 'rita']) await world.changes.decide(who(name), change.id, decision(change));
    await world.clock.advance(3_600_000);
    for (const step of ['claim', 'intend', 'apply'] as const) await world.changes.runStep(step, change.id);
    await world.changes.abort(who('otto'), change.id, { reason: 'stop' });
    expect(await world.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    expect(await isLocked(world)).toBe(true);
    expect(await world.changes.openIds({ limit: 10 })).toEqual([change.id]);
    const waiting = await approve(world.changes, [patchOf('/x', 1)]);
    expect(await world.changes.advance(waiting)).toMatchObject({ kind: 'wait', step: 'evaluate' });
    broken = false;
    await expectConsistent(world, change.id, types);
  });
});

describe('a document changed behind the ledger', () => {
  const meddle = (world: World): Promise<unknown> =>
    world.store.write([
      { kind: 'put', key: DOCUMENT, value: { document: { evil: 1 }, change: 'none' }, expect: 'any' },
    ]);

  it('before the first operation: nothing is applied', async () => {
    const world = createWorld();
    const id = await approve(world.changes, [patchOf('/a', 1)]);
    await world.changes.runStep('claim', id);
    await meddle(world);
    expect(await world.changes.advance(id)).toEqual({ kind: 'end', state: 'failed' });
  });

  it('between two operations: neither applied over nor overwritten by the rollback', async () => {
    const world = createWorld();
    const id = await approve(world.changes, [patchOf('/a', 1), patchOf('/b', 1)]);
    for (const step of ['claim', 'intend', 'apply'] as const) await world.changes.runStep(step, id);
    await meddle(world);
    expect(await world.changes.advance(id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    expect((await world.changes.document(who('ann'), ENTITY)).document).toEqual({ evil: 1 });
  });

  it('after the last operation: the postcondition notices', async () => {
    const world = createWorld();
    const id = await approve(world.changes, [patchOf('/a', 1)]);
    for (const step of ['claim', 'intend', 'apply'] as const) await world.changes.runStep(step, id);
    await meddle(world);
    expect(await world.changes.advance(id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    expect(verifyState(ENTITY, await world.chain())).toMatchObject({ kind: 'state', document: { a: 1 } }); // store says evil: drift
  });
});

describe('aborting', () => {
  it('is for the roles that could veto; what was applied is undone', async () => {
    const world = createWorld();
    const id = await approve(world.changes, [patchOf('/a', 1), patchOf('/b', 1)]);
    await expect(world.changes.abort(who('ann'), id, { reason: 'stop' })).rejects.toMatchObject({
      code: 'CHANGE_STATE_CONFLICT',
    });
    for (const step of ['claim', 'intend', 'apply', 'intend'] as const) await world.changes.runStep(step, id);
    await expect(world.changes.abort(who('rita'), id, { reason: 'stop' })).rejects.toMatchObject({
      code: 'NOT_ELIGIBLE',
    });
    await expect(world.changes.abort(who('advisor'), id, { reason: 'stop' })).rejects.toMatchObject({
      code: 'AGENTS_CANNOT_DECIDE',
    });
    await expect(world.changes.abort(who('ann'), id, {})).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
    expect((await world.changes.abort(who('bob'), id, { reason: 'stop' })).state).toBe('rolling_back');
    expect(await world.changes.advance(id)).toEqual({ kind: 'end', state: 'rolled_back' });
    expect(await world.record(id)).toMatchObject({ failure: { code: 'ABORTED', message: 'bob: stop' } });
    await expectConsistent(world, id);
  });
});

describe('forged and doubled wake-ups', () => {
  it('run no step that the ledger does not call for', async () => {
    const world = createWorld();
    const { change } = await world.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    for (const step of ['claim', 'intend', 'apply', 'finish', 'undo', 'expire'] as const) {
      const before = contentsOf(world.store);
      expect(await world.changes.runStep(step, change.id)).toEqual({ kind: 'next', step: 'evaluate' });
      expect(contentsOf(world.store)).toBe(before);
    }
  });

  it('apply every operation once however many engines work on it', async () => {
    const world = createWorld({ store: { exclusive: false } });
    const id = await approve(world.changes, [patchOf('/a', 1), patchOf('/list', []), patchOf('/list/-', 'x')]);
    const engines = [world.changes, world.other(), world.other()];
    await Promise.allSettled(engines.flatMap((engine) => [engine.advance(id), engine.advance(id)]));
    await world.changes.advance(id);
    expect((await world.changes.document(who('ann'), ENTITY)).document).toEqual({ a: 1, list: ['x'] });
    const applied = (await entriesOf(world, id)).filter(({ body }) => body.type === 'change.applied');
    expect(applied.map(({ body }) => body.data['index'])).toEqual([0, 1, 2]);
    await expectConsistent(world, id);
  });
});

describe('a crash at every write', () => {
  /** From proposal to end with the n-th commit failing, before or after it is persisted; a new process goes on. */
  async function run(
    failAt: number,
    when: 'before' | 'after',
    break_: () => boolean,
  ): Promise<{ world: World; writes: number; state: string }> {
    let writes = 0;
    let dead = false;
    const types = withFlaky(break_);
    const world = createWorld({ store: { faults: {} }, deps: { operations: types } });
    const die = (): void => {
      if (dead) throw new Error('the process is dead');
    };
    world.store.faults.before = die;
    world.store.faults[when] = () => {
      die();
      writes += 1;
      dead = writes === failAt;
      die();
    };
    // A dead process cannot look whether its last write made it.
    const read = world.store.read.bind(world.store);
    world.store.read = async (...args) => (die(), read(...args));
    const retried = async <Result>(attempt: (changes: Changes) => Promise<Result>): Promise<Result> =>
      attempt(world.changes).catch((error: unknown) => {
        if (!dead) throw error;
        dead = false;
        return attempt(world.other());
      });
    const input = proposal([
      patchOf('/a', 1),
      patchOf('/list', ['x']),
      { type: 'test.flaky', payload: {} },
      patchOf('/list/-', 'y'),
    ]);
    const { change } = await retried((changes) => changes.propose(who('pete'), input, 'key'));
    const approval = decision(change);
    await retried((changes) => changes.decide(who('ann'), change.id, approval));
    executing = true;
    const end = await retried((changes) => changes.advance(change.id));
    executing = false;
    await expectConsistent(world, change.id, types);
    expect(await isLocked(world)).toBe(false);
    return { world, writes, state: end.kind === 'end' ? end.state : 'waiting' };
  }
  let executing = false;

  it.each(['before', 'after'] as const)('leaves it executed exactly once (%s it is persisted)', async (when) => {
    const { writes, world: calm } = await run(0, when, () => false);
    expect(writes).toBeGreaterThan(8);
    for (let failAt = 1; failAt <= writes; failAt++) {
      const { world, state } = await run(failAt, when, () => false);
      expect(state).toBe('executed');
      const shape = async (one: World): Promise<string[]> => (await one.chain()).map(({ body }) => body.type);
      expect(await shape(world)).toEqual(await shape(calm));
      expect((await world.changes.document(who('ann'), ENTITY)).document).toEqual({
        a: 1,
        list: ['x', 'y'],
        flaky: true,
      });
    }
  });

  it.each(['before', 'after'] as const)('leaves it rolled back exactly once (%s it is persisted)', async (when) => {
    const { writes } = await run(0, when, () => executing);
    for (let failAt = 1; failAt <= writes; failAt++) {
      const { world, state } = await run(failAt, when, () => executing);
      expect(state).toBe('rolled_back');
      expect((await world.changes.document(who('ann'), ENTITY)).document).toBeNull();
    }
  });
});
