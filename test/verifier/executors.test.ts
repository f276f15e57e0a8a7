/** docs/executors.md: the Python on the page takes real grants and refuses wrong ones. Needs what verifier.py needs. */
import { spawnSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import { memoryRootSigner } from '../../adapters/memory/index.ts';
import { grantInputHash, operationKey, signGrant, type GrantClaims } from '../../core/changes/index.ts';
import { formatVerifierKey } from '../../core/ledger/index.ts';
import { pythonOfVerifier } from './python-verifier.ts';

let python: string;
beforeAll(async () => {
  python = await pythonOfVerifier();
});

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
  const { stdout, stderr } = spawnSync(python, ['-c', call], {
    input: JSON.stringify([token, key, given, precondition]),
    encoding: 'utf8',
  });
  return (stdout + stderr).trim();
}

it('docs/executors.md: its Python takes a grant and refuses wrong ones', async () => {
  expect(await inPython(right)).toBe('ok');
  expect(await inPython(right, { ...input, limit: 501 })).toBe('inputHash is not as expected');
  expect(await inPython({ ...right, exp: 1_999_999_999 })).toBe('the grant has expired');
  expect(await inPython({ ...right, aud: 'limits@2' })).toBe('aud is not as expected');
  expect(await inPython({ ...right, direction: 'undo' })).toBe('direction is not as expected');
  expect(await inPython({ ...right, iss: 'other' })).toBe('iss is not as expected');
  expect(await inPython(right, input, memoryRootSigner(root.name))).toBe('not signed by the root key');
});
