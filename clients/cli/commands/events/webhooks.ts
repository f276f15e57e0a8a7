/** `nervous webhooks list`, `show`, `create`, `rotate`, `enable`, `disable` and `delete`. docs/webhooks.md */
import { Option, type Command } from 'commander';
import type { Subscription, SubscriptionInput, SubscriptionStats } from '../../../../core/events/index.ts';
import { SECONDS_PER_MINUTE } from '../../../../core/values/index.ts';
import type { Client } from '../../../sdk/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { isConfirmed, requireAnswerable, YES, type ConfirmOptions } from '../../input/confirm.ts';
import { readJsonArgument } from '../../input/read-json.ts';
import { isWebhook, wholeWebhook, type Webhook } from '../../input/subscription-id.ts';
import { parseMinutes } from '../../input/times.ts';
import { show, UsageError } from '../../output/output.ts';
import { NO_PAGER, showList, type PagedOptions } from '../../output/pager.ts';
import { tableText } from '../../output/table.ts';

const COLUMNS = ['id', 'module', 'state', 'url', 'topics'] as const;

export function listWebhooksCommand(): Command {
  return connectedCommand()
    .option(...NO_PAGER)
    .action(async (options: ConnectOptions & PagedOptions) => {
      const webhooks = (await connect(options).subscriptions()).filter(isWebhook);
      showList(options, { webhooks }, () =>
        webhooks.length === 0 ? 'no webhooks' : tableText(COLUMNS, webhooks.map(rowOf)),
      );
    });
}

export function showWebhookCommand(): Command {
  return connectedCommand('<webhook>').action(async (given: string, options: ConnectOptions) => {
    const client = connect(options);
    const id = await wholeWebhook(client, given);
    const [webhook, state, attempts] = await Promise.all([
      webhookNamed(client, id),
      client.state(),
      client.webhooks.attempts(id, { limit: 1 }),
    ]);
    const stats = state.subscriptions.find(({ subscription }) => subscription === id) ?? null;
    const newest = attempts[0] ?? null;
    show(options, { webhook, stats, newest }, () =>
      [
        ...detailsOf(webhook, stats),
        ...(newest === null ? [] : [`newest attempt ${newest.at}: ${newest.reason ?? newest.outcome}`]),
      ].join('\n'),
    );
  });
}

interface CreateOptions extends ConnectOptions {
  readonly id?: string;
  readonly format?: 'envelope' | 'cloudevents';
  readonly thin?: boolean;
  readonly secret: boolean;
  readonly settings?: string;
}

export function createWebhookCommand(): Command {
  return connectedCommand('<url> <topics...>')
    .option('--id <id>', 'id of the webhook (default: a new one)')
    .addOption(new Option('--format <format>', 'what is sent').choices(['envelope', 'cloudevents']))
    .option('--thin', 'send only what names the event; the receiver reads it with its own token')
    .option('--no-secret', 'make no secret: the receiver checks the signature of the ledger alone')
    .option('--settings <json>', 'filter, order, startAt … as docs/subscriptions.md has them: JSON, or @file')
    .action(async (url: string, topics: string[], options: CreateOptions) => {
      const client = connect(options);
      const isKnown = options.id !== undefined && (await client.subscriptions()).some(({ id }) => id === options.id);
      const webhook = await client.createSubscription(settingsOf(url, topics, options));
      // The same again makes no second secret: the one that its receiver has would end with the overlap.
      const made = options.secret && !isKnown ? await client.webhooks.rotateSecret(webhook.id) : undefined;
      show(options, { webhook, ...made }, () =>
        [
          `${webhook.id}  from log position ${webhook.from}`,
          ...(made === undefined ? [] : [`${made.secret}\nshown once: give it to the receiver`]),
          `nothing is sent before the receiver wants it: nervous webhooks verify ${webhook.id}`,
        ].join('\n'),
      );
    });
}

interface RotateOptions extends ConnectOptions {
  readonly overlap?: string;
}

