/** What a team that releases through a ledger writes down: CI proposes, and somebody who does not answer for CI approves. */
import { defineConfig } from 'nervous-system/config';

export const config = defineConfig({
  ledger: 'main',
  origin: 'releases.example/main',
  topics: {},
  modules: {},
  roster: {
    roles: { owner: { reads: ['*'] }, risk: { reads: ['*'] }, auditor: {} },
    people: [
      { personId: 'mia', name: 'Mia', accounts: ['mia'], roles: ['owner'] },
      { personId: 'noah', name: 'Noah', accounts: ['noah'], roles: ['owner', 'risk'] },
      { personId: 'axel', name: 'Axel', accounts: ['axel'], roles: ['auditor'] },
    ],
    agents: [
      {
        ...{ id: 'ci', owner: 'mia', logic: 'release-workflow@1' },
        rights: { reads: ['release:*'], proposes: ['release:*'] },
      },
    ],
  },
  operations: { enabled: ['state.put'] },
  risk: {
    version: '1',
    // Mia answers for what CI does, so she has no vote on it: it is somebody else who agrees.
    rules: [
      {
        ...{ name: 'a release', when: { reversible: [true] } },
        ...{ level: 'L1', roles: ['owner'], approvals: 1, timelockMinutes: 0 },
      },
    ],
  },
});
