/** docs/verifier.py on the cases of test/vectors/batch-signatures; what our own reader says of them: test/core/ledger/notes. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { pythonOfVerifier } from './python-verifier.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SCRIPT = `
import base64, json, sys
sys.path.insert(0, "docs")
import verifier
cases = [json.loads(line) for line in open("test/vectors/batch-signatures/cases.jsonl", encoding="utf-8")]
for one in cases:
    public = base64.b64decode(one["publicKey"])
    key = verifier.Key("keys/" + verifier.sha256(public).hex()[:16], public)
    try:
        note = verifier.Note((one["text"] + "\\n" + one["line"]).encode())
        found = "right" if key.signed_in_tree(note, one["origin"], {}) else "wrong"
    except verifier.Malformed:
        found = "malformed"
    if found != one["verdict"]:
        print(one["case"], found)
print(len(cases))
`;

it('docs/verifier.py judges every case of the batch signatures as it says', async () => {
  const python = await pythonOfVerifier();
  const { stdout } = await promisify(execFile)(python, ['-B', '-c', SCRIPT], { cwd: ROOT });
  expect(stdout.trim()).toBe('358');
});
