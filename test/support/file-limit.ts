/**
 * A process whose files may not grow past a size (setrlimit, RLIMIT_FSIZE): a write that ends behind it is made up to there, and the next
 * one fails with EFBIG. Where the process asks for it, the kernel kills it in that write instead, on whatever thread: as kill -9, at a place
 * that a test chooses.
 */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

/** What `ulimit -f` counts in, by POSIX. */
export const LIMIT_BLOCK_BYTES = 512;

/** Of the main thread. Node ignores the signal; a handler that is taken away leaves what the kernel does by itself. */
export function dieAtFileLimit(): void {
  const handler = (): void => undefined;
  process.on('SIGXFSZ', handler).off('SIGXFSZ', handler);
}

/** @param blocks of 512 bytes, which no file of the process exceeds */
export function spawnWithFileLimit(blocks: number, command: readonly string[], options: SpawnOptions): ChildProcess {
  const script = 'ulimit -c 0; ulimit -f "$0"; exec "$@"'; // a death of this kind would leave an image of the process
  return spawn('sh', ['-c', script, String(blocks), ...command], options);
}
