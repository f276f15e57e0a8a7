/** Something that takes long says on the terminal that it goes on, and how to end it; where nobody looks it says nothing. */
import type { WriteStream } from 'node:tty';

/** What is over by then needs no word. */
const EVERY_MS = 1_000;
const CLEAR_LINE = '\r\u001b[K';

/** @param what is done, in words such as "verifying the ledger" */
export async function whileWaiting<T>(
  what: string,
  work: Promise<T>,
  terminal: Pick<WriteStream, 'isTTY' | 'write'> = process.stderr,
): Promise<T> {
  if (!terminal.isTTY) return work;
  const begin = performance.now();
  const tell = (): void => {
    const seconds = Math.floor((performance.now() - begin) / EVERY_MS);
    terminal.write(`${CLEAR_LINE}${what}: ${seconds} s, Ctrl-C ends it`);
  };
  const telling = setInterval(tell, EVERY_MS);
  return work.finally(() => {
    clearInterval(telling);
    terminal.write(CLEAR_LINE);
  });
}
