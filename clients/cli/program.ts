/** The table of commands, and what holds for all of them: options belong to the command they stand behind, errors are said once. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { must } from '../../core/errors/index.ts';
import { backupCommand } from './commands/engine/backup.ts';
import { canonicalizeCommand } from './commands/ledger/canonicalize.ts';
import { catalogCommand } from './commands/events/catalog.ts';
import { decideCommand, proposeCommand, reviseCommand } from './commands/changes/changes.ts';
import { delegateCommand, delegationsCommand, undelegateCommand } from './commands/changes/delegations.ts';
import { deadLettersCommand, redriveCommand } from './commands/events/deliveries.ts';
import { devCommand } from './commands/engine/dev.ts';
import { doctorCommand } from './commands/engine/doctor.ts';
import { entityCommand } from './commands/ledger/entity.ts';
import { publishCommand, tailCommand } from './commands/events/events.ts';
import { executorCommand } from './commands/changes/executor.ts';
import { exportCommand } from './commands/ledger/export.ts';
import { guardsCommand } from './commands/events/guards.ts';
import { historyCommand } from './commands/ledger/history.ts';
import {
  abortCommand,
  overrideCommand,
  resolveCommand,
  revertCommand,
  reviewCommand,
  revokeCommand,
  withdrawCommand,
} from './commands/changes/lifecycle-actions.ts';
import { keysCommand } from './commands/ledger/keys.ts';
import { listCommand } from './commands/changes/list.ts';
import { logCommand } from './commands/ledger/log.ts';
import { mapCommand } from './commands/events/map.ts';
import { matchCommand } from './commands/events/match.ts';
import { policyCommand } from './commands/changes/policy.ts';
import { proofCommand } from './commands/ledger/proof.ts';
import { replayCommand } from './commands/events/replay.ts';
import { reportCommand } from './commands/changes/report.ts';
import { restoreCommand } from './commands/ledger/restore.ts';
import { revealCommand } from './commands/ledger/reveal.ts';
import { diffCommand, showCommand } from './commands/changes/show.ts';
import { resetCommand, subscribeCommand } from './commands/events/subscribe.ts';
import { subscriptionsCommand } from './commands/events/subscriptions.ts';
import { tokenCommand } from './commands/engine/token.ts';
import { inboxCommand } from './commands/changes/inbox.ts';
import { verifyCommand } from './commands/ledger/verify.ts';
import { witnessCommand } from './commands/ledger/witness.ts';
import { UsageError } from './output/output.ts';

interface PackageFile {
  readonly version: string;
}

/** @param asJson errors are written as JSON, so commander writes none itself */
export function createProgram(asJson: boolean): Command {
  const program = new Command('nervous')
    .description('Nervous System: an event bus and a change-set ledger')
    .version(versionOfPackage(), '-V, --version', 'the version of this program');
  for (const command of topCommands()) program.addCommand(command);
  for (const command of [program, ...allCommands(program)]) {
    command.exitOverride();
    // Without this, a group takes the options that stand behind its subcommand, and the subcommand never sees them.
    command.enablePositionalOptions();
    // What was wrong is said once, in the form that was asked for.
    command.configureOutput({ outputError: () => {}, ...(asJson ? { writeErr: () => {} } : {}) });
  }
  return program.hook('preAction', (_, command) => {
    inherit(command);
    refuseEmpty(command);
  });
}

function topCommands(): Command[] {
  return [
    devCommand(),
    publishCommand(),
    tailCommand(),
    proposeCommand(),
    reviseCommand(),
    listCommand(),
    showCommand(),
    diffCommand(),
    inboxCommand(),
    decideCommand('approve'),
    decideCommand('reject'),
    decideCommand('request-changes'),
    revokeCommand(),
    overrideCommand(),
    reviewCommand(),
    resolveCommand(),
    withdrawCommand(),
    abortCommand(),
    revertCommand(),
    delegateCommand(),
    delegationsCommand(),
    undelegateCommand(),
    policyCommand(),
    entityCommand(),
    historyCommand(),
    revealCommand(),
    proofCommand(),
    reportCommand(),
    verifyCommand(),
    replayCommand(),
    subscribeCommand(),
    subscriptionsCommand(),
    deadLettersCommand(),
    redriveCommand(),
    resetCommand(),
    guardsCommand(),
    tokenCommand(),
    doctorCommand(),
    backupCommand(),
    exportCommand(),
    restoreCommand(),
    keysCommand(),
    witnessCommand(),
    logCommand(),
    canonicalizeCommand(),
    matchCommand(),
    mapCommand(),
    catalogCommand(),
    executorCommand(),
  ];
}

/** Every command and subcommand, groups before their own. */
export function allCommands(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...allCommands(one)]);
}

/** `nervous guards --url … reset <topic>`: what stands before a subcommand counts for it, unless it says otherwise itself. */
function inherit(command: Command): void {
  for (let group = command.parent; group !== null; group = group.parent) {
    for (const option of group.options) {
      const name = option.attributeName();
      const isTaken = command.options.some((own) => own.attributeName() === name);
      if (!isTaken || group.getOptionValueSource(name) !== 'cli' || command.getOptionValueSource(name) === 'cli')
        continue;
      command.setOptionValueWithSource(name, group.getOptionValue(name), 'cli');
    }
  }
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

function versionOfPackage(): string {
  const path = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as PackageFile).version;
}
