/** `nervous subscriptions create`, `change` and `reset`: a subscription is made and changed, its breaker closed. Pulling it is a module's business. */
import type { SubscriptionInput } from '../../../../core/events/index.ts';
import type { SubscriptionPatch } from '../../../sdk/index.ts';
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

export function changeSubscriptionCommand(): Command {
  return connectedCommand('<subscription>')
    .requiredOption(
      '--settings <json>',
      'what changes, as a JSON Merge Patch: null is the default again; JSON, or @file',
    )
    .option('--if-version <n>', 'only if this is its version now: somebody else may have changed it', Number)
    .action(
      async (id: string, options: ConnectOptions & { readonly settings: string; readonly ifVersion?: number }) => {
        const client = connect(options);
        const before = await client.subscription(await wholeSubscription(client, id));
        const { version = 1 } = before;
        const meant = { ...before, version: options.ifVersion ?? version };
        const patch = readJsonArgument(options.settings, '--settings') as SubscriptionPatch;
        const subscription = await client.changeSubscription(before.id, patch, meant);
        show(
          options,
          { subscription },
          () => `${subscription.id}: changed, version ${subscription.version ?? version}`,
        );
      },
    );
}

export function resetSubscriptionCommand(): Command {
  return connectedCommand('<subscription>').action(async (id: string, options: ConnectOptions) => {
    const client = connect(options);
    const subscription = await client.resetBreaker(await wholeSubscription(client, id));
    show(options, { subscription }, () => `${subscription.id}: delivers again`);
  });
}
