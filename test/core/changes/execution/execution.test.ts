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
import {
  contentsOf,
  createFixture,
  decision,
  ENTITY,
  entriesOf,
  patchOf,
  proposal,
  who,
  type Fixture,
} from '../fixture.ts';

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

async function expectConsistent(fixture: Fixture, id: string, types = operationTypes()): Promise<void> {
  const folded = foldChange(await entriesOf(fixture, id));
  expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(await fixture.record(id)));
  const { document, version, hash } = await fixture.changes.document(who('ann'), ENTITY);
  expect(verifyState(ENTITY, await fixture.chain(), types)).toEqual({ kind: 'state', document, version, hash });
}

const isLocked = async (fixture: Fixture): Promise<boolean> =>
  (await fixture.store.get({ pk: 'main#change-lock', sk: ENTITY })) !== undefined;

describe('an operation that fails', () => {
  it('when nothing was applied: failed, nothing changed, the entity is free again', async () => {
    let broken = false;
    const types = withFlaky(() => broken);
    const fixture = createFixture({ deps: { operations: types } });
    const id = await approve(fixture.changes, [{ type: 'test.flaky', payload: {} }]);
    broken = true;
    expect(await fixture.changes.advance(id)).toEqual({ kind: 'end', state: 'failed' });
    expect(await fixture.record(id)).toMatchObject({ failure: { code: 'CHANGE_INVALID' } });
    expect((await fixture.changes.document(who('ann'), ENTITY)).version).toBe(0);
    expect(await isLocked(fixture)).toBe(false);
    broken = false;
    await expectConsistent(fixture, id, types);
  });

  it('after others were applied: undone in reverse order, rolled back to what was there before', async () => {
    let broken = false;
    const types = withFlaky(() => broken);
    const fixture = createFixture({ deps: { operations: types } });
    const first = await approve(fixture.changes, [{ type: 'state.put', payload: { note: 'old' } }]);
    await fixture.changes.advance(first);
    const id = await approve(fixture.changes, [
      patchOf('/a', 1),
      patchOf('/note', 'new', 'replace'),
      { type: 'test.flaky', payload: {} },
    ]);
    broken = true;
    expect(await fixture.changes.advance(id)).toEqual({ kind: 'end', state: 'rolled_back' });
    expect((await fixture.changes.document(who('ann'), ENTITY)).document).toEqual({ note: 'old' });
    const undone = (await entriesOf(fixture, id)).filter(({ body }) => body.type === 'change.undone');
    expect(undone.map(({ body }) => body.data['index'])).toEqual([1, 0]);
    broken = false;
    await expectConsistent(fixture, id, types);
    expect(await isLocked(fixture)).toBe(false);
  });

  it('restores the absence of a document', async () => {
    let broken = false;
    const fixture = createFixture({ deps: { operations: withFlaky(() => broken) } });
    const id = await approve(fixture.changes, [patchOf('/a', 1), { type: 'test.flaky', payload: {} }]);
    broken = true;
    await fixture.changes.advance(id);
    expect(await fixture.changes.document(who('ann'), ENTITY)).toMatchObject({ document: null, version: 2 });
    broken = false;
    const again = await approve(fixture.changes, [patchOf('/b', 1)]);
    expect(await fixture.changes.advance(again)).toEqual({ kind: 'end', state: 'executed' });
    expect(await fixture.changes.document(who('ann'), ENTITY)).toMatchObject({ document: { b: 1 }, version: 3 });
  });

  it('or is aborted, but cannot be undone: rollback failed, the entity stays locked for people to resolve', async () => {
    let broken = false;
    const types = withFlaky(() => broken, false);
    const fixture = createFixture({ deps: { operations: types } });
    const { change } = await fixture.changes.propose(who('pete'), proposal([{ type: 'test.flaky', payload: {} }]));
    expect(change.risk).toMatchObject({ level: 'L3', matched: [], facts: { reversible: false } });
    for (const name of ['ann', 'rita']) await fixture.changes.decide(who(name), change.id, decision(change));
    await fixture.clock.advance(3_600_000);
    for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, change.id);
    await fixture.changes.abort(who('otto'), change.id, { reason: 'stop' });
    expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    expect(await isLocked(fixture)).toBe(true);
    expect(await fixture.changes.openIds({ limit: 10 })).toEqual([change.id]);
    const waiting = await approve(fixture.changes, [patchOf('/x', 1)]);
    expect(await fixture.changes.advance(waiting)).toMatchObject({ kind: 'wait', step: 'evaluate' });
    broken = false;
    await expectConsistent(fixture, change.id, types);
  });
});

