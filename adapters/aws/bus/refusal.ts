/**
 * What SQS cannot do for a subscription. It is refused when the subscription is made, because a setting that is taken and not
 * kept would be found out in production.
 */
import type { Subscription } from '../../../core/events/index.ts';
import type { Problem } from '../../../core/errors/index.ts';
import { orNone } from '../../../core/values/index.ts';

/** SQS's longest delay of a message. */
const MAX_DELAY_MS = 900_000;
/** A request waits up to 20 s for the first event; with this on top it still ends before the API's 30 s. */
const MAX_BATCH_DELAY_MS = 5_000;

/** Why such a subscription cannot be delivered to on AWS; undefined: it can. */
export function refusal(subscription: Subscription, before = subscription): Problem | undefined {
  const { delayMs = 0, buffer } = subscription;
  if (before.order !== subscription.order)
    return {
      pointer: '/order',
      detail: `a queue of SQS cannot change whether it keeps an order: make another subscription with "order": "${subscription.order}", with startAt at the log index where this one ends`,
    };
  if (delayMs > MAX_DELAY_MS)
    return { pointer: '/delayMs', detail: `SQS delays an event by at most ${MAX_DELAY_MS} ms: choose a shorter delay` };
  if (orNone(buffer?.maxDelayMs) > MAX_BATCH_DELAY_MS)
    return {
      pointer: '/buffer/maxDelayMs',
      detail: `a batch is made while a request waits for it, on AWS for at most ${MAX_BATCH_DELAY_MS} ms: choose a shorter time, and pull as often as batches are wanted`,
    };
  return undefined;
}
