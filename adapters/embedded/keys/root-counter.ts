/**
 * Counts what the root key signs: one byte a signature, appended to a file beside the key before it signs, so that several
 * processes count right and a crash counts one too many rather than one too few. docs/keys.md says what that proves.
 */
import { appendFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RootSigner } from '../../../core/ledger/index.ts';

const COUNT_FILE = 'root.count';
/** Signed by whoever asks whether the key works; it says nothing, so it is not counted. */
const SELF_TEST = 'nervous-system.self-test.v1\n';

/** From a key's first day; a key that came without its counter is never counted. */
export function writeCountFile(dataDir: string): void {
  writeFileSync(join(dataDir, COUNT_FILE), '', { mode: 0o600, flag: 'a' });
}

export function countingSigner(dataDir: string, signer: RootSigner): RootSigner {
  const path = join(dataDir, COUNT_FILE);
  if (!existsSync(path)) return signer;
  return {
    ...signer,
    sign: (text) => {
      if (Buffer.from(text).toString('latin1') !== SELF_TEST) appendFileSync(path, '.');
      return signer.sign(text);
    },
  };
}

export function countedSignatures(dataDir: string): number | undefined {
  const path = join(dataDir, COUNT_FILE);
  return existsSync(path) ? statSync(path).size : undefined;
}