export function rotateWebhookCommand(): Command {
  return connectedCommand('<webhook>')
    .option('--overlap <time>', 'how much longer the secrets before sign, too: 0, 90m, 2h, 7d (default 1d)')
    .action(async (given: string, options: RotateOptions) => {
      const overlap = overlapOf(options);
      const client = connect(options);
      const made = await client.webhooks.rotateSecret(await wholeWebhook(client, given), overlap);
      show(options, made, () => `${made.secret}\nshown once: give it to the receiver. ${made.live} sign now`);
    });
}

export function enableWebhookCommand(): Command {
  return switchCommand((client, id) => client.resume(id), 'enabled');
}

export function disableWebhookCommand(): Command {
  return switchCommand((client, id) => client.pause(id), 'disabled');
}

function switchCommand(turn: (client: Client, id: string) => Promise<Subscription>, told: string): Command {
  return connectedCommand('<webhook>').action(async (given: string, options: ConnectOptions) => {
    const client = connect(options);
    const { id } = await webhookNamed(client, await wholeWebhook(client, given));
    const webhook = await turn(client, id);
    show(options, { webhook }, () => `${webhook.id}: ${told}; its place in the log is kept`);
  });
}

export function deleteWebhookCommand(): Command {
  return connectedCommand('<webhook>')
    .option(...YES)
    .action(async (given: string, options: ConnectOptions & ConfirmOptions) => {
      requireAnswerable('delete', options);
      const client = connect(options);
      // Ids are names here: of one that is gone another may begin with it, and with --yes nobody would see that.
      const id = options.yes === true ? given : await wholeWebhook(client, given);
      const webhook = await webhookNamed(client, id);
      const text = rowOf(webhook).join('  ');
      if (options.json !== true) show(options, webhook, () => `${text}\n`);
      if (!(await isConfirmed('delete', options, text))) return;
      await client.unsubscribe(id);
      show(options, { deleted: id }, () => `${id}: deleted`);
    });
}

/** @throws UsageError: the events of this subscription are not sent by HTTP */
async function webhookNamed(client: Client, id: string): Promise<Webhook> {
  const subscription = await client.subscription(id);
  if (isWebhook(subscription)) return subscription;
  throw new UsageError(`"${id}" is a subscription and no webhook: see nervous subscriptions list`);
}

function settingsOf(
  url: string,
  topics: string[],
  { id, format, thin, settings }: CreateOptions,
): Parameters<Client['createSubscription']>[0] {
  const others = settings === undefined ? {} : readJsonArgument(settings, '--settings');
  const target = {
    ...{ kind: 'webhook' as const, url },
    ...(format === undefined ? {} : { format }),
    ...(thin === true ? { payload: 'thin' as const } : {}),
  };
  // The service says what is wrong with settings, and says it better than a second schema here.
  return {
    ...(others as Omit<SubscriptionInput, 'id' | 'topics'>),
    ...(id === undefined ? {} : { id }),
    topics,
    target,
  };
}

function overlapOf({ overlap }: RotateOptions): { readonly overlapSeconds?: number } {
  if (overlap === undefined) return {};
  if (overlap === '0') return { overlapSeconds: 0 };
  return { overlapSeconds: parseMinutes(overlap, '--overlap') * SECONDS_PER_MINUTE };
}

function stateOf({ status, verifiedAt, disabled }: Webhook): string {
  if (disabled !== undefined) return 'disabled';
  if (status === 'paused') return 'paused';
  return verifiedAt === undefined ? 'unverified' : 'active';
}

function rowOf(webhook: Webhook): string[] {
  return [webhook.id, webhook.module, stateOf(webhook), webhook.target.url, webhook.topics.join(',')];
}

function detailsOf(webhook: Webhook, stats: SubscriptionStats | null): string[] {
  const { target, verifiedAt, disabled } = webhook;
  return [
    rowOf(webhook).join('  '),
    `sends ${target.payload} ${target.format}, at most ${target.concurrency} at a time`,
    verifiedAt === undefined ? `unverified: nervous webhooks verify ${webhook.id}` : `verified ${verifiedAt}`,
    ...(disabled === undefined ? [] : [`disabled: ${disabled}`]),
    ...(stats === null
      ? []
      : [
          `${stats.delivered} delivered, ${stats.backlog} behind, ${stats.retrying} retrying, ${stats.deadLetters} dead`,
        ]),
  ];
}
