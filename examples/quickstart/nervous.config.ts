/** One topic, one module that publishes, one agent that proposes, and two people who must agree. */
import * as z from 'zod';
import { defineConfig } from 'nervous-system/config';

export const config = defineConfig({
  ledger: 'main',
  origin: 'quickstart.example/main',
  topics: {
    'payments.received': { description: 'A customer paid', versions: { 1: z.strictObject({ cents: z.int().min(1) }) } },
  },
  modules: { bank: { description: 'Tells of payments', publishes: ['payments.*'] } },
  roster: {
    roles: { owner: { reads: ['*'], proposes: ['account:*'] }, risk: { reads: ['*'] }, auditor: {} },
    people: [
      { personId: 'olga', name: 'Olga', accounts: ['olga'], roles: ['owner'] },
      { personId: 'paul', name: 'Paul', accounts: ['paul'], roles: ['owner'] },
      { personId: 'rita', name: 'Rita', accounts: ['rita'], roles: ['risk'] },
      { personId: 'axel', name: 'Axel', accounts: ['axel'], roles: ['auditor'] },
    ],
    agents: [
      {
        ...{ id: 'limit-bot', owner: 'olga', logic: 'limit-bot@1' },
        rights: { reads: ['account:*'], proposes: ['account:*'] },
      },
    ],
  },
  operations: { enabled: ['state.put'] },
  risk: {
    version: '1',
    rules: [
      {
        ...{ name: 'two people', when: { reversible: [true] } },
        ...{ level: 'L2', roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 0 },
      },
    ],
  },
});
