/** `nervous token`: the token of one principal of a local engine, for whoever runs it. The engine prints each only once. */
import { Command } from 'commander';
import { tokenOf } from '../../connection/connect.ts';
import { withExamples } from '../../output/examples.ts';
import { show } from '../../output/output.ts';

interface TokenOptions {
  readonly data: string;
  readonly json?: boolean;
}

export function tokenCommand(): Command {
  const command = new Command('token')
    .description('print the token of one principal from the data folder')
    .argument('<principal>', 'account, agent or module')
    .option('--data <dir>', 'data folder', '.data')
    .option('--json', 'write JSON for programs')
    .action((principal: string, options: TokenOptions) => {
      const token = tokenOf(principal, options.data);
      show(options, { principal, token }, () => token);
    });
  return withExamples(command, ['export NERVOUS_TOKEN=$(nervous token eva --data .data)']);
}
