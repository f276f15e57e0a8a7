/** What is told without loading any command; everything else is handed to the one command that was named. */
import { readFileSync } from 'node:fs';
import { findCommand, type Found } from './find-command.ts';
import { helpOfAll, helpOfGroup } from './help.ts';
import { EXIT } from './output/exit-codes.ts';

interface PackageFile {
  readonly version: string;
}

/** What the scripts of `nervous completion` ask. */
const COMPLETE = '__complete';

/** @returns the exit code, where the command has set none itself */
export async function runProgram(args: readonly string[]): Promise<number | undefined> {
  const [first, ...rest] = args;
  if (first === COMPLETE) {
    const { completionsOf } = await import('./complete.ts');
    process.stdout.write((await completionsOf(rest)).map((one) => `${one}\n`).join(''));
    return EXIT.ok;
  }
  const found = findCommand(args);
  switch (found.kind) {
    case 'version':
      process.stdout.write(`${versionOfPackage()}\n`);
      return EXIT.ok;
    case 'help':
      process.stdout.write(`${helpOf(found)}\n`);
      return EXIT.ok;
    case 'nothing':
      if (args.includes('--json')) return runFound(found, true);
      process.stderr.write(`${helpOf(found)}\n`);
      return EXIT.usage;
    case 'command':
    case 'unknown':
      return runFound(found, args.includes('--json'));
  }
}

function helpOf({ group }: Extract<Found, { kind: 'help' | 'nothing' }>): string {
  return group === undefined ? helpOfAll() : helpOfGroup(group);
}

async function runFound(
  found: Extract<Found, { kind: 'command' | 'unknown' | 'nothing' }>,
  asJson: boolean,
): Promise<number | undefined> {
  const { exitCodeOf, refuseNothing, refuseUnknown, runCommand } = await import('./run-command.ts');
  try {
    if (found.kind === 'command') await runCommand(found, asJson);
    else if (found.kind === 'unknown') await refuseUnknown(found);
    else refuseNothing(found);
    return undefined;
  } catch (error) {
    return exitCodeOf(error, { asJson, ...('row' in found ? { row: found.row } : {}) });
  }
}

function versionOfPackage(): string {
  const path = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as PackageFile).version;
}
