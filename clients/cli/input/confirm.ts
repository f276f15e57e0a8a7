/**
 * The question before a decision. It goes to the person's terminal, wherever output and input are led; where there is no
 * terminal nobody is asked, so nothing is decided unless `--yes` says that somebody has made up their mind.
 */
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ReadStream, WriteStream } from 'node:tty';
import { codeOf } from '../../../core/errors/index.ts';
import { note, printable, UsageError } from '../output/output.ts';
import { EXIT } from '../output/exit-codes.ts';

export const YES = ['--yes', 'do not ask for confirmation; required where there is no terminal'] as const;

export interface ConfirmOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Closed when the answer is there. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  close(): void;
}

const TERMINAL = '/dev/tty';
/** open(2): the process has none; or the system has no such file */
const NO_TERMINAL: ReadonlySet<string> = new Set(['ENXIO', 'ENOENT', 'ENOTTY', 'EACCES', 'EIO', 'ENODEV']);

/**
 * Before anything is asked of the service: can this person be asked at all? @param action as in "approve"
 * @throws UsageError where there is neither a terminal nor --yes
 */
export function requireAnswerable(action: string, { yes }: ConfirmOptions): void {
  if (yes === true) return;
  const terminal = openTerminal();
  if (terminal === undefined)
    throw new UsageError(
      `${action} needs a confirmation, and there is no terminal to ask on: give --yes to decide without being asked`,
    );
  terminal.close();
}

/** @param subject what is decided on, for who cannot see it on stdout @returns whether to go on; if not, it was said and the exit code set */
export async function isConfirmed(action: string, options: ConfirmOptions, subject: string): Promise<boolean> {
  if (options.yes === true) return true;
  const terminal = openTerminal();
  if (terminal === undefined) throw new UsageError(`${action}: the terminal was closed, so nobody can confirm it`);
  try {
    // Who leads the output elsewhere still has to see what they decide on.
    if (options.json === true || !process.stdout.isTTY) terminal.output.write(`${printable(subject)}\n\n`);
    if (/^y(es)?$/i.test(await ask(terminal, `${action} this? [y/N] `))) return true;
  } finally {
    terminal.close();
  }
  note('nothing was decided');
  process.exitCode = EXIT.problem;
  return false;
}

/** End of input and Ctrl-C are no. */
function ask({ input, output }: Terminal, question: string): Promise<string> {
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

function openTerminal(): Terminal | undefined {
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
