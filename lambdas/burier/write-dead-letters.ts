/**
 * Takes one message that SQS gave up: leased as often as its subscription allows and never settled. It becomes a dead letter
 * of its subscription; what is no event goes to quarantine. What fails is thrown, and comes again.
 */
import type { DeadLetterStore } from '../../adapters/aws/subscriptions/dead-letters.ts';
import type { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { parseMessage, quarantinedBody } from '../../adapters/aws/bus/message.ts';
import type { Quarantine } from '../../core/events/index.ts';

export interface DeadLetterWriterDependencies {
  readonly directory: Pick<SubscriptionDirectory, 'get'>;
  readonly letters: Pick<DeadLetterStore, 'writeDeadLetter'>;
  readonly quarantine: Pick<Quarantine, 'keep'>;
  readonly onDeadLetter: (subscription: string) => void;
}

export async function writeDeadLetters(
  { directory, letters, quarantine, onDeadLetter }: DeadLetterWriterDependencies,
  body: string,
): Promise<void> {
  const message = parseMessage(body);
  if (message === undefined) {
    await quarantine.keep(
      quarantinedBody(body),
      'no event stood in the queue of a subscription: find out who may send to it',
    );
    return;
  }
  const subscription = await directory.get(message.subscription);
  if (subscription === undefined) return; // removed, and its dead letters with it
  const { entity: chain, seq } = message.event.ledger;
  const { id, ackTimeoutMs, retry } = subscription;
  const failure = { attempts: retry.maxAttempts, reason: `not acknowledged within ${ackTimeoutMs} ms` };
  if (await letters.writeDeadLetter(subscription, { chain, seq }, failure)) onDeadLetter(id);
  else await quarantine.keep(quarantinedBody(body), `the ledger has no such event for subscription "${id}"`);
}
