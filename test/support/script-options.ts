/** Options of a script of npm: one that it does not know ends it with its usage and exit code 2, `--help` with its usage and 0. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

const MISUSED = 2;

export function scriptOptions<const Options extends ParseArgsOptionsConfig>(usage: string, options: Options) {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(usage);
    process.exit();
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(
      `${error instanceof Error ? (error.message.split('. To specify')[0] ?? '') : String(error)}\n${usage}`,
    );
    process.exit(MISUSED);
  }
}
