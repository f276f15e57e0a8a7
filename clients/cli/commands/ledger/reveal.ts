/** `nervous reveal`: what the confidential fields of an entry hold. The ledger journals who saw them. */
import type { Command } from 'commander';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { withExamples } from '../../output/examples.ts';
import { show } from '../../output/output.ts';
import { parseSeq } from '../../input/seq.ts';

export function revealCommand(): Command {
  const command = connectedCommand(
    'reveal <entity> <seq>',
    'show what the confidential fields of an entry hold; the ledger records that you saw them',
  ).action(async (entity: string, seq: string, options: ConnectOptions) => {
    const revealed = await connect(options).reveal(entity, parseSeq(seq));
    show(options, revealed, () =>
      [
        ...revealed.fields.map((field) =>
          field.kind === 'erased' ? `${field.path}: erased` : `${field.path}: ${JSON.stringify(field.value)}`,
        ),
        `the ledger has recorded that you saw this: ${entity} #${revealed.journaledAt}`,
      ].join('\n'),
    );
  });
  return withExamples(command, ['nervous reveal user:7 0 --data .data --as eva']);
}
