/** A grant is three parts of one form: whatever has fewer, more or another header is refused before any key is asked. */
import { expect, it } from 'vitest';
import { CountingIds, FakeClock, memoryRootSigner } from '../../../../adapters/memory/index.ts';
import {
  signGrant,
  verifyGrant,
  type GrantClaims,
  type GrantExpectations,
} from '../../../../core/changes/operations/grant.ts';

const root = memoryRootSigner('ledger.test/main');
const token = await signGrant(root, {
  change: new CountingIds().next(),
  at: new FakeClock().now(),
} as unknown as GrantClaims);
const [header = '', payload = '', signature = ''] = token.split('.');
const reasonOf = (text: unknown): string =>
  JSON.stringify(verifyGrant(text, { publicKeys: [root.publicKey] } as unknown as GrantExpectations));

it.each([
  '',
  header,
  `${header}.${payload}`,
  `${header}.${payload}.${signature}.`,
  `.${payload}.${signature}`,
  `${header.slice(1)}.${payload}.${signature}`,
])('"%s" is none', (text) => {
  expect(reasonOf(text)).toContain('no token of the form that this ledger signs');
});

it('is signed over its header and what it says', () => {
  expect(reasonOf(`${header}.${payload}x.${signature}`)).toContain('not signed by the root key');
  expect(reasonOf(token)).toContain('does not say what a grant says');
});
