/** `nervous subscriptions dead-letters` and `redrive`: what could not be delivered, and another try. */
import type { Command } from 'commander';
import type { DeadLetter } from '../../../../core/events/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { wholeSubscription } from '../../input/subscription-id.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import type { Client } from '../../../sdk/index.ts';
import { show, UsageError } from '../../output/output.ts';
import { readJsonArgument } from '../../input/read-json.ts';

interface RedriveOptions extends ConnectOptions {
  readonly position?: readonly string[];
  readonly pattern?: string;
}

const PAGE = 100;

export function deadLettersCommand(): Command {
  return connectedCommand('<subscription>').action(async (id: string, options: ConnectOptions) => {
    const deadLetters = await collectDeadLetters(id, options);
    show(options, { deadLetters }, () =>
      deadLetters.length === 0
        ? 'no dead letters'
        : deadLetters
            .map(({ position, attempts, reason, diedAt, event }) =>
              [
                `${position}  ${event.topic} ${event.entityId}#${event.ledger.seq}  ${event.eventId}`,
                `  gave up at ${diedAt} after ${attempts} attempts: ${reason}`,
              ].join('\n'),
            )
            .join('\n'),
    );
  });
}

export function redriveCommand(): Command {
  return connectedCommand('<subscription>')
    .option('--position <n...>', 'only the dead letters at these positions (default: all)')
    .option('--pattern <json>', 'only dead letters whose event matches this event pattern: JSON, or @file')
    .action(async (id: string, options: RedriveOptions) => {
      const client = connect(options);
      const redriven = await client.redrive(await wholeSubscription(client, id), choiceOf(options));
      show(options, { redriven }, () => `${redriven} due again`);
    });
}

function choiceOf({ position, pattern }: RedriveOptions): Parameters<Client['redrive']>[1] {
  if (pattern === undefined) return position?.map(parsePosition);
  if (position !== undefined) throw new UsageError('--position or --pattern, not both');
  return { pattern: readJsonArgument(pattern, '--pattern') };
}

async function collectDeadLetters(given: string, options: ConnectOptions): Promise<DeadLetter[]> {
  const client = connect(options);
  const id = await wholeSubscription(client, given);
  const found: DeadLetter[] = [];
  let after: number | undefined;
  do {
    const page = await client.deadLetters(id, { limit: PAGE, ...defined({ after }) });
    found.push(...page.deadLetters);
    after = page.next;
  } while (after !== undefined);
  return found;
}

function parsePosition(text: string): number {
  const position = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(position)) return position;
  throw new UsageError(`--position "${text}" is not a position: dead-letters shows them`);
}
