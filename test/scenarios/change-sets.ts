/** Change-sets from proposal to every end, driven by whatever workflow engine there is. */
import { expect } from 'vitest';
import { must } from '../../core/errors/index.ts';
import type { ContentHash } from '../../core/brands/index.ts';
import type { ChangeView, ProposalInput } from '../../core/changes/index.ts';
import { freshAccount, inState, power, until, type Scenario, type Fixture } from './fixture.ts';
import { checked } from '../support/checked.ts';

/** s until an undecided change-set expires */
const SOON_SECONDS = 15;
/** Enough to be met in the middle by an abort. */
const MANY_OPERATIONS = 20;
const ABORT_TRIES = 10;

async function propose(fixture: Fixture, entityId: string, more: Partial<ProposalInput> = {}): Promise<ChangeView> {
  const { change } = await fixture.as('budget-bot').propose({
    ...{ entityId, title: 'Give the account a credit limit', rationale: 'Regular income' },
    operations: [{ type: 'state.put', payload: { currency: 'CZK', limit: '20000.00' } }],
    ...more,
  });
  return change;
}

async function approve(fixture: Fixture, change: ChangeView, ...people: readonly string[]): Promise<ChangeView> {
  let decided = change;
  for (const person of people) decided = (await fixture.as(person).decide(change, 'approve')).change;
  return decided;
}

/** The steps; what the bus is told of them stands beside them on the chain. */
async function typesOn(fixture: Fixture, entity: string): Promise<string[]> {
  const { entries } = await fixture.as('eva').entries(entity, { limit: 100 });
  return entries.map(({ body }) => body.type).filter((type) => type !== 'event');
}

const ENTRY_TYPES = ['proposed', 'assessed', 'voted', 'voted', 'approved', 'claimed', 'intent', 'applied', 'executed'];

/** Has a change-set of many operations executed and aborts it when one is applied; undefined: the abort came too late. */
async function abortInTheMiddle(fixture: Fixture, entityId: string): Promise<ChangeView | undefined> {
  const steps = Array.from({ length: MANY_OPERATIONS }, (_, i) => ({
    op: 'add' as const,
    path: `/step${i}`,
    value: i,
  }));
  const operations = steps.map((step) => ({ type: 'state.patch', payload: [step] }));
  const change = await propose(fixture, entityId, { operations });
  await approve(fixture, change, 'boris');
  await until('an operation should be applied', async () =>
    (await typesOn(fixture, entityId)).includes('change.applied') ? true : undefined,
  );
  await fixture
    .as('boris')
    .abort(change.id, 'stop it')
    .catch(() => undefined);
  const ended = await inState(fixture, change.id, 'rolled_back', 'executed');
  return ended.state === 'rolled_back' ? ended : undefined;
}

