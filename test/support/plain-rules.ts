/**
 * A risk table that looks at each step alone: the sample's before R3. Scenarios that are about something else than risk propose all
 * day long on it without becoming large; `nervous policy lint` must find what is weak in it.
 */
import { riskSchema } from '../../core/changes/index.ts';
import { config as sample } from '../../nervous.config.ts';

const { knownPaths: _all, ...risk } = sample.risk;

export const plainRisk = riskSchema.parse({
  ...risk,
  moneyPaths: ['/limit', '/loans/*/amount'],
  sensitivePaths: ['/holder'],
  rules: [
    {
      name: 'small',
      when: { entity: [{ prefix: 'account:' }], reversible: [true], money: { moved: [{ numeric: ['<=', 1_000] }] } },
      level: 'L1',
      roles: ['owner'],
      approvals: 1,
    },
    {
      name: 'bounded money',
      when: { entity: [{ prefix: 'account:' }], money: { moved: [{ numeric: ['>', 1_000, '<=', 250_000] }] } },
      level: 'L2',
      roles: ['owner', 'peer'],
      approvals: 2,
    },
    {
      name: 'large money',
      when: { money: { moved: [{ numeric: ['>', 250_000] }] } },
      level: 'L3',
      roles: ['owner', 'risk'],
      approvals: 2,
      timelockMinutes: 60,
    },
    {
      name: 'bulk', // more than a thousand proposals of one initiator in a day
      when: { initiator: { recentChanges: [{ numeric: ['>', 1_000] }] } },
      level: 'L3',
      roles: ['owner', 'risk'],
      approvals: 2,
      timelockMinutes: 60,
    },
    {
      name: 'split on one account', // many small steps in a day are one large one
      when: { onEntity: { recentMoved: [{ numeric: ['>', 250_000] }] } },
      level: 'L3',
      roles: ['owner', 'risk'],
      approvals: 2,
      timelockMinutes: 60,
    },
    {
      name: 'unproven agent',
      when: { initiator: { kind: ['agent'], proven: [false] } },
      level: 'L2',
      roles: ['owner', 'peer'],
      approvals: 2,
    },
    {
      name: 'personal data',
      when: { sensitive: { paths: ['/holder'] } },
      level: 'L3',
      roles: ['owner', 'risk'],
      approvals: 2,
      timelockMinutes: 60,
    },
    {
      name: 'freeze',
      when: { freeze: { active: [true] } },
      level: 'L3',
      roles: ['owner', 'risk'],
      approvals: 2,
      timelockMinutes: 60,
    },
    {
      name: 'irreversible',
      when: { reversible: [false] },
      level: 'L3',
      roles: ['owner', 'risk'],
      approvals: 2,
      timelockMinutes: 60,
    },
    {
      name: 'registry', // who may do what is everybody's business
      when: { entity: [{ prefix: 'registry:' }] },
      level: 'L4',
      roles: ['owner', 'risk', 'security'],
      approvals: 3,
      timelockMinutes: 1_440,
    },
  ],
});
