/** `nervous keys`: the public keys of a data folder, as verifier keys for whoever checks the ledger. */
import { Command } from 'commander';
import { show } from '../output.ts';

interface KeysOptions {
  readonly data: string;
  readonly json?: boolean;
}

export function keysCommand(): Command {
  return new Command('keys')
    .description('the public keys of a ledger: root, log, witness, session keys')
    .option('--data <dir>', 'data folder, running or stopped', '.data')
    .option('--json', 'for machines')
    .action(async (options: KeysOptions) => {
      const { listKeys } = await import('../../../adapters/embedded/index.ts');
      const keys = await listKeys(options.data);
      const { root, logs, witness, sessions } = keys;
      show(options, keys, () =>
        [
          `root     ${root}`,
          // The first log has the root key's own name.
          ...logs.slice(1).map((key) => `log      ${key}`),
          ...(witness === undefined ? [] : [`witness  ${witness}`]),
          ...sessions.map(
            ({ verifierKey, notBefore, notAfter }) => `session  ${verifierKey}  ${notBefore} to ${notAfter}`,
          ),
        ].join('\n'),
      );
    });
}
