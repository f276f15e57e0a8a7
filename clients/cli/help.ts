/** What is told of all commands, and of a group of them. What a single command takes, it tells itself once it is loaded. */
import { GROUPS, type CommandGroup, type CommandRow } from './table/index.ts';

export function helpOfAll(): string {
  const [single, ...groups] = GROUPS;
  const rows = (single?.rows ?? []).map(({ path, about }) => [path, about] as const);
  const width = widest([...rows.map(([path]) => path), ...groups.map(({ name }) => name)]);
  return [
    'Usage: nervous <command> [options]',
    '',
    'Nervous System: an event bus and a change-set ledger',
    '',
    'Commands:',
    ...rows.map(([path, about]) => line(path, about, width)),
    '',
    'Groups of commands (nervous <group> --help lists them):',
    ...groups.map(({ name, about }) => line(name, about, width)),
    '',
    'Options:',
    line('--help', 'what a command or a group does, with examples', width),
    line('--version', 'the version of this program', width),
    '',
    'Examples:',
    '  nervous dev',
    "  nervous events tail --topics 'transactions.*' --as eva --data .data",
    '  nervous changes inbox --as boris --data .data',
    '  nervous verify full --data .data',
  ].join('\n');
}

export function helpOfGroup({ name, about, rows }: CommandGroup): string {
  const words = rows.map((row) => [wordOf(row), row.about] as const);
  const width = widest(words.map(([word]) => word));
  const standard = rows.find(({ isDefault }) => isDefault);
  return [
    `Usage: nervous ${name} <command> [options]`,
    '',
    about,
    '',
    'Commands:',
    ...words.map(([word, does]) => line(word, does, width)),
    '',
    ...(standard === undefined ? [] : [`nervous ${name} alone is nervous ${standard.path}.`]),
    `nervous ${name} <command> --help tells its options.`,
    '',
    'Examples:',
    ...rows.map(({ examples }) => `  ${examples[0]}`),
  ].join('\n');
}

/** A command without the name of its group. */
export function wordOf({ path }: CommandRow): string {
  return path.slice(path.indexOf(' ') + 1);
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map(({ length }) => length));
}

function line(name: string, about: string, width: number): string {
  return `  ${name.padEnd(width)}  ${about}`;
}
