/** A ledger on which twenty events a second are a storm. */
import * as z from 'zod';
import { defineConfig } from '../../core/system/index.ts';

const topic = { description: 'test', versions: { 1: z.strictObject({}) } };

export const config = defineConfig({
  ledger: 'main',
  origin: 'ledger.test/protection',
  topics: { 'money.moved': topic, 'money.counted': topic },
  modules: { feed: { publishes: ['money.*'] } },
  roster: {
    roles: { owner: {}, risk: {}, security: {}, auditor: {} },
    people: [{ personId: 'sue', name: 'Sue', accounts: ['sue'], roles: ['security', 'auditor'] }],
    agents: [],
  },
  risk: { version: '1', rules: [] },
  operations: {},
  protection: { storm: { perSecond: 20 } },
});
