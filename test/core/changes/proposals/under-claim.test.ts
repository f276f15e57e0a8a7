/** Change-sets under a claim of work: proposed, revised and granted only while it stands, and only to whom it belongs. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CountingIds, memoryRootSigner } from '../../../../adapters/memory/index.ts';
import { operationTypes, verifyGrant, type Changes, type ExecutorsConfig } from '../../../../core/changes/index.ts';
import type { Appender } from '../../../../core/ledger/index.ts';
import { createWork, type Work } from '../../../../core/work/index.ts';
import { appenderOn } from '../../ledger/ledger-fixture.ts';
import { FakeExecutor } from '../fake-executor.ts';
import { createFixture, decision, entriesOf, patchOf, proposal, who, type Fixture } from '../fixture.ts';

const ORIGIN = 'ledger.test/main';
const root = memoryRootSigner(ORIGIN);
const DECLARED: ExecutorsConfig = {
  limits: {
    ...{ version: '1', description: 'limits of accounts', reversible: true, maxSeconds: 20 },
    schema: z.strictObject({ account: z.string(), limit: z.int().nullable() }),
  },
};
const invoke = { type: 'executor.invoke', payload: { executor: 'limits', input: { account: 'a', limit: 7 } } };
const note = patchOf('/note', 'x');
const FENCE = { pk: 'main#work-fence#w', sk: '0#person:pete' };
const STALE = { code: 'FENCE_STALE' };

interface Setting {
  readonly fixture: Fixture;
  readonly changes: Changes;
  readonly work: Work;
  readonly executor: FakeExecutor;
  /** Of the next appends: what happens just before. */
  readonly meanwhile: (() => Promise<unknown>)[];
}

function setting(): Setting {
  const fixture = createFixture({ store: { exclusive: false } });
  const { store, clock } = fixture;
  const executor = new FakeExecutor(root, clock);
  const own = appenderOn(store, { clock });
  const meanwhile: (() => Promise<unknown>)[] = [];
  const appender: Appender = {
    drain: () => own.drain(),
    sessionKey: () => own.sessionKey(),
    append: async (request) => {
      const before = meanwhile.shift();
      await before?.();
      const result = await own.append(request);
      // Of all that is in the way, a store tells whichever it likes.
      return before !== undefined && result.kind !== 'appended' ? { kind: 'precondition', failed: FENCE } : result;
    },
  };
  const changes = fixture.other({
    appender,
    operations: operationTypes(undefined, DECLARED),
    executors: { declared: DECLARED, executors: executor, root },
  });
  const work = createWork({
    ...{ ledger: 'main', appender: appenderOn(store, { clock }), entries: store, items: store, clock },
    ...{ policy: { require: () => undefined, may: () => true }, ids: new CountingIds() },
  });
  return { fixture, changes, work, executor, meanwhile };
}

const claim = async ({ work }: Setting, by = 'pete') => {
  const { workId, fence } = await work.claim(who(by), { workId: 'w', ttlMs: 60_000 });
  return { workId, fence };
};
const release = ({ work }: Setting, ref: { workId: string; fence: number }) => work.release(who('pete'), ref);

async function approved({ changes, fixture }: Setting, more: object, operation: unknown = invoke): Promise<string> {
  const { change } = await changes.propose(who('pete'), proposal([operation], more));
  for (const account of change.risk?.roles.includes('risk') === true ? ['ann', 'rita'] : ['ann'])
    await changes.decide(who(account), change.id, decision(change));
  await fixture.clock.advance(3_600_000);
  return change.id;
}

