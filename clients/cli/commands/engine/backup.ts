/** `nervous backup`: a copy of a data folder, keys included, from which an engine can go on. docs/embedded.md */
import { Command } from 'commander';
import { show } from '../../output/output.ts';

interface BackupOptions {
  readonly data: string;
  readonly json?: boolean;
}

export function backupCommand(): Command {
  return new Command()
    .argument('<dir>', 'folder to make')
    .option('--data <dir>', 'data folder', '.data')
    .option('--json', 'write JSON for programs')
    .action(async (out: string, options: BackupOptions) => {
      const { backupDataDir } = await import('../../../../adapters/embedded/index.ts');
      const made = await backupDataDir(options.data, out);
      show(options, { out, ...made }, () =>
        [
          `${out}: ${made.entries} entries, every key, ${made.fieldKeys} keys of confidential fields opened with its field.key`,
          '  it holds the private keys: keep it as you keep those',
          `  verify it: nervous verify full --data ${out}`,
        ].join('\n'),
      );
    });
}
