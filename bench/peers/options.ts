/** Options of `npm run bench -- peers`. Whatever it does not know is answered with the usage. */
import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- peers [options]: the same work on ours and on others, on this machine
  --only <name,…>   only these variants (--list names them)
  --list            the variants and what each promises
  --n <events>      events of a throughput phase, 1000 to 10000000 (default 100000)
  --seconds <s>     seconds of a delivery phase, 1 to 600 (default 4)
  --write           puts the tables into docs/performance.md
  --help            this text`;

export interface PeersOptions {
  /** empty: all */
  readonly only: readonly string[];
  readonly events: number;
  readonly seconds: number;
  readonly write: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

/** Something in the options is wrong; the message names it. */
export class UsageError extends Error {}

const EVENTS = { least: 1_000, most: 10_000_000, usual: 100_000 };
const SECONDS = { least: 1, most: 600, usual: 4 };

/** @throws UsageError */
export function peersOptions(args: readonly string[], variants: readonly string[]): PeersOptions {
  const values = parse(args);
  const only = values.only?.split(',') ?? [];
  const unknown = only.find((name) => !variants.includes(name));
  if (unknown !== undefined) throw new UsageError(`--only: there is no "${unknown}"`);
  return {
    only,
    events: whole('--n', values.n, EVENTS),
    seconds: whole('--seconds', values.seconds, SECONDS),
    ...{ write: values.write === true, list: values.list === true, help: values.help === true },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        n: { type: 'string' },
        seconds: { type: 'string' },
        write: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. To specify')[0] ?? '') : String(error));
  }
}

function whole(name: string, text: string | undefined, range: typeof EVENTS): number {
  if (text === undefined) return range.usual;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(value >= range.least && value <= range.most))
    throw new UsageError(`${name}: "${text}" is not a whole number from ${range.least} to ${range.most}`);
  return value;
}
