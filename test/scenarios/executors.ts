/** What executors carry out, from proposal to every end. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { ChangeView } from '../../core/changes/index.ts';
import { freshAccount, inState, power, type Scenario, type Fixture } from './fixture.ts';

const setLimit = (account: string, limit: number) => ({
  type: 'executor.invoke',
  payload: { executor: 'limits', input: { account, limit } },
});
const note = { type: 'state.patch', payload: [{ op: 'add' as const, path: '/note', value: 'limits set' }] };
const named = (prefix: string): string => `${prefix}-${randomUUID()}`;

/** Approved by an owner; two owners may speak on what a peer proposed. */
async function carryOut(fixture: Fixture, operations: readonly object[], proposer = 'budget-bot'): Promise<ChangeView> {
  const entityId = freshAccount();
  const { change } = await fixture.as(proposer).propose({
    ...{ entityId, title: 'Set a spending limit', rationale: 'Asked for by the holder' },
    operations: operations as never,
  });
  await fixture.as('boris').decide(change, 'approve');
  return inState(fixture, change.id, 'executed', 'failed', 'rolled_back', 'rollback_failed');
}

const typesOf = ({ entries }: ChangeView): string[] => entries.map(({ type }) => type.replace('change.', ''));

export const executors: readonly Scenario[] = [
  {
    name: 'an executor carries out what was approved, once, and the document is written beside it',
    needs: ['limits'],
    run: async (fixture) => {
      const account = named('good');
      const change = await carryOut(fixture, [setLimit(account, 500), note]);
      expect(change.state).toBe('executed');
      expect(change.risk?.facts['executors']).toMatchObject({
        names: ['limits@1'],
        plans: [{ account, raises: false }],
      });
      expect(await power(fixture, 'limits')()).toMatchObject({ [account]: 500 });
      expect(await fixture.as('eva').verifyEntity(change.entityId)).toMatchObject({ verdict: 'OK' });
    },
  },
  {
    name: 'when an executor refuses, what others did is undone in reverse order',
    needs: ['limits'],
    run: async (fixture) => {
      const account = named('good');
      const change = await carryOut(fixture, [setLimit(account, 500), note, setLimit(named('full'), 1)]);
      expect(change).toMatchObject({ state: 'rolled_back', failure: { code: 'EXECUTOR_FAILED' } });
      const ends = ['intent', 'not-applied', 'rolling-back', 'undone', 'undone', 'rolled-back'];
      expect(typesOf(change).slice(-ends.length)).toEqual(ends);
      expect(await power(fixture, 'limits')()).not.toHaveProperty([account]);
      expect(await fixture.as('eva').verifyEntity(change.entityId)).toMatchObject({ verdict: 'OK' });
    },
  },
  {
    name: 'an answer that gets lost is found by status, and nothing is done twice',
    needs: ['limits'],
    run: async (fixture) => {
      const account = named('lost');
      const change = await carryOut(fixture, [setLimit(account, 500)]);
      expect(change.state).toBe('executed');
      expect(await power(fixture, 'limits')()).toMatchObject({ [account]: 500 });
    },
  },
  {
    name: 'what an executor cannot undo is handed to people, and two of them say what became of it',
    needs: ['limits'],
    run: async (fixture) => {
      const account = named('stuck');
      const change = await carryOut(fixture, [setLimit(account, 500), setLimit(named('full'), 1)], 'clara');
      expect(change).toMatchObject({ state: 'rollback_failed', failure: { message: 'as its name says' } });
      expect(await power(fixture, 'limits')()).toMatchObject({ [account]: 500 });
      const evidence = [{ url: 'https://cards.example/limits', hash: 'a'.repeat(64) }];
      const word = { outcome: 'rolled_back' as const, reason: 'Taken back by hand', evidence };
      for (const owner of ['ana', 'boris']) await fixture.as(owner).resolve(change.id, word);
      await inState(fixture, change.id, 'rolled_back');
      expect(await fixture.as('eva').verifyEntity(change.entityId)).toMatchObject({ verdict: 'OK' });
    },
  },
];
