/** The rules in force and lent votes, as clients of any engine meet them. */
import { expect } from 'vitest';
import type { ChangeView } from '../../core/changes/index.ts';
import { freshAccount, inState, type Scenario, type Fixture } from './fixture.ts';

const DAY_MS = 86_400_000;
const POLICY = 'registry:policy';

/** One owner decides on it. */
async function proposeSmall(fixture: Fixture): Promise<ChangeView> {
  const { change } = await fixture.as('budget-bot').propose({
    ...{ entityId: freshAccount(), title: 'Set a limit', rationale: 'Regular income' },
    operations: [{ type: 'state.put', payload: { limit: '500.00' } }],
  });
  return change;
}

export const governance: readonly Scenario[] = [
  {
    name: 'a vote is lent, counts as the vote of its owner, and is lent no more',
    run: async (fixture) => {
      const until = new Date(Date.now() + DAY_MS).toISOString();
      const lend = (to: string) => fixture.as('boris').delegate({ to, roles: ['owner'], until, reason: 'on leave' });
      await expect(lend('dan')).rejects.toMatchObject({ code: 'DELEGATION_INVALID' }); // risk, and owner with it
      const { id } = await lend('clara');
      const clara = fixture.as('clara');
      const { received } = await clara.delegations(); // those of earlier runs on this ledger are over
      expect(received.filter(({ revokedAt }) => revokedAt === undefined)).toMatchObject([
        { id, from: 'boris', to: 'clara' },
      ]);

      const [change, later] = [await proposeSmall(fixture), await proposeSmall(fixture)];
      await clara.decide(change, 'approve', { onBehalfOf: 'boris' });
      await inState(fixture, change.id, 'executed');
      const { entries } = await fixture.as('eva').entries(change.entityId, { limit: 100 });
      const voted = entries.find(({ body }) => body.type === 'change.voted');
      expect(voted?.body.data).toMatchObject({ personId: 'boris', delegate: { personId: 'clara', delegation: id } });

      const ended = await fixture.as('boris').endDelegation(id);
      expect(await fixture.as('boris').endDelegation(id)).toEqual(ended);
      await expect(clara.decide(later, 'approve', { onBehalfOf: 'boris' })).rejects.toMatchObject({
        code: 'DELEGATION_INVALID',
      });
    },
  },
  {
    name: 'the policy in force is the ledger’s, and a change of it needs owner, risk and security, whatever it says',
    run: async (fixture) => {
      await proposeSmall(fixture); // whatever was first: now the ledger has one
      const { source, version, document } = await fixture.as('eva').policy();
      expect([source, version]).toEqual(['ledger', 1]);
      await expect(fixture.as('budget-bot').policy()).rejects.toMatchObject({ code: 'FORBIDDEN' });
      const policy = { ...{ entityId: POLICY, title: 'Change the rules', rationale: 'They are in the way' } };
      const operations = (payload: object) => [{ type: 'state.put', payload: payload as never }];
      const open = {
        ...document.risk,
        rules: [{ name: 'all', when: { reversible: [true] }, level: 'L0', approvals: 0 }],
      };
      const { change } = await fixture
        .as('ana')
        .propose({ ...policy, operations: operations({ ...document, risk: open }) });
      expect(change).toMatchObject({ state: 'pending', risk: { level: 'L4', approvals: 3, timelockMinutes: 1_440 } });
      await expect(fixture.as('ana').propose({ ...policy, operations: operations({}) })).rejects.toMatchObject({
        code: 'CHANGE_INVALID',
      });
      await expect(fixture.as('clara').propose({ ...policy, operations: operations(document) })).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
      await fixture.as('ana').withdraw(change.id);
    },
  },
];
