/** `nervous token`: the token of one principal of a local engine, for whoever runs it. The engine prints each only once. */
import { Command } from 'commander';
import { tokenOf } from '../../connection/connect.ts';
import { show } from '../../output/output.ts';

interface TokenOptions {
  readonly data: string;
  readonly json?: boolean;
}

export function tokenCommand(): Command {
  return new Command()
    .argument('<principal>', 'account, agent or module')
    .option('--data <dir>', 'data folder', '.data')
    .option('--json', 'write JSON for programs')
    .action((principal: string, options: TokenOptions) => {
      const token = tokenOf(principal, options.data);
      show(options, { principal, token }, () => token);
    });
}
