/**
 * A list that is longer than the terminal is handed to the pager that its owner likes (PAGER, otherwise less), as git does. Where
 * nobody looks there is none, so what a program reads never changes.
 */
import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { coloured } from './colours.ts';
import { printable, show, tell, type OutputOptions } from './output.ts';

export const NO_PAGER = ['--no-pager', 'write a list that is longer than the terminal without a pager'] as const;

export interface PagedOptions extends OutputOptions {
  /** false: --no-pager */
  readonly pager?: boolean;
}

/** One that tells no size has this many lines. */
const ROWS = 24;
const COLUMNS = 80;
/** Ends where all fits, keeps colours, and leaves on the screen what was read. */
const LESS = 'FRX';
/** of a shell: the program is not there, or cannot be run */
const NOT_RUN: ReadonlySet<number | null> = new Set([126, 127]);

export function showList(options: PagedOptions, value: unknown, human: () => string): void {
  if (options.json === true) {
    show(options, value, human);
    return;
  }
  const text = human();
  if (options.pager === false || fits(text, process.stdout) || !isPaged(text)) tell(text);
}

/** Lines held for a pager; where there are more, they are written as they come. About 150 bytes each. */
const MAX_HELD = 10_000;

export interface PagedLines {
  readonly add: (line: string) => void;
  /** To be called last, whatever happened. */
  readonly end: () => void;
}

/** For lists that may have no end in sight: where somebody looks, the first lines wait for the pager; elsewhere none does. */
export function pagedLines({ pager }: Pick<PagedOptions, 'pager'>): PagedLines {
  const held: string[] = [];
  let isHeld = pager !== false && process.stdout.isTTY;
  return {
    add: (line) => {
      if (!isHeld) {
        tell(line);
        return;
      }
      held.push(line);
      if (held.length < MAX_HELD) return;
      isHeld = false;
      tell(held.splice(0).join('\n'));
    },
    end: () => {
      if (held.length === 0) return;
      const text = held.splice(0).join('\n');
      if (fits(text, process.stdout) || !isPaged(text)) tell(text);
    },
  };
}

/** @returns whether a pager showed it */
function isPaged(text: string): boolean {
  const { PAGER: program = 'less' } = process.env;
  if (program === '' || program === 'cat') return false;
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore); // Ctrl-C is for the pager, which is not ended by it
  try {
    const { status, error } = spawnSync(program, {
      ...{ shell: true, input: `${coloured(printable(text))}\n`, stdio: ['pipe', 'inherit', 'inherit'] },
      env: { LESS, ...process.env },
    });
    return !NOT_RUN.has(status) && (error === undefined || status !== null);
  } finally {
    process.off('SIGINT', ignore);
  }
}

export function fits(
  text: string,
  { isTTY, rows, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'rows' | 'columns'>,
): boolean {
  if (!isTTY) return true;
  const [high, wide] = [rows > 0 ? rows : ROWS, columns > 0 ? columns : COLUMNS];
  const lines = text.split('\n').map((line) => Math.max(1, Math.ceil(stripVTControlCharacters(line).length / wide)));
  return lines.reduce((sum, one) => sum + one, 0) < high; // the prompt needs a line
}
