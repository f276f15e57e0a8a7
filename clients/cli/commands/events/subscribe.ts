/** `nervous subscriptions create` and `reset`: a subscription is made, its breaker closed. Pulling it is a module's business. */
import type { SubscriptionInput } from '../../../../core/events/index.ts';
import { wholeSubscription } from '../../input/subscription-id.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import type { Command } from 'commander';
import { show } from '../../output/output.ts';
import { readJsonArgument } from '../../input/read-json.ts';

interface SubscribeOptions extends ConnectOptions {
  readonly id?: string;
  readonly settings?: string;
}

export function createSubscriptionCommand(): Command {
  return connectedCommand('<topics...>')
    .option('--id <id>', 'id of the subscription (default: a new one)')
    .option(
      '--settings <json>',
      'mode, filter, target, startAt, retry … as docs/subscriptions.md has them: JSON, or @file',
    )
    .action(async (topics: string[], options: SubscribeOptions) => {
      const settings = options.settings === undefined ? {} : readJsonArgument(options.settings, '--settings');
      const named = options.id === undefined ? {} : { id: options.id };
      // The service says what is wrong with settings, and says it better than a second schema here.
      const made = await connect(options).createSubscription({
        ...(settings as Omit<SubscriptionInput, 'id' | 'topics'>),
        ...named,
        topics,
      });
      show(options, { subscription: made }, () => `${made.id}  from log position ${made.from}`);
    });
}

export function resetSubscriptionCommand(): Command {
  return connectedCommand('<subscription>').action(async (id: string, options: ConnectOptions) => {
    const client = connect(options);
    const subscription = await client.resetBreaker(await wholeSubscription(client, id));
    show(options, { subscription }, () => `${subscription.id}: delivers again`);
  });
}
