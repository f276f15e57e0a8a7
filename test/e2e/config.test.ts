/** A wrong configuration fails with the path, the value and the fix. */
import { expect, it } from 'vitest';
import { defineConfig, type ConfigInput } from '../../core/system/index.ts';
import { config } from '../../nervous.config.ts';

type Path = readonly (string | number)[];

/** The sample with one value replaced, and what is said about it. */
function messageWith(path: Path, value: unknown): string {
  const draft = { ...structuredClone({ ...config, topics: {} }), topics: config.topics };
  let place = draft as unknown as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as typeof place;
  place[path.at(-1) ?? ''] = value;
  try {
    defineConfig(draft as unknown as ConfigInput);
  } catch (error) {
    return String(error);
  }
  return 'accepted';
}

it.each<[string, Path, unknown, string]>([
  ['a role nobody declared', ['roster', 'people', 0, 'roles'], ['boss'], '/roster/people/0/roles/0: role "boss"'],
  ['an account twice', ['roster', 'people', 0, 'accounts'], ['boris'], '"boris" already names'],
  ['an agent without owner', ['roster', 'agents', 0, 'owner'], 'zoe', '/roster/agents/0/owner: "zoe" is not a person'],
  ['L2 without approvals', ['risk', 'rules', 2, 'approvals'], 0, '/risk/rules/2/approvals: L2 needs at least one'],
  ['a rule that is no pattern', ['risk', 'rules', 0, 'when'], { a: 1 }, '/risk/rules/0/when'],
  ['a URL as origin', ['origin'], 'https://x', '/origin: write it as a URL without a scheme'],
])('%s', (_name, path, value, message) => {
  expect(messageWith(path, value)).toContain(message);
});

it('the sample itself is accepted', () => {
  expect(messageWith(['ledger'], config.ledger)).toBe('accepted');
});
