/** `nervous webhooks verify`, `test`, `attempts`, `resend`, `recover` and `keys`: what is sent, and how it went. docs/webhooks.md */
import { InvalidArgumentError, type Command } from 'commander';
import type { WebhookAttempt } from '../../../../core/events/index.ts';
import { MS_PER_SECOND } from '../../../../core/values/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { wholeWebhook } from '../../input/subscription-id.ts';
import { parseTime } from '../../input/times.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { show } from '../../output/output.ts';
import { tableText } from '../../output/table.ts';

const COLUMNS = ['at', 'of', 'attempt', 'outcome', 'status', 'ms', 'why'] as const;
const DEFAULT_ATTEMPTS = 20;

export function webhookKeysCommand(): Command {
  return connectedCommand().action(async (options: ConnectOptions) => {
    const keys = await connect(options).webhooks.keys();
    show(options, { keys }, () =>
      keys
        .map(({ publicKey, certificate }) => `${publicKey}  certified by ${certificate.entity} #${certificate.seq}`)
        .join('\n'),
    );
  });
}

export function verifyWebhookCommand(): Command {
  return connectedCommand('<webhook>').action(async (given: string, options: ConnectOptions) => {
    const client = connect(options);
    const result = await client.webhooks.verify(await wholeWebhook(client, given));
    const isWanted = result.attempt.outcome === 'delivered';
    show(options, result, () =>
      isWanted ? `${result.subscription.id}: its receiver wants it; deliveries begin` : lineOf(result.attempt),
    );
    process.exitCode = isWanted ? EXIT.ok : EXIT.problem;
  });
}

export function testWebhookCommand(): Command {
  return connectedCommand('<webhook>').action(async (given: string, options: ConnectOptions) => {
    const client = connect(options);
    const attempt = await client.webhooks.test(await wholeWebhook(client, given));
    show(options, { attempt }, () => lineOf(attempt));
    process.exitCode = attempt.outcome === 'delivered' ? EXIT.ok : EXIT.problem;
  });
}

interface AttemptsOptions extends ConnectOptions {
  readonly limit: number;
}

export function attemptsCommand(): Command {
  return connectedCommand('<webhook>')
    .option('--limit <n>', 'how many, the newest first', countOf, DEFAULT_ATTEMPTS)
    .action(async (given: string, options: AttemptsOptions) => {
      const client = connect(options);
      const id = await wholeWebhook(client, given);
      const attempts = await client.webhooks.attempts(id, { limit: options.limit });
      show(options, { attempts }, () =>
        attempts.length === 0 ? 'no attempts' : tableText(COLUMNS, attempts.map(cellsOf)),
      );
    });
}

export function resendCommand(): Command {
  return connectedCommand('<webhook> <position>').action(
    async (given: string, position: string, options: ConnectOptions) => {
      const client = connect(options);
      const id = await wholeWebhook(client, given);
      await client.webhooks.resend(id, positionOf(position));
      show(options, { resent: Number(position) }, () => `${id}: the event at ${position} is due again`);
    },
  );
}

export function recoverCommand(): Command {
  return connectedCommand('<webhook> <since>').action(async (given: string, since: string, options: ConnectOptions) => {
    const client = connect(options);
    const id = await wholeWebhook(client, given);
    const from = await client.webhooks.recover(id, sinceOf(since));
    show(options, { from }, () => `${id}: everything from log position ${from} on is sent again`);
  });
}

/** A log position, `earliest`, or a time. */
function sinceOf(text: string): number | string {
  if (/^\d+$/.test(text)) return positionOf(text);
  return text === 'earliest' ? text : parseTime(text, { option: '<since>', direction: 'past' });
}

function positionOf(text: string): number {
  const position = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(position)) return position;
  throw new InvalidArgumentError(`"${text}" is no log position: write the number that the attempts or the trace tell.`);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 200) return count;
  throw new InvalidArgumentError('write 1-200.');
}

function cellsOf(one: WebhookAttempt): string[] {
  const { at, of, position, attempt, outcome, status, durationMs, reason = '' } = one;
  const what = position === undefined ? of : String(position);
  return [at, what, String(attempt), outcome, status === undefined ? '-' : String(status), String(durationMs), reason];
}

function lineOf({ outcome, status, durationMs, reason }: WebhookAttempt): string {
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${outcome}${status === undefined ? '' : ` (${status})`} in ${durationMs / MS_PER_SECOND} s${why}`;
}
