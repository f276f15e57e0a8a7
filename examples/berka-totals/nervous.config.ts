/** Transactions of a bank as events, and a module that sums them. */
import * as z from 'zod';
import { defineConfig } from 'nervous-system/config';

const transaction = z.strictObject({ amount: z.string().regex(/^\d+\.\d\d$/), kind: z.enum(['credit', 'debit']) });

export const config = defineConfig({
  ledger: 'main',
  origin: 'berka.example/main',
  topics: { 'transactions.new': { description: 'A transaction was booked', versions: { 1: transaction } } },
  modules: {
    'bank-feed': { description: 'Tells of transactions', publishes: ['transactions.*'] },
    totals: { description: 'Sums them', subscribes: ['transactions.*'], reads: ['account:*'] },
  },
  roster: {
    roles: { owner: {}, risk: {}, auditor: {} },
    people: [
      { personId: 'olga', name: 'Olga', accounts: ['olga'], roles: ['owner'] },
      { personId: 'rita', name: 'Rita', accounts: ['rita'], roles: ['risk'] },
      { personId: 'axel', name: 'Axel', accounts: ['axel'], roles: ['auditor'] },
    ],
    agents: [],
  },
  operations: { enabled: ['state.put'] },
  risk: { version: '1', rules: [] },
});
