/** `nervous changes watch`: each step of a change-set as it is taken, until it has ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { isTerminal, type ChangeView } from '../../../../core/changes/index.ts';
import { wholeId } from '../../input/change-id.ts';
import { summary } from '../../output/change-lines.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { note, show } from '../../output/output.ts';

/** People decide in minutes, executors in seconds: what is asked so often costs the service one read. */
const ASK_EVERY_MS = 1_000;

type Step = ChangeView['entries'][number];

export function watchCommand(): Command {
  return connectedCommand('<id>').action(async (id: string, options: ConnectOptions) => {
    const { state } = await watch(id, options);
    if (state !== 'executed') process.exitCode = EXIT.problem;
  });
}

async function watch(id: string, options: ConnectOptions): Promise<ChangeView> {
  process.once('SIGINT', () => process.exit(EXIT.stopped));
  const client = connect(options);
  const whole = await wholeId(client, id);
  let told = 0;
  for (;;) {
    const change = await client.changeSet(whole);
    if (told === 0 && options.json !== true) note(summary(change));
    for (const step of change.entries.slice(told)) show(options, { change: whole, ...step }, () => lineOf(step));
    told = change.entries.length;
    if (isTerminal(change.state)) {
      if (options.json !== true) note(`${whole} is ${change.state}`);
      return change;
    }
    await sleep(ASK_EVERY_MS);
  }
}

function lineOf({ at, type, seq }: Step): string {
  return `#${seq}  ${at}  ${type.replace(/^change\./, '')}`;
}
