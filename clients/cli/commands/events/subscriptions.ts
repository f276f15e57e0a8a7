/** `nervous subscriptions list`: how they stand; `show`, `pause`, `resume` and `delete` one. */
import type { Command } from 'commander';
import type { Subscription, SubscriptionStats } from '../../../../core/events/index.ts';
import type { Client } from '../../../sdk/index.ts';
import { isConfirmed, requireAnswerable, YES, type ConfirmOptions } from '../../input/confirm.ts';
import { wholeSubscription } from '../../input/subscription-id.ts';
import { NO_PAGER, showList, type PagedOptions } from '../../output/pager.ts';
import { tableText } from '../../output/table.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show } from '../../output/output.ts';

const COLUMNS = ['id', 'module', 'status', 'topics', 'deliveries'] as const;

export function listSubscriptionsCommand(): Command {
  return connectedCommand()
    .option(...NO_PAGER)
    .action(async (options: ConnectOptions & PagedOptions) => {
      const client = connect(options);
      const [subscriptions, state] = await Promise.all([client.subscriptions(), client.state()]);
      const stats = new Map(state.subscriptions.map((one) => [one.subscription, one]));
      const rows = subscriptions.map((one) => ({ ...one, stats: stats.get(one.id) ?? null }));
      showList(options, { subscriptions: rows }, () =>
        rows.length === 0
          ? 'no subscriptions'
          : tableText(
              COLUMNS,
              rows.map((row) => rowOf(row, row.stats)),
            ),
      );
    });
}

export function showSubscriptionCommand(): Command {
  return connectedCommand('<subscription>').action(async (given: string, options: ConnectOptions) => {
    const client = connect(options);
    const [subscription, state] = await Promise.all([
      wholeSubscription(client, given).then((id) => client.subscription(id)),
      client.state(),
    ]);
    const stats = state.subscriptions.find((one) => one.subscription === subscription.id) ?? null;
    show(options, { subscription: { ...subscription, stats } }, () => detailsOf(subscription, stats).join('\n'));
  });
}

export function pauseCommand(): Command {
  return switchCommand((client, id) => client.pause(id));
}

export function resumeCommand(): Command {
  return switchCommand((client, id) => client.resume(id));
}

function switchCommand(turn: (client: Client, id: string) => Promise<Subscription>): Command {
  return connectedCommand('<subscription>').action(async (id: string, options: ConnectOptions) => {
    const client = connect(options);
    const subscription = await turn(client, await wholeSubscription(client, id));
    show(options, { subscription }, () => `${subscription.id}: ${subscription.status}`);
  });
}

export function deleteSubscriptionCommand(): Command {
  return connectedCommand('<subscription>')
    .option(...YES)
    .action(async (given: string, options: ConnectOptions & ConfirmOptions) => {
      requireAnswerable('delete', options);
      const client = connect(options);
      // Ids are names here: of one that is gone another may begin with it, and with --yes nobody would see that.
      const id = options.yes === true ? given : await wholeSubscription(client, given);
      const subscription = await client.subscription(id);
      const text = rowOf(subscription, null).join('  ');
      if (options.json !== true) show(options, subscription, () => `${text}\n`);
      if (!(await isConfirmed('delete', options, text))) return;
      await client.unsubscribe(id);
      show(options, { deleted: id }, () => `${id}: deleted`);
    });
}

/** How it stands, then each setting as `--settings` takes it. */
function detailsOf(subscription: Subscription, stats: SubscriptionStats | null): string[] {
  const { id: _, module: __, topics: ___, status: ____, ...settings } = subscription;
  const lines = Object.entries(settings).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`);
  return [rowOf(subscription, stats).join('  '), ...lines];
}

function rowOf({ id, module, topics, status }: Subscription, stats: SubscriptionStats | null): string[] {
  const state =
    stats === null
      ? []
      : [
          `${stats.delivered} delivered, ${stats.backlog} behind, ${stats.retrying} retrying, ${stats.deadLetters} dead${stats.breaker === 'open' ? ', breaker open' : ''}`,
        ];
  return [id, module, status, topics.join(','), ...state];
}
