/** Risk that cannot be talked down, the reasons for it, and what the bus is told of change-sets, on whatever engine there is. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { ChangeView, ProposalInput } from '../../core/changes/index.ts';
import { freshAccount, inState, until, type Scenario, type Fixture } from './fixture.ts';

/** s until an undecided change-set expires */
const SOON_SECONDS = 15;
const RUN = { waitSeconds: 2 };

const proposal = (entityId: string, limit: string, more: Partial<ProposalInput> = {}): ProposalInput => ({
  ...{ entityId, title: 'Give the account a credit limit', rationale: 'Regular income' },
  operations: [{ type: 'state.put', payload: { currency: 'CZK', limit } }],
  ...more,
});

async function propose(fixture: Fixture, by: string, ...what: Parameters<typeof proposal>): Promise<ChangeView> {
  return (await fixture.as(by).propose(proposal(...what))).change;
}

interface Heard {
  readonly topic: string;
  readonly eventId: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Listens to what is told of one account while the story goes on. */
async function listening(
  fixture: Fixture,
  account: string,
  story: (heard: readonly Heard[]) => Promise<void>,
): Promise<void> {
  const heard: Heard[] = [];
  const running = await fixture.as('reporting').subscribe(
    {
      id: `scenario-${randomUUID()}`,
      topics: ['approvals.*', 'agent.*'],
      filter: { detail: { entityId: [account] } },
    },
    (event) => void heard.push(event as unknown as Heard),
    RUN,
  );
  try {
    await story(heard);
  } finally {
    await running.stop();
    await fixture.as('reporting').unsubscribe(running.id);
  }
}

const isTold = (heard: readonly Heard[], topic: string): Promise<Heard> =>
  until(`${topic} should be told`, () => heard.find((one) => one.topic === topic));

export const riskAndTimers: readonly Scenario[] = [
  {
    name: 'a dry run says what proposing would mean and records nothing; the change-set shows the rule and its reasons',
    run: async (fixture) => {
      const account = freshAccount();
      const dry = await fixture.as('budget-bot').assess(proposal(account, '20000.00'));
      expect(dry).toMatchObject({
        risk: { level: 'L2', enforcement: 'soft', drivenBy: ['entity', 'money.moved'] },
        deciders: { owner: ['boris'], peer: ['clara'] },
        needs: { approvals: 2 },
        preview: { kind: 'preview', before: null, after: { limit: '20000.00' } },
      });
      await expect(fixture.as('eva').entity(account)).rejects.toMatchObject({ status: 404 });
      const change = await propose(fixture, 'budget-bot', account, '20000.00');
      expect(change.contentHash).toBe(dry.contentHash);
      expect(change.risk?.rules).toEqual(dry.risk.rules);
      expect(dry.risk.rules).toMatchObject([
        { name: 'bounded money', roles: ['owner', 'peer'], because: { entity: account, 'money.moved': 20_000 } },
      ]);
    },
  },
  {
    name: 'a large change in small pieces on one account is as large as it is, whoever proposes them',
    run: async (fixture) => {
      const account = freshAccount();
      const levels = [];
      for (const [by, limit] of [
        ['budget-bot', '100000.00'],
        ['clara', '110000.00'],
        ['boris', '120000.00'],
      ] as const)
        levels.push((await propose(fixture, by, account, limit)).risk?.level);
      // Each starts from the empty document: 100,000 + 110,000 + 120,000 in a day.
      expect(levels).toEqual(['L2', 'L2', 'L3']);
    },
  },
  {
    name: 'subscribers hear of a change-set from the request to its end, each thing once',
    run: async (fixture) => {
      const account = freshAccount();
      await listening(fixture, account, async (heard) => {
        const change = await propose(fixture, 'budget-bot', account, '20000.00');
        for (const person of ['boris', 'clara']) await fixture.as(person).decide(change, 'approve');
        await inState(fixture, change.id, 'executed');
        await isTold(heard, 'agent.action_executed');
        await isTold(heard, 'approvals.ended');
        const told = [...new Map(heard.map((one) => [one.eventId, one.topic])).values()].sort();
        expect(told).toEqual([
          'agent.action_executed',
          'agent.action_proposed',
          'approvals.decided',
          'approvals.ended',
          'approvals.requested',
        ]);
        const requested = await isTold(heard, 'approvals.requested');
        const { event } = await fixture.as('eva').trace(requested.eventId);
        expect(event).toMatchObject({ topic: 'approvals.requested', source: 'system/approvals', entityId: account });
        expect(requested.payload).toMatchObject({
          ...{ changeSet: change.id, entity: account, level: 'L2', roles: ['owner', 'peer'], approvals: 2 },
          proposer: 'agent:budget-bot',
        });
      });
    },
  },
  {
    name: 'that nobody decided in time is told like any other end',
    run: async (fixture) => {
      const account = freshAccount();
      await listening(fixture, account, async (heard) => {
        const deadline = new Date(Date.now() + SOON_SECONDS * 1000).toISOString();
        const change = await propose(fixture, 'clara', account, '500.00', { deadline });
        expect((await isTold(heard, 'approvals.ended')).payload).toMatchObject({
          ...{ changeSet: change.id, state: 'expired' },
        });
      });
    },
  },
  {
    name: 'an agent that oversteps is told on its own chain, and refused all the same',
    run: async (fixture) => {
      const change = await propose(fixture, 'clara', freshAccount(), '500.00');
      await expect(fixture.as('budget-bot').decide(change, 'approve')).rejects.toMatchObject({
        code: 'AGENTS_CANNOT_DECIDE',
      });
      const told = await until('the violation should be on the chain of the agent', async () => {
        const { entries } = await fixture.as('eva').entries('module/budget-bot', { limit: 100 });
        return entries.find(({ body }) => body.data['topic'] === 'agent.policy_violated');
      });
      expect(told.body.data['payload']).toMatchObject({ agent: 'budget-bot', rule: expect.any(String) as string });
    },
  },
];
