/** `nervous entities reveal`: what the confidential fields of an entry hold. The ledger journals who saw them. */
import type { Command } from 'commander';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show } from '../../output/output.ts';
import { parseSeq } from '../../input/seq.ts';

export function revealCommand(): Command {
  return connectedCommand('<entity> <seq>').action(async (entity: string, seq: string, options: ConnectOptions) => {
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
}
