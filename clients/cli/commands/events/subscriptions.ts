/** `nervous subscriptions`: how they stand; `pause`, `resume` and `delete` one. */
import type { Command } from 'commander';
import type { Subscription, SubscriptionStats } from '../../../../core/events/index.ts';
import type { Client } from '../../../sdk/index.ts';
import { isConfirmed, requireAnswerable, YES, type ConfirmOptions } from '../../input/confirm.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { withExamples } from '../../output/examples.ts';
import { show } from '../../output/output.ts';

export function subscriptionsCommand(): Command {
  const list = connectedCommand('subscriptions', 'list your subscriptions with their state').action(
    async (options: ConnectOptions) => {
      const client = connect(options);
      const [subscriptions, state] = await Promise.all([client.subscriptions(), client.state()]);
      const stats = new Map(state.subscriptions.map((one) => [one.subscription, one]));
      const rows = subscriptions.map((one) => ({ ...one, stats: stats.get(one.id) ?? null }));
      show(options, { subscriptions: rows }, () =>
        rows.length === 0 ? 'no subscriptions' : rows.map((row) => lineOf(row, row.stats)).join('\n'),
      );
    },
  );
  return list.addCommand(pauseCommand()).addCommand(resumeCommand()).addCommand(deleteCommand());
}

function pauseCommand(): Command {
  return switchCommand(
    'pause',
    'deliver nothing to a subscription until you resume it; nothing is lost meanwhile',
    (client, id) => client.pause(id),
  );
}

function resumeCommand(): Command {
  return switchCommand('resume', 'continue the deliveries of a subscription where they stopped', (client, id) =>
    client.resume(id),
  );
}

function switchCommand(
  name: string,
  description: string,
  turn: (client: Client, id: string) => Promise<Subscription>,
): Command {
  const command = connectedCommand(`${name} <subscription>`, description).action(
    async (id: string, options: ConnectOptions) => {
      const subscription = await turn(connect(options), id);
      show(options, { subscription }, () => `${id}: ${subscription.status}`);
    },
  );
  return withExamples(command, [`nervous subscriptions ${name} budget --data .data --as budget-engine`]);
}

function deleteCommand(): Command {
  const command = connectedCommand(
    'delete <subscription>',
    'remove a subscription with its position, retries and dead letters',
  )
    .option(...YES)
    .action(async (id: string, options: ConnectOptions & ConfirmOptions) => {
      requireAnswerable('delete', options);
      const client = connect(options);
      const subscription = await client.subscription(id);
      const text = lineOf(subscription, null);
      if (options.json !== true) show(options, subscription, () => `${text}\n`);
      if (!(await isConfirmed('delete', options, text))) return;
      await client.unsubscribe(id);
      show(options, { deleted: id }, () => `${id}: deleted`);
    });
  return withExamples(command, ['nervous subscriptions delete budget --data .data --as budget-engine']);
}

function lineOf({ id, module, topics, status }: Subscription, stats: SubscriptionStats | null): string {
  const suffix =
    stats === null
      ? ''
      : `  ${stats.delivered} delivered, ${stats.backlog} behind, ${stats.retrying} retrying, ${stats.deadLetters} dead${stats.breaker === 'open' ? ', breaker open' : ''}`;
  return `${id}  ${module}  ${status}  ${topics.join(',')}${suffix}`;
}