describe('a proposal', () => {
  it('says under which claim it was made, and whose that is', async () => {
    const all = setting();
    const work = await claim(all);
    const { change } = await all.changes.propose(who('pete'), proposal([note], { work }));
    expect(change.work).toEqual({ ...work, by: 'person:pete' });
    const [first] = await entriesOf(all.fixture, change.id);
    expect(first?.body.data['work']).toEqual({ ...work, by: 'person:pete' });
  });

  it.each([
    ['of somebody else', 'ann', 0],
    ['that never was', 'pete', 3],
  ])('under a claim %s is refused, and nothing is written', async (_, by, plus) => {
    const all = setting();
    const work = await claim(all, by);
    const refused = all.changes.propose(who('pete'), proposal([note], { work: { ...work, fence: work.fence + plus } }));
    await expect(refused).rejects.toMatchObject(STALE);
    expect(await all.fixture.chain()).toEqual([]);
  });

  it('is refused when the claim ends just before it is written', async () => {
    const all = setting();
    const work = await claim(all);
    all.meanwhile.push(() => release(all, work));
    await expect(all.changes.propose(who('pete'), proposal([note], { work }))).rejects.toMatchObject(STALE);
    expect(await all.fixture.chain()).toEqual([]);
  });

  it('that was recorded before the claim ended is the same one when it is sent again', async () => {
    const all = setting();
    const work = await claim(all);
    const sent = () => all.changes.propose(who('pete'), proposal([note], { work }), 'key-1');
    const { change } = await sent();
    await release(all, work);
    expect(await sent()).toMatchObject({ kind: 'existing', change: { id: change.id } });
    const other = all.changes.propose(who('pete'), proposal([note]), 'key-1');
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('sent twice at once, while the claim ends, is one proposal', async () => {
    const all = setting();
    const work = await claim(all);
    const other = all.fixture.other();
    const sent = (changes: Changes) => changes.propose(who('pete'), proposal([note], { work }), 'key-1');
    all.meanwhile.push(async () => {
      await sent(other);
      await release(all, work);
    });
    expect(await sent(all.changes)).toMatchObject({ kind: 'existing' });
  });

  it('and its revision, sent twice at once while the claim ends, are one revision', async () => {
    const all = setting();
    const work = await claim(all);
    const { change } = await all.changes.propose(who('pete'), proposal([note], { work }));
    const { entityId: _, ...content } = proposal([note], { work }) as { entityId: string };
    const other = all.fixture.other();
    const sent = (changes: Changes) => changes.revise(who('pete'), change.id, content, { idempotencyKey: 'key-2' });
    all.meanwhile.push(async () => {
      await sent(other);
      await release(all, work);
    });
    expect(await sent(all.changes)).toMatchObject({ revision: 2 });
  });

  it.each([
    ['no fence', { workId: 'w' }],
    ['whose it is', { workId: 'w', fence: 0, by: 'person:pete' }],
    ['an id that is none', { workId: 'a b', fence: 0 }],
    ['a fence that is none', { workId: 'w', fence: -1 }],
  ])('may not say %s', async (_, work) => {
    const refused = setting().changes.propose(who('pete'), proposal([note], { work }));
    await expect(refused).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
  });
});

describe('a revision', () => {
  it('rests on its own claim, or on none', async () => {
    const all = setting();
    const work = await claim(all);
    const { change } = await all.changes.propose(who('pete'), proposal([note], { work }));
    await release(all, work);
    const { entityId: _, ...content } = proposal([note]) as { entityId: string };
    const revise = (more: object) => all.changes.revise(who('pete'), change.id, { ...content, ...more });
    await expect(revise({ work })).rejects.toMatchObject(STALE);
    const second = await claim(all);
    expect(await revise({ work: second })).toMatchObject({ revision: 2, work: second });
    expect((await revise({})).work).toBeUndefined();
  });
});

describe('a grant', () => {
  it('names the claim, by which an executor tells it from a later one', async () => {
    const all = setting();
    const work = await claim(all);
    await all.changes.advance(await approved(all, { work }));
    const call = all.executor.calls.find(({ kind }) => kind === 'apply');
    if (call?.kind !== 'apply') throw new Error('the executor was not called');
    const granted = verifyGrant(call.grant, {
      ...{ publicKeys: [root.publicKey], issuer: ORIGIN, executor: 'limits@1', direction: 'apply' },
      ...{ input: call.input, precondition: call.precondition, now: all.fixture.clock.now() },
    });
    expect(granted).toMatchObject({ kind: 'grant', claims: { work } });
  });

  it('is not given once the claim has ended: the change-set fails, and nothing has happened', async () => {
    const all = setting();
    const work = await claim(all);
    const id = await approved(all, { work });
    await release(all, work);
    expect(await all.changes.advance(id)).toMatchObject({ kind: 'end', state: 'failed' });
    expect((await all.fixture.record(id)).failure).toMatchObject(STALE);
    expect(all.executor.kinds()).not.toContain('apply');
    expect((await entriesOf(all.fixture, id)).map(({ body }) => body.type)).not.toContain('change.intent');
  });

  it('is not given again when the claim has ended since', async () => {
    const all = setting();
    const work = await claim(all);
    const id = await approved(all, { work });
    all.executor.breaks.before = async ({ kind }) => {
      if (kind !== 'status' || all.executor.kinds().length > 4) return undefined;
      await release(all, work).catch(() => undefined);
      return undefined;
    };
    await all.changes.advance(id);
    await all.fixture.clock.advance(60_000);
    expect(await all.changes.advance(id)).toMatchObject({ kind: 'end', state: 'failed' });
    expect(all.executor.effects).toBe(0);
    expect(all.executor.kinds()).not.toContain('apply');
  });

  it('does not keep what is approved from a document of the ledger', async () => {
    const all = setting();
    const work = await claim(all);
    const id = await approved(all, { work }, note);
    await release(all, work);
    expect(await all.changes.advance(id)).toMatchObject({ kind: 'end', state: 'executed' });
  });
});
