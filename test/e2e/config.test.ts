/** A wrong configuration fails with the path, the value and the fix. */
import { expect, it } from 'vitest';
import { defineConfig, type ConfigInput } from '../../core/system/index.ts';
import { config } from '../../nervous.config.ts';

const refused = (change: (draft: any) => void): string => {
  // eslint-disable-line
  const draft = { ...structuredClone({ ...config, topics: {} }), topics: config.topics };
  change(draft);
  try {
    defineConfig(draft as unknown as ConfigInput);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

it.each<[string, (draft: any) => void, string]>([
  // eslint-disable-line
  ['a role nobody declared', (c) => (c.roster.people[0].roles = ['boss']), '/roster/people/0/roles/0: role "boss"'],
  ['an account twice', (c) => (c.roster.people[0].accounts = ['boris']), '"boris" already names'],
  [
    'an agent without owner',
    (c) => (c.roster.agents[0].owner = 'zoe'),
    '/roster/agents/0/owner: "zoe" is not a person',
  ],
  ['L2 without approvals', (c) => (c.risk.rules[1].approvals = 0), '/risk/rules/1/approvals: L2 needs at least one'],
  ['a rule that is no pattern', (c) => (c.risk.rules[0].when = { a: 1 }), '/risk/rules/0/when'],
  ['a URL as origin', (c) => (c.origin = 'https://x'), '/origin: write it as a URL without a scheme'],
])('%s', (_name, change, message) => {
  expect(refused(change)).toContain(message);
});

it('the sample itself is accepted', () => {
  expect(refused(() => {})).toBe('accepted');
});
