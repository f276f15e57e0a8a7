/** The data folder is its owner's: what other users of the machine may do with it is taken away. */
import { chmodSync, statSync } from 'node:fs';
import { EngineError } from './errors.ts';

const ALL_PERMISSIONS = 0o777;
/** of the group and of everybody else */
const OTHERS = 0o077;

/**
 * Closes the folder to everybody else.
 * @returns what was taken away, in words; undefined: nothing. @throws EngineError DATA_EXPOSED
 */
export function closeToOthers(dataDir: string): string | undefined {
  const mode = statSync(dataDir).mode & ALL_PERMISSIONS;
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return undefined;
  try {
    chmodSync(dataDir, mode & ~OTHERS);
  } catch (cause) {
    const message = `other users of this machine may read "${dataDir}", and it is not ours to close: chmod 700 it, or use another folder`;
    throw new EngineError({ code: 'DATA_EXPOSED', message, cause });
  }
  const octal = (bits: number): string => `0${bits.toString(8)}`;
  return `"${dataDir}" was open to other users of this machine (${octal(mode)}): it is ${octal(mode & ~OTHERS)} now`;
}
