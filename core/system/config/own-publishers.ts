/** What the ledger itself tells on the bus, under sources that no principal can have. */
import { APPROVALS_SOURCE } from '../../changes/index.ts';
import { GUARD_SOURCE, SYSTEM_TOPICS } from '../../events/index.ts';
import type { Principal } from '../../policy/index.ts';

export const OWN_PUBLISHERS: readonly Principal[] = [
  { kind: 'service', id: GUARD_SOURCE, publishes: Object.keys(SYSTEM_TOPICS) },
  { kind: 'service', id: APPROVALS_SOURCE, publishes: ['approvals.*', 'agent.*'] },
];
