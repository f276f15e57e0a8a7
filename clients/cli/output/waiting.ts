/** Something that takes long says on the terminal that it goes on, and how to end it; where nobody looks it says nothing. */
import type { WriteStream } from 'node:tty';
import { showError, Stopped } from './output.ts';

/** What is over by then needs no word. */
const EVERY_MS = 1_000;
const CLEAR_LINE = '\r\u001b[K';

export interface Wait {
  /** what is done, in words such as "verifying the ledger" */
  readonly what: string;
  /** how far it has come, in words; blank: nobody knows */
  readonly far?: () => string;
  readonly json?: boolean | undefined;
}

/** Ctrl-C ends the process and whatever it does, and says how far it came. */
export async function whileWaiting<T>(
  wait: Wait,
  work: Promise<T>,
  terminal: Pick<WriteStream, 'isTTY' | 'write'> = process.stderr,
): Promise<T> {
  const line = terminal.isTTY ? showLine(wait, terminal) : undefined;
  const stop = (): void => {
    line?.clear();
    process.exit(showError(new Stopped(sentenceOf(wait)), wait.json === true));
  };
  process.once('SIGINT', stop);
  return work.finally(() => {
    process.off('SIGINT', stop);
    line?.clear();
  });
}

function showLine(
  { what, far = () => '' }: Wait,
  terminal: Pick<WriteStream, 'write'>,
): { readonly clear: () => void } {
  const begin = performance.now();
  const telling = setInterval(() => {
    const seconds = Math.floor((performance.now() - begin) / EVERY_MS);
    const come = far() === '' ? '' : `${far()}, `;
    terminal.write(`${CLEAR_LINE}${what}: ${come}${seconds} s, Ctrl-C ends it`);
  }, EVERY_MS);
  return {
    clear: () => {
      clearInterval(telling);
      terminal.write(CLEAR_LINE);
    },
  };
}

function sentenceOf({ what, far = () => '' }: Wait): string {
  return `stopped while ${what}${far() === '' ? '' : ` (${far()})`}: there is no result`;
}
