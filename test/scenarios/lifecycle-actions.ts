/** What people do about a change-set beside voting on it: think again, veto, break the glass, look at it, resolve, revert. */
import { setImmediate as letOthersIn } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ChangeView, ProposalInput, ResolutionInput } from '../../core/changes/index.ts';
import { freshAccount, inState, power, type Scenario, type Fixture } from './fixture.ts';

type Operations = ProposalInput['operations'];

const limit = (amount: string): Operations => [
  { type: 'state.patch', payload: [{ op: 'add', path: '/limit', value: amount }] },
];
/** Enough to be met in the middle. */
const MANY: Operations = Array.from({ length: 20 }, (_, i) => ({
  type: 'state.patch',
  payload: [{ op: 'add', path: `/step${i}`, value: i }],
}));
const TAMPER_TRIES = 10;
const reason = 'seen on the statement';
const evidence = [{ url: 'https://bank.example/case/77', hash: 'ab'.repeat(32) }];

/** Proposed by an agent for whom ana answers. */
async function propose(fixture: Fixture, entityId: string, operations: Operations): Promise<ChangeView> {
  const content = { title: 'Change the account', rationale: 'Asked for by the holder', operations };
  return (await fixture.as('budget-bot').propose({ entityId, ...content })).change;
}

async function approve(fixture: Fixture, change: ChangeView, ...people: readonly string[]): Promise<ChangeView> {
  let decided = change;
  for (const person of people) decided = (await fixture.as(person).decide(change, 'approve')).change;
  return decided;
}

async function documentOf(fixture: Fixture, entity: string): Promise<unknown> {
  return (await fixture.as('eva').entity(entity)).document ?? undefined;
}

/** Somebody writes the document behind the ledger's back while it is being changed; undefined: too late. */
async function tampered(fixture: Fixture, entityId: string): Promise<ChangeView | undefined> {
  const change = await propose(fixture, entityId, MANY);
  await approve(fixture, change, 'boris');
  const restore = await tamperAtOnce(fixture, entityId);
  const ended = await inState(fixture, change.id, 'rollback_failed', 'executed');
  if (ended.state === 'rollback_failed') return ended;
  await restore();
  return undefined;
}

/** As soon as there is a document, which is when the first operation is applied; the others follow within milliseconds. */
async function tamperAtOnce(fixture: Fixture, entityId: string): Promise<() => Promise<void>> {
  for (;;) {
    const restore = await power(fixture, 'tamperDocument')(entityId, { tampered: true });
    if (restore !== undefined) return restore;
    await letOthersIn();
  }
}

