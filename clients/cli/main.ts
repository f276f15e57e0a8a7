/** `nervous`, the command line: reads the arguments, runs one command, turns whatever happens into an exit code. */
import { CommanderError } from 'commander';
import { EXIT } from './output/exit-codes.ts';
import { showError, UsageError } from './output/output.ts';
import { createProgram } from './program.ts';

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

function exitCodeOf(error: unknown, asJson: boolean): number {
  if (!(error instanceof CommanderError)) return showError(error, asJson);
  if (error.exitCode === 0) return EXIT.ok; // --help
  if (error.code === 'commander.help') return EXIT.usage; // no command: the help was shown
  const message = error.message.replace(/^error: /, '');
  return showError(new UsageError(`${message}: see nervous --help`), asJson);
}
