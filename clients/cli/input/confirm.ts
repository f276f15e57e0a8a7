/**
 * The question before a decision. It goes to the person's terminal, wherever output and input are led; where there is no
 * terminal nobody is asked, so nothing is decided unless `--yes` says that somebody has made up their mind.
 */
import { coloured } from '../output/colours.ts';
import { note, printable, UsageError } from '../output/output.ts';
import { EXIT } from '../output/exit-codes.ts';
import { ask, openTerminal } from './terminal.ts';

export const YES = ['--yes', 'do not ask for confirmation; required where there is no terminal'] as const;

export interface ConfirmOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

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
  const stop = (): void => {
    note('\nnothing was decided');
    process.exit(EXIT.stopped);
  };
  process.once('SIGINT', stop);
  try {
    // Who leads the output elsewhere still has to see what they decide on.
    if (options.json === true || !process.stdout.isTTY)
      terminal.output.write(`${coloured(printable(subject), terminal.output)}\n\n`);
    if (/^y(es)?$/i.test(await ask(terminal, `${action} this? [y/N] `))) return true;
  } finally {
    process.off('SIGINT', stop);
    terminal.close();
  }
  note('nothing was decided');
  process.exitCode = EXIT.problem;
  return false;
}