export const lifecycleActions: readonly Scenario[] = [
  {
    name: 'a vote is revoked and given again, and changes asked for hold the approval up',
    run: async (fixture) => {
      const account = freshAccount();
      const change = await propose(fixture, account, limit('20000.00'));
      await approve(fixture, change, 'boris');
      const [vote] = (await fixture.as('boris').changeSet(change.id)).votes;
      expect(await fixture.as('boris-mobile').revoke(change.id, { vote: vote?.hash ?? '' })).toMatchObject({
        kind: 'done',
      });
      expect(await fixture.as('boris').revoke(change.id, { vote: vote?.hash ?? '' })).toMatchObject({
        kind: 'recorded',
      });
      await fixture.as('clara').decide(change, 'request-changes', { reason: 'why so much?' });
      expect((await approve(fixture, change, 'boris')).state).toBe('pending');
      await fixture.as('clara').revoke(change.id, { reason: 'explained' });
      expect((await approve(fixture, change, 'clara')).state).toBe('approved');
      await inState(fixture, change.id, 'executed');
      expect(await documentOf(fixture, account)).toEqual({ limit: '20000.00' });
    },
  },
  {
    name: 'a veto during the time lock ends what was approved',
    run: async (fixture) => {
      const account = freshAccount();
      const operations = limit('300000.00');
      const content = { entityId: account, title: 'Raise it', rationale: 'A large customer', operations };
      const { change } = await fixture.as('clara').propose(content);
      expect(await approve(fixture, change, 'boris', 'dan')).toMatchObject({
        state: 'approved',
        risk: { level: 'L3' },
      });
      const vetoed = await fixture.as('ana').decide(change, 'reject', { reason: 'not this customer' });
      expect(vetoed.change.state).toBe('rejected');
      await inState(fixture, change.id, 'rejected');
      expect(await documentOf(fixture, account)).toBeUndefined();
    },
  },
  {
    name: 'break-glass runs at once what soft rules hold up, and two others look at it afterwards',
    run: async (fixture) => {
      const account = freshAccount();
      const change = await propose(fixture, account, limit('20000.00'));
      const why = { ticket: 'INC-7', reason: 'payments fail' };
      await expect(fixture.as('dan').override(change, why)).rejects.toMatchObject({ code: 'OVERRIDE_REFUSED' });
      await expect(fixture.as('ana').override(change, why)).rejects.toMatchObject({ status: 403 });
      expect(await fixture.as('eva').override(change, why)).toMatchObject({ kind: 'done', change: { override: why } });
      await inState(fixture, change.id, 'executed');
      const isDue = async (person: string): Promise<boolean> => {
        const { changes } = await fixture.as(person).changeSets({ review: 'due', entity: account });
        return changes.some(({ id }) => id === change.id);
      };
      expect(await Promise.all(['eva', 'ana', 'boris', 'dan'].map(isDue))).toEqual([false, false, true, true]);
      await fixture.as('boris').review(change.id, { verdict: 'justified', reason });
      const done = await fixture.as('dan').review(change.id, { verdict: 'unjustified', reason: 'clara was there' });
      expect(done.change.postReview?.reviews.map(({ personId }) => personId)).toEqual(['boris', 'dan']);
      expect(await isDue('clara')).toBe(false);
      const large = await propose(fixture, account, limit('900000.00'));
      await expect(fixture.as('eva').override(large, why)).rejects.toMatchObject({ code: 'OVERRIDE_REFUSED' });
      expect(await fixture.as('eva').verifyEntity(account)).toMatchObject({ verdict: 'OK' });
    },
  },
  {
    name: 'a revert restores what a change-set changed, and leaves the rest as it is',
    run: async (fixture) => {
      const account = freshAccount();
      const carriedOut = async (change: ChangeView): Promise<ChangeView> => {
        const { state } = await approve(fixture, change, 'boris');
        if (state === 'pending') await approve(fixture, change, 'clara');
        return inState(fixture, change.id, 'executed');
      };
      await carriedOut(await propose(fixture, account, limit('20000.00')));
      const raised = await carriedOut(await propose(fixture, account, limit('20500.00')));
      await carriedOut(
        await propose(fixture, account, [{ type: 'state.patch', payload: [{ op: 'add', path: '/x', value: 1 }] }]),
      );
      const { change } = await fixture.as('budget-bot').revert(raised.id, 'it was meant for another account');
      expect(change).toMatchObject({ reverts: raised.id, title: 'Revert: Change the account' });
      await carriedOut(change);
      expect(await documentOf(fixture, account)).toEqual({ limit: '20000.00', x: 1 });
      await expect(fixture.as('budget-bot').revert(raised.id, 'again')).rejects.toMatchObject({
        code: 'NOT_REVERTIBLE',
      });
      expect(await fixture.as('eva').verifyEntity(account)).toMatchObject({ verdict: 'OK' });
    },
  },
  {
    name: 'a rollback that fails keeps its entity locked until two people say what became of it',
    needs: ['tamperDocument'],
    alone: true,
    run: async (fixture) => {
      for (let i = 0; i < TAMPER_TRIES; i++) {
        const account = freshAccount();
        const change = await tampered(fixture, account);
        if (change === undefined) continue;
        expect(await fixture.as('eva').verifyEntity(account)).toMatchObject({ verdict: 'DRIFT' });
        const said: ResolutionInput = { outcome: 'rolled_back', reason, evidence };
        await expect(fixture.as('ana').resolve(change.id, said)).rejects.toMatchObject({ code: 'SELF_APPROVAL' });
        await fixture.as('boris').resolve(change.id, said);
        expect((await fixture.as('boris-mobile').resolve(change.id, { ...said, reason: 'sure' })).change.state).toBe(
          'rollback_failed',
        );
        const { change: resolved } = await fixture.as('dan').resolve(change.id, said);
        expect(resolved.state).toBe('rolled_back');
        expect(await documentOf(fixture, account)).toBeUndefined();
        expect(await fixture.as('eva').verifyEntity(account)).toMatchObject({ verdict: 'OK' });
        const next = await propose(fixture, account, limit('500.00'));
        await approve(fixture, next, 'boris');
        await inState(fixture, next.id, 'executed'); // the entity is free again
        return;
      }
      throw new Error(`not one of ${TAMPER_TRIES} change-sets could be met in the middle`);
    },
  },
];
