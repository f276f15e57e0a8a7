/** The whole system in one file: which events exist, who may do what, how risky a change is and who must approve it. */
import * as z from 'zod';
import { approvalTopics, defineConfig } from 'nervous-system/config';
import { refundInput, REFUNDS } from './refund-input.ts';

const cents = z.int().min(1);

export const config = defineConfig({
  // Both names are in every signature: choose them before the first event, and never change them.
  ledger: 'main',
  origin: 'my-company.example/main',
  topics: {
    'orders.placed': { description: 'A customer ordered', versions: { 1: z.strictObject({ cents }) } },
    'loyalty.earned': { description: 'An order earned points', versions: { 1: z.strictObject({ points: cents }) } },
    ...approvalTopics,
  },
  // Nothing is allowed that does not stand here.
  modules: {
    shop: { description: 'Takes orders', publishes: ['orders.*'] },
    loyalty: {
      description: 'Counts points',
      subscribes: ['orders.*'],
      publishes: ['loyalty.*'],
      reads: ['customer:*'],
    },
  },
  roster: {
    roles: {
      owner: { reads: ['*'], proposes: ['customer:*'] },
      risk: { reads: ['*'] },
      auditor: {}, // may read everything and verify the whole ledger, by definition
    },
    people: [
      { personId: 'olga', name: 'Olga', accounts: ['olga'], roles: ['owner'] },
      { personId: 'paul', name: 'Paul', accounts: ['paul'], roles: ['owner'] },
      { personId: 'rita', name: 'Rita', accounts: ['rita'], roles: ['risk'] },
      { personId: 'axel', name: 'Axel', accounts: ['axel'], roles: ['auditor'] },
    ],
    // An agent proposes, people decide; its owner answers for it, and has no vote on what it proposes.
    agents: [
      {
        id: 'helpdesk-bot',
        owner: 'olga',
        logic: 'helpdesk-bot@1',
        rights: { reads: ['customer:*'], proposes: ['customer:*'] },
      },
    ],
  },
  operations: { enabled: ['state.put', 'state.patch', 'executor.invoke'] },
  executors: {
    refunds: {
      version: REFUNDS.version,
      description: 'Pays money back',
      schema: refundInput,
      reversible: true,
      maxSeconds: 30,
    },
  },
  risk: {
    version: '1',
    // All that match count, and the strictest wins; what no rule matches is L3.
    rules: [
      {
        ...{ name: 'what can be taken back', when: { reversible: [true] } },
        ...{ level: 'L1', roles: ['risk'], approvals: 1, timelockMinutes: 0 },
      },
      {
        ...{ name: 'money leaves', when: { operations: { types: ['executor.invoke'] } } },
        ...{ level: 'L2', roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 0 },
      },
    ],
  },
});
