/** `nervous`, the command line: reads the arguments, runs one command, turns whatever happens into an exit code. */
import { Command, CommanderError } from 'commander';
import { canonicalizeCommand } from './commands/canonicalize.ts';
import { catalogCommand } from './commands/catalog.ts';
import { decideCommand, proposeCommand } from './commands/changes.ts';
import { delegateCommand, delegationsCommand, undelegateCommand } from './commands/delegations.ts';
import { deadLettersCommand, redriveCommand, subscriptionsCommand } from './commands/deliveries.ts';
import { devCommand } from './commands/dev.ts';
import { doctorCommand } from './commands/doctor.ts';
import { entityCommand } from './commands/entity.ts';
import { publishCommand, tailCommand } from './commands/events.ts';
import { executorCommand } from './commands/executor.ts';
import { exportCommand } from './commands/export.ts';
import { guardsCommand } from './commands/guards.ts';
import {
  overrideCommand,
  resolveCommand,
  revertCommand,
  reviewCommand,
  revokeCommand,
} from './commands/lifecycle-acts.ts';
import { keysCommand } from './commands/keys.ts';
import { logCommand } from './commands/log.ts';
import { mapCommand } from './commands/map.ts';
import { matchCommand } from './commands/match.ts';
import { policyCommand } from './commands/policy.ts';
import { replayCommand } from './commands/replay.ts';
import { restoreCommand } from './commands/restore.ts';
import { resetCommand, subscribeCommand } from './commands/subscribe.ts';
import { trayCommand } from './commands/tray.ts';
import { verifyCommand } from './commands/verify.ts';
import { witnessCommand } from './commands/witness.ts';
import { EXIT } from './exit-codes.ts';
import { showError, UsageError } from './output.ts';

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  // The reader of our output may leave early (`| head`): that is its right, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.problem),
  );
  const asJson = args.includes('--json');
  try {
    await createProgram(asJson).parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error, asJson);
  }
}

function createProgram(asJson: boolean): Command {
  const program = new Command('nervous').description('event bus and change-set ledger');
  const commands = [
    devCommand(),
    publishCommand(),
    tailCommand(),
    proposeCommand(),
    trayCommand(),
    decideCommand('approve'),
    decideCommand('reject'),
    decideCommand('request-changes'),
    revokeCommand(),
    overrideCommand(),
    reviewCommand(),
    resolveCommand(),
    revertCommand(),
    delegateCommand(),
    delegationsCommand(),
    undelegateCommand(),
    policyCommand(),
    entityCommand(),
    verifyCommand(),
    replayCommand(),
    subscribeCommand(),
    subscriptionsCommand(),
    deadLettersCommand(),
    redriveCommand(),
    resetCommand(),
    guardsCommand(),
    doctorCommand(),
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
  for (const command of [program, ...commands, ...commands.flatMap((group) => group.commands)]) {
    command.exitOverride();
    // What was wrong is said once, in the form that was asked for.
    command.configureOutput({ outputError: () => {}, ...(asJson ? { writeErr: () => {} } : {}) });
  }
  for (const command of commands) program.addCommand(command);
  return program;
}

function exitCodeOf(error: unknown, asJson: boolean): number {
  if (!(error instanceof CommanderError)) return showError(error, asJson);
  if (error.exitCode === 0) return EXIT.ok; // --help
  if (error.code === 'commander.help') return EXIT.usage; // no command: the help was shown
  const message = error.message.replace(/^error: /, '');
  return showError(new UsageError(`${message}: see nervous --help`), asJson);
}
