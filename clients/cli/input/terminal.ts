/** The person's own terminal, wherever output and input are led; and what is typed on it, shown or not. */
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ReadStream, WriteStream } from 'node:tty';
import { codeOf } from '../../../core/errors/index.ts';
import { EXIT } from '../output/exit-codes.ts';

/** Closed when the answer is there. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  close(): void;
}

const TERMINAL = '/dev/tty';
/** open(2): the process has none; or the system has no such file */
const NO_TERMINAL: ReadonlySet<string> = new Set(['ENXIO', 'ENOENT', 'ENOTTY', 'EACCES', 'EIO', 'ENODEV']);

export function openTerminal(): Terminal | undefined {
  try {
    // One descriptor each: a stream closes its own.
    const [input, output] = [new ReadStream(openSync(TERMINAL, 'r')), new WriteStream(openSync(TERMINAL, 'w'))];
    const close = (): void => {
      input.destroy();
      output.destroy();
    };
    return { input, output, close };
  } catch (error) {
    if (!NO_TERMINAL.has(codeOf(error))) throw error;
    return standardTerminal();
  }
}

/** Where the system gives terminals no name (Windows). */
function standardTerminal(): Terminal | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return { input: process.stdin, output: process.stderr, close: () => process.stdin.pause() };
}

/** End of input is no answer. */
export function ask({ input, output }: Terminal, question: string): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input, output, terminal: false });
    output.write(question);
    lines.once('line', (line) => {
      resolve(line.trim());
      lines.close();
    });
    lines.once('close', () => resolve(''));
  });
}

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f'];

/** What is typed or pasted stands nowhere. Ctrl-C ends the process, as it does elsewhere. */
export function askSecretly({ input, output }: Terminal, question: string): Promise<string> {
  return new Promise((resolve) => {
    let typed = '';
    const done = (answer: string): void => {
      input.off('data', take);
      input.setRawMode(false);
      input.pause();
      output.write('\n');
      resolve(answer);
    };
    const take = (chunk: Buffer): void => {
      for (const key of chunk.toString('utf8')) {
        if (key === CTRL_C) {
          done('');
          process.exit(EXIT.stopped);
        }
        if (key === '\r' || key === '\n' || key === CTRL_D) {
          done(typed.trim());
          return;
        }
        if (key === BACKSPACE || key === DELETE) typed = typed.slice(0, -1);
        else typed += key;
      }
    };
    input.setRawMode(true);
    output.write(question);
    input.on('data', take);
  });
}