export const changeSets: readonly Scenario[] = [
  {
    name: 'a change-set is refused to those who may not decide, approved by two people, and executed',
    run: async (fixture) => {
      const account = freshAccount();
      const change = await propose(fixture, account);
      expect(change).toMatchObject({ state: 'pending', risk: { level: 'L2', matched: ['bounded money'] } });
      const refusal = (person: string, view = change) => expect(fixture.as(person).decide(view, 'approve')).rejects;
      await refusal('budget-bot').toMatchObject({ code: 'AGENTS_CANNOT_DECIDE' });
      await refusal('ana').toMatchObject({ code: 'SELF_APPROVAL' });
      const forged = { ...change, contentHash: checked<ContentHash>('0'.repeat(64)) };
      await refusal('boris', forged).toMatchObject({ code: 'NOT_AS_SHOWN' }); // by the client, before anything is sent
      const rejection = fixture.as('boris').decide(forged, 'reject', { reason: 'not this' });
      await expect(rejection).rejects.toMatchObject({ code: 'DECISION_STALE' });
      await approve(fixture, change, 'boris');
      await refusal('boris-mobile').toMatchObject({ code: 'ALREADY_VOTED' });
      expect(await approve(fixture, change, 'clara')).toMatchObject({ state: 'approved' });
      await inState(fixture, change.id, 'executed');
      const { document, version } = await fixture.as('eva').entity(account);
      expect({ document, version }).toEqual({ document: { currency: 'CZK', limit: '20000.00' }, version: 1 });
      expect(await typesOn(fixture, account)).toEqual(ENTRY_TYPES.map((type) => `change.${type}`));
    },
  },
  {
    name: 'a document is read as it was, and a proposal made from an old one is refused',
    run: async (fixture) => {
      const account = freshAccount();
      const eva = fixture.as('eva');
      const first = await propose(fixture, account);
      const before = await eva.entity(account);
      await approve(fixture, first, 'boris', 'clara');
      await inState(fixture, first.id, 'executed');
      const now = await eva.entity(account);
      const applied = (await eva.entries(account)).entries.find(({ body }) => body.type === 'change.applied');
      const { seq, hash, body } = must(applied, 'the entry that wrote the document');
      const written = { document: { currency: 'CZK', limit: '20000.00' }, version: 1, documentHash: body.data['hash'] };
      expect(await eva.entityAt(account, seq - 1)).toMatchObject({
        version: 0,
        entry: { seq: seq - 1, hash: body.prev },
      });
      expect(await eva.entityAt(account, seq - 1)).not.toHaveProperty('document');
      expect(await eva.entityAt(account, seq)).toMatchObject({
        ...written,
        entry: { seq, hash },
        writtenBy: { seq, hash },
      });
      expect(await eva.entityAt(account, now.head.seq)).toMatchObject({ ...written, writtenBy: { seq, hash } });
      expect(await eva.entityAt(account, now.head.at)).toMatchObject(written);
      expect((await eva.entityAt(account, before.head.at)).entry.seq).toBeLessThan(seq);
      const missing = { status: 404, code: 'ENTITY_NOT_FOUND' };
      await expect(eva.entityAt(account, 10_000)).rejects.toMatchObject(missing);
      await expect(eva.entityAt(account, '1d')).rejects.toMatchObject(missing);
      for (const wrong of ['', '-1', '1.5', 'then', '2026-02-30T00:00:00Z'])
        await expect(eva.entityAt(account, wrong)).rejects.toMatchObject({ status: 400 });

      const operations = [{ type: 'state.put', payload: { currency: 'CZK', limit: '1.00' } }];
      const proposal = { entityId: account, title: 'A lower limit', rationale: 'No income', operations };
      const bot = fixture.as('budget-bot');
      const changed = { status: 412, code: 'DOCUMENT_CHANGED' };
      await expect(bot.propose(proposal, { ifIs: before })).rejects.toMatchObject(changed);
      const { change } = await bot.propose(proposal, { ifIs: now, idempotencyKey: `${account}-lower` });
      expect(change.state).toBe('pending');
      expect(await bot.propose(proposal, { ifIs: before, idempotencyKey: `${account}-lower` })).toMatchObject({
        kind: 'existing',
      });

      const { entityId: _, ...revision } = { ...proposal, title: 'A limit as low' };
      await expect(bot.revise(change.id, revision, { ifIs: before })).rejects.toMatchObject(changed);
      expect(await bot.changeSet(change.id)).toMatchObject({ revision: 1, title: 'A lower limit' });
      const once = { ifIs: now, idempotencyKey: `${account}-revised` };
      expect(await bot.revise(change.id, revision, once)).toMatchObject({ revision: 2, title: 'A limit as low' });
      expect(await bot.revise(change.id, revision, { ...once, ifIs: before })).toMatchObject({ revision: 2 });
    },
  },
  {
    name: 'one rejection ends a change-set, and nothing of it happens',
    run: async (fixture) => {
      const account = freshAccount();
      const change = await propose(fixture, account);
      await approve(fixture, change, 'boris');
      const rejected = await fixture.as('clara').decide(change, 'reject', { reason: 'no income' });
      expect(rejected.change.state).toBe('rejected');
      await expect(fixture.as('boris').decide(change, 'approve')).rejects.toMatchObject({ status: 409 });
      expect(await inState(fixture, change.id, 'rejected')).toMatchObject({ state: 'rejected' });
      expect((await fixture.as('eva').entity(account)).document ?? undefined).toBeUndefined();
    },
  },
  {
    name: 'what nobody decides on expires by itself, and then nobody can decide',
    run: async (fixture) => {
      const deadline = new Date(Date.now() + SOON_SECONDS * 1000).toISOString();
      const change = await propose(fixture, freshAccount(), { deadline });
      expect(change).toMatchObject({ state: 'pending', deadline });
      await inState(fixture, change.id, 'expired');
      await expect(fixture.as('boris').decide(change, 'approve')).rejects.toMatchObject({ status: 409 });
    },
  },
  {
    name: 'aborted in the middle, what was applied is undone in reverse order',
    run: async (fixture) => {
      for (let i = 0; i < ABORT_TRIES; i++) {
        const account = freshAccount();
        if ((await abortInTheMiddle(fixture, account)) === undefined) continue;
        const types = await typesOn(fixture, account);
        const count = (type: string): number => types.filter((one) => one === type).length;
        expect(count('change.applied')).toBeGreaterThan(0);
        expect(count('change.undone')).toBe(count('change.applied'));
        expect(types.at(-1)).toBe('change.rolled-back');
        expect((await fixture.as('eva').entity(account)).document ?? undefined).toBeUndefined();
        expect(await fixture.as('eva').verifyEntity(account)).toMatchObject({ verdict: 'OK' });
        return;
      }
      throw new Error(`not one of ${ABORT_TRIES} change-sets could be aborted in the middle`);
    },
  },
  {
    name: 'two change-sets on one document: the second is assessed again on what the first made',
    run: async (fixture) => {
      const account = freshAccount();
      const [first, second] = [await propose(fixture, account), await propose(fixture, account)];
      await approve(fixture, first, 'boris', 'clara');
      await inState(fixture, first.id, 'executed');
      await approve(fixture, second, 'boris', 'clara').catch(() => undefined);
      const returned = await inState(fixture, second.id, 'pending');
      expect(await typesOn(fixture, account)).toContain('change.returned');
      await approve(fixture, returned, 'boris', 'clara').catch(() => undefined);
      await inState(fixture, second.id, 'executed');
      expect((await fixture.as('eva').entity(account)).version).toBe(2);
    },
  },
  {
    name: 'a proposal withdrawn by who answers for it is cancelled',
    run: async (fixture) => {
      const change = await propose(fixture, freshAccount());
      expect((await fixture.as('ana').withdraw(change.id, { reason: 'a mistake' })).state).toBe('cancelled');
      await inState(fixture, change.id, 'cancelled');
    },
  },
  {
    name: 'the inbox shows a person what they can decide on',
    run: async (fixture) => {
      const change = await propose(fixture, freshAccount());
      const inbox = async (person: string): Promise<boolean> => {
        const page = await fixture.as(person).changeSets({ for: 'me', entity: change.entityId });
        return page.changes.some(({ id }) => id === change.id);
      };
      expect(await Promise.all(['boris', 'clara', 'ana', 'dan'].map(inbox))).toEqual([true, true, false, false]);
    },
  },
  {
    name: 'whatever drives a change-set may be killed: the ledger goes on with it',
    needs: ['killWorkflow'],
    run: async (fixture) => {
      const account = freshAccount();
      const change = await propose(fixture, account);
      await power(fixture, 'killWorkflow')(change.id);
      await approve(fixture, change, 'boris', 'clara');
      await inState(fixture, change.id, 'executed');
      expect(await typesOn(fixture, account)).toEqual(ENTRY_TYPES.map((type) => `change.${type}`));
    },
  },
];
