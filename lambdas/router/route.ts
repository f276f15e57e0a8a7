/**
 * Serves one batch of the entries stream for the subscriptions that are fed from the log: waits until the new entries have their
 * place in it, then feeds each in entity order from there, and wakes those that are sent to and want one of the topics. The batch
 * itself is only the alarm clock: a cursor says what was fed, so a batch that comes again, or never, does no harm.
 */
import type { DynamoDBStreamEvent } from 'aws-lambda';
import type { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import type { LogFeed } from '../../adapters/aws/bus/feed.ts';
import type { LogPositions } from '../../adapters/aws/bus/log-positions.ts';
import type { Clock } from '../../core/ledger/index.ts';
import type { PushedItems } from '../../adapters/aws/pushed/pushed-items.ts';
import type { WakeSubscription } from '../../adapters/aws/pushed/wake-up.ts';
import { countOf } from '../../core/values/index.ts';
import { wantedIn } from './wanted-in.ts';

/** The sequencer reads the same stream and takes well under a second. */
const SEQUENCING_MS = 10_000;
const POLL_MS = 50;
/** A subscription far behind gets the rest with later batches, so that it does not hold up the others. */
const FEED_MS = 5_000;

export interface RouterDependencies {
  readonly ledger: string;
  readonly directory: Pick<SubscriptionDirectory, 'get'>;
  readonly feed: Pick<LogFeed, 'orderedIds' | 'advance'>;
  readonly positions: LogPositions;
  readonly pushed: Pick<PushedItems, 'index'>;
  readonly wake: WakeSubscription;
  readonly clock: Clock;
  /** Told of a subscription that could not be fed while others could; the next batch or the reconciler tries again. */
  readonly onError: (subscription: string, error: unknown) => void;
}

/** The handler throws when the batch must come again. */
export function createRouter(deps: RouterDependencies): (event: DynamoDBStreamEvent) => Promise<void> {
  return async (event) => {
    const [ids, pushed] = await Promise.all([deps.feed.orderedIds(), deps.pushed.index()]);
    const woken = pushed.length === 0 ? [] : wantedIn(deps.ledger, event, pushed);
    if (ids.length === 0 && woken.length === 0) return;
    await sequenced(deps, newestPlaces(deps.ledger, event));
    // Before the others are fed, which may take long; what fails here makes the batch come again.
    if (woken.length > 0) await deps.wake(woken);
    const failures = (await Promise.all(ids.map((id) => feedOne(deps, id)))).filter((error) => error !== undefined);
    if (ids.length > 0 && failures.length === ids.length)
      throw new AggregateError(failures, 'no subscription could be fed');
  };
}

/** The last new entry of each chain: where that one is in the log, the ones before it are. */
function newestPlaces(ledger: string, event: DynamoDBStreamEvent): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const { eventName, dynamodb } of event.Records) {
    const { pk, sk } = dynamodb?.Keys ?? {};
    const seq = Number(sk?.N);
    if (eventName !== 'INSERT' || pk?.S?.startsWith(`${ledger}#`) !== true || !Number.isSafeInteger(seq)) continue;
    const chain = pk.S.slice(ledger.length + 1);
    places.set(chain, Math.max(seq, countOf(places, chain)));
  }
  return places;
}

async function sequenced({ positions, clock }: RouterDependencies, places: ReadonlyMap<string, number>): Promise<void> {
  const giveUpAt = clock.now() + SEQUENCING_MS;
  for (const [chain, seq] of places) {
    while ((await positions.positionOf(chain, seq)) === undefined) {
      if (clock.now() >= giveUpAt)
        throw new Error(`entry ${seq} of "${chain}" is not in the log yet: is the sequencer at work?`);
      await clock.sleep(POLL_MS);
    }
  }
}

/** @returns why it could not be fed */
async function feedOne({ directory, feed, clock, onError }: RouterDependencies, id: string): Promise<unknown> {
  try {
    const subscription = await directory.get(id);
    if (subscription?.status === 'active') await feed.advance(subscription, clock.now() + FEED_MS);
    return undefined;
  } catch (error) {
    onError(id, error);
    return error;
  }
}
