/** Which command the words name: a group and its command, one word, or a name from before there were groups. */
import { GROUPS, ROWS, type CommandGroup, type CommandRow } from './table/index.ts';

export type Found =
  | {
      readonly kind: 'command';
      readonly row: CommandRow;
      /** what stands beside its name, in the order typed */
      readonly args: readonly string[];
      /** how it was called, where that is not its name any more */
      readonly old?: string;
    }
  /** undefined: of everything */
  | { readonly kind: 'help'; readonly group?: CommandGroup }
  | { readonly kind: 'version' }
  /** nothing that could be run was named */
  | { readonly kind: 'nothing'; readonly group?: CommandGroup }
  | { readonly kind: 'unknown'; readonly word: string; readonly group?: CommandGroup };

/** They may stand before the command, too. */
const WITH_VALUE: ReadonlySet<string> = new Set(['--url', '--token', '--as', '--data', '--profile']);
const WITHOUT_VALUE: ReadonlySet<string> = new Set(['--json']);
const HELP: ReadonlySet<string> = new Set(['--help', '-h']);
const VERSION: ReadonlySet<string> = new Set(['--version', '-V']);

export function findCommand(args: readonly string[]): Found {
  const { before, word, after } = firstWord(args);
  if (word === undefined) return withoutWord(after[0]);
  if (word === 'help') return findCommand([...after, '--help']);
  // `export verify` is older than `verify export`, and `export` is a command of its own.
  const [second = ''] = after;
  const pair = rowThatWas(`${word} ${second}`);
  if (pair !== undefined)
    return { kind: 'command', row: pair, args: [...before, ...after.slice(1)], old: `${word} ${second}` };
  const single = ROWS.find(({ path }) => path === word);
  if (single !== undefined) return { kind: 'command', row: single, args: [...before, ...after] };
  const group = GROUPS.find(({ name }) => name === word);
  if (group !== undefined) return findInGroup(group, before, after);
  const row = rowThatWas(word);
  if (row !== undefined) return { kind: 'command', row, args: [...before, ...after], old: word };
  return { kind: 'unknown', word };
}

function findInGroup(group: CommandGroup, before: readonly string[], rest: readonly string[]): Found {
  const { before: between, word, after } = firstWord(rest);
  const args = [...before, ...between, ...after];
  if (word !== undefined) {
    const row = group.rows.find(({ path }) => path === `${group.name} ${word}`);
    if (row !== undefined) return { kind: 'command', row, args };
    if (word === 'help') return { kind: 'help', group };
    return { kind: 'unknown', word, group };
  }
  if (after.some((one) => HELP.has(one))) return { kind: 'help', group };
  const standard = group.rows.find(({ isDefault }) => isDefault);
  if (standard !== undefined) return { kind: 'command', row: standard, args };
  const old = rowThatWas(group.name);
  return old === undefined ? { kind: 'nothing', group } : { kind: 'command', row: old, args, old: group.name };
}

function rowThatWas(name: string): CommandRow | undefined {
  return ROWS.find(({ was = [] }) => was.includes(name));
}

/** The first word that is neither an option of every command nor its value; none, where another option comes first. */
function firstWord(args: readonly string[]): {
  readonly before: readonly string[];
  readonly word?: string;
  readonly after: readonly string[];
} {
  let at = 0;
  for (let arg = args[at]; arg?.startsWith('-') === true; arg = args[at]) {
    const [name = ''] = arg.split('=');
    if (!WITH_VALUE.has(name) && !WITHOUT_VALUE.has(name)) return { before: args.slice(0, at), after: args.slice(at) };
    at += WITH_VALUE.has(arg) ? 2 : 1;
  }
  const word = args[at];
  return { before: args.slice(0, at), ...(word === undefined ? {} : { word }), after: args.slice(at + 1) };
}

function withoutWord(option: string | undefined): Found {
  if (option === undefined) return { kind: 'nothing' };
  if (HELP.has(option)) return { kind: 'help' };
  return VERSION.has(option) ? { kind: 'version' } : { kind: 'unknown', word: option };
}
