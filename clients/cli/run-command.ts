/** A command of the table, loaded and run; what holds for all of them: errors are said once, empty values are refused. */
import { CommanderError, type Command } from 'commander';
import { must } from '../../core/errors/index.ts';
import { EXIT } from './output/exit-codes.ts';
import { note, showError, UsageError } from './output/output.ts';
import type { Found } from './find-command.ts';
import { GROUPS, ROWS, type CommandRow } from './table/index.ts';

/** @param asJson errors are written as JSON, so commander writes none itself */
export async function loadCommand(row: CommandRow, asJson: boolean): Promise<Command> {
  const command = await row.load();
  return command
    .name(`nervous ${row.path}`)
    .description(row.about)
    .helpOption('-h, --help', 'show this')
    .addHelpText('after', `\nExamples:\n${row.examples.map((line) => `  ${line}`).join('\n')}`)
    .exitOverride()
    .configureOutput({ outputError: () => {}, ...(asJson ? { writeErr: () => {} } : {}) })
    .hook('preAction', (_, one) => refuseEmpty(one));
}

export async function runCommand(
  { row, args, old }: Extract<Found, { kind: 'command' }>,
  asJson: boolean,
): Promise<void> {
  if (old !== undefined && !asJson && process.stderr.isTTY)
    note(`nervous: "${old}" is now "${row.path}"; the old name goes on working`);
  const command = await loadCommand(row, asJson);
  try {
    await command.parseAsync([...args], { from: 'user' });
  } catch (error) {
    throw (await mistyped(error, command, args)) ?? error;
  }
}

/** An option that is missing because it was mistyped: that is told, not that it is missing. */
async function mistyped(error: unknown, command: Command, args: readonly string[]): Promise<UsageError | undefined> {
  if (!(error instanceof CommanderError) || error.code !== 'commander.missingMandatoryOptionValue') return undefined;
  const names = command.options.flatMap(({ long }) => long ?? []);
  const given = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.replace(/=.*$/, ''));
  const stray = given.find((name) => !names.includes(name));
  if (stray === undefined) return undefined;
  const { nearestName } = await import('../../core/events/index.ts');
  const meant = must(nearestName(stray, names), 'an option');
  return new UsageError(`unknown option '${stray}': did you mean ${meant}? See ${command.name()} --help`);
}

/** @throws UsageError with what was probably meant */
export async function refuseUnknown({ word, group }: Extract<Found, { kind: 'unknown' }>): Promise<never> {
  const help = `nervous ${group === undefined ? '' : `${group.name} `}--help`;
  if (word.startsWith('-')) throw new UsageError(`unknown option '${word}': name a command first, see ${help}`);
  const { nearestName } = await import('../../core/events/index.ts');
  const names = group === undefined ? allNames() : namesIn(group.rows);
  const nearest = nearestName(word, [...names.keys()]);
  const meant = nearest === undefined ? '' : `: did you mean nervous ${must(names.get(nearest), 'the command')}?`;
  throw new UsageError(`unknown command "${word}"${meant} See ${help}`);
}

/** For programs, which read no help. @throws UsageError */
export function refuseNothing({ group }: Extract<Found, { kind: 'nothing' }>): never {
  const words = group === undefined ? 'nervous' : `nervous ${group.name}`;
  throw new UsageError(`${words} does nothing alone: name a command, see ${words} --help`);
}

/** What somebody may type for a command → what it is called. */
function allNames(): ReadonlyMap<string, string> {
  const old = ROWS.flatMap(({ path, was = [] }) => was.map((name) => [name, path] as const));
  const groups = GROUPS.filter(({ name }) => name !== '').map(({ name }) => [name, name] as const);
  return new Map([...namesIn(ROWS), ...old, ...groups]);
}

function namesIn(rows: readonly CommandRow[]): ReadonlyMap<string, string> {
  return new Map(rows.map(({ path }) => [path.slice(path.indexOf(' ') + 1), path]));
}

/** A variable that is not set leaves an empty text behind, which means something else than nothing. @throws UsageError */
function refuseEmpty(command: Command): void {
  const option = command.options.find((one) => command.getOptionValue(one.attributeName()) === '');
  const argument = command.registeredArguments.find((_, i) => command.processedArgs[i] === '');
  if (option !== undefined || argument !== undefined)
    throw new UsageError(
      `${option?.long ?? `<${must(argument?.name(), 'the argument')}>`} is empty: give it a value, or leave it out`,
    );
}

/** Says what went wrong. @param row of the command, if it came so far */
export function exitCodeOf(error: unknown, { asJson, row }: { asJson: boolean; row?: CommandRow }): number {
  if (!(error instanceof CommanderError)) return showError(error, asJson);
  if (error.exitCode === 0) return EXIT.ok; // --help
  const said = error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/, ': did you mean $1?');
  const help = `nervous ${row === undefined ? '' : `${row.path} `}--help`;
  return showError(new UsageError(`${said}${said.endsWith('?') ? ' See' : ': see'} ${help}`), asJson);
}
