/** `nervous`, the command line: reads the arguments, runs one command, turns whatever happens into an exit code. */
import { EXIT } from './output/exit-codes.ts';
import { runProgram } from './program.ts';

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  // The reader of our output may leave early (`| head`): that is its right, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.problem),
  );
  const exitCode = await runProgram(args);
  if (exitCode !== undefined) process.exitCode = exitCode;
}
