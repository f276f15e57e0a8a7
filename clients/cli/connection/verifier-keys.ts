/** C2SP verifier keys on a command line: the key itself, or a file with one per line. */
import { existsSync, readFileSync } from 'node:fs';
import { parseLogKey } from '../../../core/ledger/index.ts';
import { UsageError } from '../output/output.ts';

/** For an option that may be repeated. */
export function addKey(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** @throws UsageError */
export function keysOf(keyOrFile: string): string[] {
  const isFile = existsSync(keyOrFile);
  if (!isFile && !keyOrFile.includes('+')) throw new UsageError(`--vkey "${keyOrFile}" is neither a key nor a file`);
  const lines = (isFile ? textIn(keyOrFile) : keyOrFile).split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 0) throw new UsageError(`--vkey "${keyOrFile}" holds no verifier key`);
  for (const key of keys) {
    const parsed = parseLogKey(key);
    if ('malformed' in parsed) throw new UsageError(`--vkey "${key.slice(0, 200)}": ${parsed.malformed}`);
  }
  return keys;
}

function textIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`--vkey "${path}" cannot be read: ${(cause as Error).message}`, { cause });
  }
}
