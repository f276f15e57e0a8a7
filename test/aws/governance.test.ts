/** The policy in force on DynamoDB: two processes, one table, and what each of them believes. */
import { afterAll, describe, expect, it } from 'vitest';
import { dynamoClient } from '../../adapters/aws/wiring/clients.ts';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { at, createGovernanceFixture, DAY_MS, onPolicy, patch, who } from '../core/changes/governance-fixture.ts';
import { decision } from '../core/changes/fixture.ts';
import { createScratchTables } from './support/scratch-tables.ts';

describe('the policy on DynamoDB', async () => {
  const { drop, ...tables } = await createScratchTables();
  afterAll(drop);
  const client = dynamoClient();
  const fixture = createGovernanceFixture({}, new DynamoStore({ ...tables, client, ledger: 'main' }));
  const other = fixture.process();

  it('is adopted once, though two processes propose at the same time', async () => {
    const input = {
      entityId: 'account:2',
      title: 'Set it',
      rationale: 'Because',
      operations: [patch({ op: 'add', path: '', value: {} })],
    };
    await Promise.all([fixture.propose(), other.changes.propose(who('carl'), input)]);
    expect((await fixture.chain()).map(({ body }) => body.type)).toEqual(['policy.adopted']);
    expect(other.governance.inForce()).toMatchObject({ source: 'ledger', version: 1 });
  });

  it('is what a vote is recorded under: who left in the meantime has none', async () => {
    const view = await fixture.propose();
    await other.governance.refresh(); // knows carl as an owner
    const change = await fixture.propose([patch({ op: 'remove', path: `/roster/people/${at('carl')}` })], onPolicy);
    expect((await fixture.carryOut(change, 'bob', 'ralf', 'sue')).state).toBe('executed');
    await expect(other.changes.decide(who('carl'), view.id, decision(view))).rejects.toMatchObject({
      code: 'NOT_ELIGIBLE',
    });
    expect(other.governance.inForce().version).toBe(2);
  });

  it('is what a claim is recorded under: an approval that lost its approver goes back', async () => {
    const view = await fixture.approve(await fixture.propose(), 'bob', 'rita');
    await other.governance.refresh();
    const change = await fixture.propose([patch({ op: 'remove', path: `/roster/people/${at('rita') - 1}` })], onPolicy);
    expect((await fixture.carryOut(change, 'bob', 'ralf', 'sue')).state).toBe('executed');
    await other.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('pending');
  });

  it('lends votes, and takes them back before they are used', async () => {
    const view = await fixture.propose();
    const until = new Date(fixture.clock.now() + DAY_MS).toISOString();
    const { id } = await other.governing.delegate(who('bob'), { to: 'pete', until, reason: 'on leave' });
    const lent = decision(view, 'approve', { onBehalfOf: 'bob' });
    await fixture.changes.decide(who('pete'), view.id, lent);
    expect((await fixture.record(view.id)).votes[0]).toMatchObject({
      personId: 'bob',
      delegate: { personId: 'pete', delegation: id },
    });
    await fixture.approve(view, 'ralf');
    await other.governing.endDelegation(who('bob'), id);
    await fixture.changes.advance(view.id);
    expect((await fixture.record(view.id)).state).toBe('pending');
  });
});
