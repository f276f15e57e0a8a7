/** docs/executors.md: the Python on the page is the file, and that file takes real grants and refuses wrong ones. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { memoryRootSigner } from '../../adapters/memory/index.ts';
import { testExecutor } from '../../clients/sdk/index.ts';
import { grantInputHash, operationKey, signGrant, type GrantClaims } from '../../core/changes/index.ts';
import { formatVerifierKey } from '../../core/ledger/index.ts';
import { subject } from '../../examples/executor/subject.ts';

const page = readFileSync('docs/executors.md', 'utf8');
const script = readFileSync('examples/executor/verify_grant.py', 'utf8');
const hasPython = spawnSync('python3', ['-c', 'import cryptography']).status === 0;

const root = memoryRootSigner('nervous.example/dev/main');
const input = { account: 'č', limit: 500, z: [1, null, true], a: { b: 'ž"\\\n' } };
const precondition = { version: 7 };
const operation = { change: '0199', revision: 1, index: 0, direction: 'apply' as const };
const right: GrantClaims = {
  ...{ iss: root.name, aud: 'limits@1', jti: operationKey(operation), exp: 2_000_000_000, ...operation },
  ...{ contentHash: 'a'.repeat(64), inputHash: grantInputHash(input, precondition) },
};

/** @returns `ok`, or what the exception says */
async function inPython(claims: GrantClaims, given: object = input, signer = root): Promise<string> {
  const token = await signGrant(signer, claims);
  const call = `
import json, sys
exec(open('examples/executor/verify_grant.py').read())
token, key, given, precondition = json.load(sys.stdin)
try:
    verify_grant(token, verifier_keys=[key], executor='limits@1', direction='apply', input=given, precondition=precondition, now=1_999_999_999)
    print('ok')
except ValueError as error:
    print(error)
`;
  const key = formatVerifierKey(root.name, root.publicKey);
  const { stdout, stderr } = spawnSync('python3', ['-c', call], {
    input: JSON.stringify([token, key, given, precondition]),
    encoding: 'utf8',
  });
  return (stdout + stderr).trim();
}

describe('docs/executors.md', () => {
  it('shows the Python file as it is', () => {
    expect(page).toContain('```python\n' + script + '```');
  });

  // npm test needs nothing but Node: without a Python that has `cryptography` this is not run.
  if (hasPython) it('whose Python takes a grant and refuses wrong ones', async () => {
    expect(await inPython(right)).toBe('ok');
    expect(await inPython(right, { ...input, limit: 501 })).toBe('inputHash is not as expected');
    expect(await inPython({ ...right, exp: 1_999_999_999 })).toBe('the grant has expired');
    expect(await inPython({ ...right, aud: 'limits@2' })).toBe('aud is not as expected');
    expect(await inPython({ ...right, direction: 'undo' })).toBe('direction is not as expected');
    expect(await inPython({ ...right, iss: 'other' })).toBe('iss is not as expected');
    expect(await inPython(right, input, memoryRootSigner(root.name))).toBe('not signed by the root key');
  });

  it('names every check of the kit, or what sums it up', async () => {
    const { checks } = await testExecutor(subject);
    const grants = checks.filter(({ name }) => name.includes('grant') && !name.startsWith('one grant'));
    expect(grants).toHaveLength(10);
    const others = checks.filter((check) => !grants.includes(check) && check.name !== 'status tells the truth about undoing');
    expect(others.map(({ name }) => name).filter((name) => !page.includes(name))).toEqual([]);
  });
});
