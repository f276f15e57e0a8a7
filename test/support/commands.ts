/** Every command of `nervous` by what is typed, with its arguments and options, for tests that hold something against all of them. */
import type { Command } from 'commander';
import { loadCommand } from '../../clients/cli/run-command.ts';
import { ROWS } from '../../clients/cli/table/index.ts';

export async function loadAllCommands(): Promise<ReadonlyMap<string, Command>> {
  return new Map(await Promise.all(ROWS.map(async (row) => [row.path, await loadCommand(row, true)] as const)));
}

/** What each command takes beside these: `docs/cli.md` tells them once. */
const SHARED: ReadonlySet<string> = new Set(['--url', '--token', '--as', '--data', '--profile', '--json']);

/** `events publish <topic> --payload <json> [--entity <id>]`: as docs/cli.md writes it. */
export function usageOf(path: string, command: Command): string {
  const isConnected = command.options.some(({ long }) => long === '--as');
  const taken = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const own = command.options.filter(({ long }) => !(isConnected ? SHARED : new Set(['--json'])).has(long ?? ''));
  const [must, may] = [own.filter(({ mandatory }) => mandatory), own.filter(({ mandatory }) => !mandatory)];
  const flags = [...must.map(flagOf), ...may.map((option) => `[${flagOf(option)}]`)];
  return [path, ...taken, ...flags].join(' ');
}

function flagOf({ flags }: { readonly flags: string }): string {
  return flags.replace('...', '…');
}
