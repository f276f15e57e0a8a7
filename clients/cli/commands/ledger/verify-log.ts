/** `nervous verify log`: a verdict on a C2SP tlog-tiles log, ours or anybody's, from a folder or a web server. */
import { statSync } from 'node:fs';
import { Command } from 'commander';
import { fsckLog, type FsckReport } from '../../../../core/ledger/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { must } from '../../../../core/errors/index.ts';
import { VERDICT_EXIT } from '../../output/exit-codes.ts';
import { logFiles } from '../../connection/log-files.ts';
import { show, UsageError } from '../../output/output.ts';
import { addKey, keysOf } from '../../connection/verifier-keys.ts';

interface FsckCommandOptions {
  readonly vkey: readonly string[];
  readonly origin?: string;
  readonly hashOnly?: boolean;
  readonly json?: boolean;
}

export function verifyLogCommand(): Command {
  return new Command()
    .argument('<dir-or-url>')
    .requiredOption(
      '--vkey <key-or-file>',
      'verifier key of the log, or a file with one per line; may be repeated',
      addKey,
    )
    .option('--origin <origin>', 'origin of the log (default: the name of the key that signed)')
    .option(
      '--hash-only',
      'check hash tiles only, for a log whose entries are stored separately or hashed in another way',
    )
    .option('--json', 'write JSON for programs')
    .action(fsck);
}

async function fsck(source: string, options: FsckCommandOptions): Promise<void> {
  const verifierKeys = options.vkey.flatMap(keysOf);
  if (!(/^https?:\/\//i.test(source) ? URL.canParse(source) : isFolder(source)))
    throw new UsageError(`"${source}" is neither a folder nor an http(s) URL`);
  const report = await fsckLog({
    ...{ read: logFiles(source), verifierKeys, hashOnly: options.hashOnly === true },
    ...defined({ origin: options.origin }),
  });
  show(options, report, () => textOf(report));
  process.exitCode = VERDICT_EXIT[report.verdict];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function textOf({ verdict, firstBad, origin, size, root, entries, tiles, checked, notChecked }: FsckReport): string {
  const found = `${entries} entries and ${tiles} tiles found right`;
  return [
    origin === undefined
      ? verdict
      : `${verdict}: ${origin}, size ${must(size, 'the size of the log')}, root ${must(root, 'the root of the log')}: ${found}`,
    ...(firstBad === undefined ? [] : [badLine(firstBad)]),
    ...checked.map((what) => `  checked: ${what}`),
    ...notChecked.map((what) => `  not checked: ${what}`),
  ].join('\n');
}

function badLine({ path, position, detail }: NonNullable<FsckReport['firstBad']>): string {
  return `first bad: ${path}${position === undefined ? '' : `, entry ${position}`}: ${detail}`;
}