describe('a document changed behind the ledger', () => {
  const meddle = (fixture: Fixture): Promise<unknown> =>
    fixture.store.write([
      { kind: 'put', key: DOCUMENT, value: { document: { evil: 1 }, change: 'none' }, expect: 'any' },
    ]);

  it('before the first operation: nothing is applied', async () => {
    const fixture = createFixture();
    const id = await approve(fixture.changes, [patchOf('/a', 1)]);
    await fixture.changes.runStep('claim', id);
    await meddle(fixture);
    expect(await fixture.changes.advance(id)).toEqual({ kind: 'end', state: 'failed' });
  });

  it('between two operations: neither applied over nor overwritten by the rollback', async () => {
    const fixture = createFixture();
    const id = await approve(fixture.changes, [patchOf('/a', 1), patchOf('/b', 1)]);
    for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, id);
    await meddle(fixture);
    expect(await fixture.changes.advance(id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    expect((await fixture.changes.document(who('ann'), ENTITY)).document).toEqual({ evil: 1 });
  });

  it('after the last operation: the postcondition notices', async () => {
    const fixture = createFixture();
    const id = await approve(fixture.changes, [patchOf('/a', 1)]);
    for (const step of ['claim', 'intend', 'apply'] as const) await fixture.changes.runStep(step, id);
    await meddle(fixture);
    expect(await fixture.changes.advance(id)).toEqual({ kind: 'end', state: 'rollback_failed' });
    expect(verifyState(ENTITY, await fixture.chain())).toMatchObject({ kind: 'state', document: { a: 1 } }); // store says evil: drift
  });
});

describe('aborting', () => {
  it('is for the roles that could veto; what was applied is undone', async () => {
    const fixture = createFixture();
    const id = await approve(fixture.changes, [patchOf('/a', 1), patchOf('/b', 1)]);
    await expect(fixture.changes.abort(who('ann'), id, { reason: 'stop' })).rejects.toMatchObject({
      code: 'CHANGE_STATE_CONFLICT',
    });
    for (const step of ['claim', 'intend', 'apply', 'intend'] as const) await fixture.changes.runStep(step, id);
    await expect(fixture.changes.abort(who('rita'), id, { reason: 'stop' })).rejects.toMatchObject({
      code: 'NOT_ELIGIBLE',
    });
    await expect(fixture.changes.abort(who('advisor'), id, { reason: 'stop' })).rejects.toMatchObject({
      code: 'AGENTS_CANNOT_DECIDE',
    });
    await expect(fixture.changes.abort(who('ann'), id, {})).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
    expect((await fixture.changes.abort(who('bob'), id, { reason: 'stop' }, 'key')).state).toBe('rolling_back');
    expect(await fixture.changes.advance(id)).toEqual({ kind: 'end', state: 'rolled_back' });
    expect(await fixture.record(id)).toMatchObject({ failure: { code: 'ABORTED', message: 'bob: stop' } });
    await expectConsistent(fixture, id);
    // The same again after a lost answer is told what stands; the key stands for nothing else.
    expect((await fixture.changes.abort(who('bob'), id, { reason: 'stop' }, 'key')).state).toBe('rolled_back');
    const conflict = { code: 'IDEMPOTENCY_CONFLICT' };
    await expect(fixture.changes.abort(who('bob'), id, { reason: 'x' }, 'key')).rejects.toMatchObject(conflict);
    await expect(fixture.changes.abort(who('bob'), id, { reason: 'stop' }, 'k y')).rejects.toMatchObject({
      code: 'CHANGE_INVALID',
    });
    await expect(fixture.changes.abort(who('bob'), id, { reason: 'stop' })).rejects.toMatchObject({
      code: 'CHANGE_STATE_CONFLICT',
    });
  });
});

describe('forged and doubled wake-ups', () => {
  it('run no step that the ledger does not call for', async () => {
    const fixture = createFixture();
    const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/a', 1)]));
    for (const step of ['claim', 'intend', 'apply', 'finish', 'undo', 'expire'] as const) {
      const before = contentsOf(fixture.store);
      expect(await fixture.changes.runStep(step, change.id)).toEqual({ kind: 'next', step: 'evaluate' });
      expect(contentsOf(fixture.store)).toBe(before);
    }
  });

  it('apply every operation once however many engines work on it', async () => {
    const fixture = createFixture({ store: { exclusive: false } });
    const id = await approve(fixture.changes, [patchOf('/a', 1), patchOf('/list', []), patchOf('/list/-', 'x')]);
    const engines = [fixture.changes, fixture.other(), fixture.other()];
    await Promise.allSettled(engines.flatMap((engine) => [engine.advance(id), engine.advance(id)]));
    await fixture.changes.advance(id);
    expect((await fixture.changes.document(who('ann'), ENTITY)).document).toEqual({ a: 1, list: ['x'] });
    const applied = (await entriesOf(fixture, id)).filter(({ body }) => body.type === 'change.applied');
    expect(applied.map(({ body }) => body.data['index'])).toEqual([0, 1, 2]);
    await expectConsistent(fixture, id);
  });
});

describe('a crash at every write', () => {
  /** From proposal to end with the n-th commit failing, before or after it is persisted; a new process goes on. */
  async function run(
    failAt: number,
    when: 'before' | 'after',
    break_: () => boolean,
  ): Promise<{ fixture: Fixture; writes: number; state: string }> {
    let writes = 0;
    let dead = false;
    const types = withFlaky(break_);
    const fixture = createFixture({ store: { faults: {} }, deps: { operations: types } });
    const die = (): void => {
      if (dead) throw new Error('the process is dead');
    };
    fixture.store.faults.before = die;
    fixture.store.faults[when] = () => {
      die();
      writes += 1;
      dead = writes === failAt;
      die();
    };
    // A dead process cannot look whether its last write made it.
    const read = fixture.store.read.bind(fixture.store);
    fixture.store.read = async (...args) => (die(), read(...args));
    const retried = async <Result>(attempt: (changes: Changes) => Promise<Result>): Promise<Result> =>
      attempt(fixture.changes).catch((error: unknown) => {
        if (!dead) throw error;
        dead = false;
        return attempt(fixture.other());
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
    await expectConsistent(fixture, change.id, types);
    expect(await isLocked(fixture)).toBe(false);
    return { fixture, writes, state: end.kind === 'end' ? end.state : 'waiting' };
  }
  let executing = false;

  it.each(['before', 'after'] as const)('leaves it executed exactly once (%s it is persisted)', async (when) => {
    const { writes, fixture: calm } = await run(0, when, () => false);
    expect(writes).toBeGreaterThan(8);
    for (let failAt = 1; failAt <= writes; failAt++) {
      const { fixture, state } = await run(failAt, when, () => false);
      expect(state).toBe('executed');
      const shape = async (one: Fixture): Promise<string[]> => (await one.chain()).map(({ body }) => body.type);
      expect(await shape(fixture)).toEqual(await shape(calm));
      expect((await fixture.changes.document(who('ann'), ENTITY)).document).toEqual({
        a: 1,
        list: ['x', 'y'],
        flaky: true,
      });
    }
  });

  it.each(['before', 'after'] as const)('leaves it rolled back exactly once (%s it is persisted)', async (when) => {
    const { writes } = await run(0, when, () => executing);
    for (let failAt = 1; failAt <= writes; failAt++) {
      const { fixture, state } = await run(failAt, when, () => executing);
      expect(state).toBe('rolled_back');
      expect((await fixture.changes.document(who('ann'), ENTITY)).document).toBeNull();
    }
  });
});
