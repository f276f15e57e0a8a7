/**
 * Makes deliveries again that EventBridge gave up: a rule puts what its target did not take into one queue, here called the
 * undelivered. A message says for whom and which place in the ledger; the event itself is taken from the ledger, which alone says
 * what was to be delivered, so that nobody forges one by sending here. A crash before the deletion delivers twice, never not.
 */
import { DeleteMessageCommand, ReceiveMessageCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { keepGap, readEvent, type Quarantine, type Subscription } from '../../../core/events/index.ts';
import type { Clock, EntryStore } from '../../../core/ledger/index.ts';
import { orBlank } from '../../../core/values/index.ts';
import type { LogFeed } from '../bus/feed.ts';
import { quarantinedBody } from '../bus/message.ts';
import { ruleName, ruleNameOfQueue } from '../bus/names.ts';

const BATCH = 10;

export interface RefeedDependencies {
  readonly queues: SQSClient;
  readonly undeliveredUrl: string;
  readonly subscriptionPrefix: string;
  readonly entries: Pick<EntryStore, 'read'>;
  readonly feed: Pick<LogFeed, 'send'>;
  readonly quarantine: Quarantine;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Until none is left or time is up: `deadline`, ms since the Unix epoch. @returns how many were delivered again
 * @throws when one could not be: it stays, and comes again
 */
export async function refeed(
  deps: RefeedDependencies,
  subscriptions: readonly Subscription[],
  deadline: number,
): Promise<number> {
  const { queues, undeliveredUrl: QueueUrl, subscriptionPrefix, clock } = deps;
  const byRule = new Map(subscriptions.map((one) => [ruleName(subscriptionPrefix, one), one]));
  let again = 0;
  do {
    const receive = { QueueUrl, MaxNumberOfMessages: BATCH, MessageAttributeNames: ['All'] };
    const { Messages = [] } = await queues.send(new ReceiveMessageCommand(receive));
    if (Messages.length === 0) break;
    for (const message of Messages) {
      const subscription = byRule.get(ruleOf(message));
      // None: it was removed, and with it whoever waited.
      if (subscription !== undefined && (await deliver(deps, subscription, message))) again += 1;
      await queues.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
  } while (clock.now() < deadline);
  return again;
}

/** False: there is nothing to deliver, and it was said so where auditors look. */
async function deliver(
  { entries, feed, quarantine }: RefeedDependencies,
  subscription: Subscription,
  { Body = '' }: Message,
): Promise<boolean> {
  const place = placeIn(Body);
  const [entry] = place === undefined ? [] : await entries.read(place.entity, place.seq, 1);
  const read = entry === undefined ? undefined : readEvent(entry);
  if (read === undefined) {
    await quarantine.keep(quarantinedBody(Body), `no event of the ledger was undelivered to "${subscription.id}"`);
    return false;
  }
  if ('reason' in read) {
    await keepGap(quarantine, read);
    return false;
  }
  await feed.send(subscription, [read]);
  return true;
}

/** The target says whose it was: our rules have one, the queue of the same name. */
function ruleOf({ MessageAttributes = {} }: Message): string {
  const arn = orBlank(MessageAttributes['TARGET_ARN']?.StringValue);
  return ruleNameOfQueue(arn.slice(arn.lastIndexOf(':') + 1));
}

const undelivered = z.looseObject({
  detail: z.looseObject({ ledger: z.looseObject({ entity: z.string().min(1), seq: z.int().min(0) }) }),
});

function placeIn(body: string): { readonly entity: string; readonly seq: number } | undefined {
  try {
    return undelivered.parse(JSON.parse(body)).detail.ledger;
  } catch {
    return undefined; // no event of EventBridge's with one of ours in it
  }
}
