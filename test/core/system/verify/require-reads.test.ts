/** Who may read which chain: session keys are public to whoever may read anything at all, and nothing else of the system is. */
import { expect, it } from 'vitest';
import { must } from '../../../../core/errors/index.ts';
import { createPolicy, type Principal } from '../../../../core/policy/index.ts';
import { requireReads } from '../../../../core/system/verify/require-reads.ts';

const none = { publishes: [], subscribes: [], reads: [], proposes: [], reveals: [], overrides: [] };
const policy = createPolicy({ people: [], agents: [], roles: {} } as unknown as Parameters<typeof createPolicy>[0], {
  narrow: { ...none, reads: ['account:1'] },
  writer: { ...none, publishes: ['transactions.new'] },
});
const principal = (id: string): Principal => must(policy.principal(id), id);

const KEY = 'keys/0123456789abcdef';

it('a certificate is for whoever may read anything', () => {
  expect(() => requireReads(policy, principal('narrow'), KEY)).not.toThrow();
  expect(() => requireReads(policy, principal('narrow'), 'account:1')).not.toThrow();
});

it.each([
  ['writer', KEY],
  ['narrow', `${KEY}0`],
  ['narrow', 'keys/root'],
  ['narrow', 'keys/0123456789ABCDEF'],
  ['narrow', 'system/log'],
  ['narrow', 'access/0123456789abcdef'],
  ['narrow', 'account:2'],
])('%s may not read %s', (id, chain) => {
  expect(() => requireReads(policy, principal(id), chain)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
});
