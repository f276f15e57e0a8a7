/**
 * One pull from a subscription's queue: waits for messages, or for a batch of them, and leases what the subscription wants
 * at this moment, as the ledger has it. What it does not want is deleted, what is no event, or a forged one, is put aside.
 */
import type { Message } from '@aws-sdk/client-sqs';
import { isoOf } from '../../../core/brands/index.ts';
import {
  compileCondition,
  CONDITION_FALSE,
  NOT_READABLE,
  deliveryTraceparent,
  type DeliveredEvent,
  type DeliveryFacts,
  type MayRead,
  type Quarantine,
  type ReadFacts,
  type ReceivedMessage,
  type Subscription,
} from '../../../core/events/index.ts';
import type { Clock, EntryStore, Ids } from '../../../core/ledger/index.ts';
import { defined, MS_PER_SECOND, orNone } from '../../../core/values/index.ts';
import { must } from '../../../core/errors/index.ts';
import type { DeliveryNotes, Place } from '../bus/delivery-notes.ts';
import { wantedBy } from '../bus/directory.ts';
import { formatReceipt, parseMessage, quarantinedBody } from '../bus/message.ts';
import type { QueueConsumer } from './queue-consumer.ts';
import { checkAgainstLedger } from '../bus/recorded.ts';

/** SQS's longest wait per call. */
const MAX_WAIT_SECONDS = 20;
/** SQS's longest time out of sight. */
const MAX_VISIBILITY_SECONDS = 43_200;
/** Messages SQS hands out per call; of an ordered subscription one, because the others of its entity must stay behind. */
const PER_CALL = 10;
const PARALLEL_CALLS = 4;
/** With the calls under way when it is reached (10 events of 64 KiB each), below what a function may answer: 6 MB. */
const MAX_ANSWER_CHARS = 1_500_000;
/** A long history that is not wanted is deleted over several requests: one ends after 30 s. */
const LONGEST_PULL_MS = 25_000;

export interface PullDependencies {
  readonly ledger: string;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'bytes'>;
  readonly quarantine: Pick<Quarantine, 'keep'>;
  /** what every message is held against */
  readonly recorded: Pick<EntryStore, 'read'>;
  /** Told of every message that this system did not make. Must not throw. */
  readonly onForged?: (subscription: string, reason: string) => void;
  /** what conditional subscriptions look at */
  readonly readFacts: ReadFacts;
  /** asked for every event before it is handed out */
  readonly mayRead: MayRead;
  readonly notes: Pick<DeliveryNotes, 'add'>;
  /** False: it was paused or removed, or its breaker has opened. */
  readonly isServed: (subscription: Subscription) => Promise<boolean>;
}

export interface Opened {
  readonly subscription: Subscription;
  readonly url: string;
  readonly queue: QueueConsumer;
}

export interface PullOptions {
  readonly max: number;
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** An event in a message that is out of sight, for us alone. Times are milliseconds since the Unix epoch. */
interface LeasedEvent {
  readonly event: DeliveredEvent;
  readonly handle: string;
  readonly attempt: number;
  /** when it came into the queue */
  readonly sentAt: number;
  /** SQS makes the message visible again */
  readonly expiresAt: number;
}

export async function pull(
  deps: PullDependencies,
  { subscription, queue }: Opened,
  options: PullOptions,
): Promise<readonly ReceivedMessage[]> {
  const { maxSize = options.max, maxDelayMs = 0 } = subscription.buffer ?? {};
  const max = Math.min(options.max, maxSize);
  const taken: LeasedEvent[] = [];
  const startedAt = deps.clock.now();
  let [chars, leftMs, goesAt] = [0, options.waitMs, Infinity];
  for (let calls = 1; taken.length < max && chars < MAX_ANSWER_CHARS;) {
    const ask = askOf(subscription, max - taken.length, calls > 1 ? 0 : leftMs);
    const raw = (await Promise.all(Array.from({ length: calls }, () => queue.receive(ask, options.signal)))).flat();
    if (ask.waitSeconds > 0 && raw.length > 0 && !(await deps.isServed(subscription))) {
      // Paused, or too much has failed, while SQS waited. They cost an attempt, nothing more: they come later.
      await queue.hide(raw.map(({ ReceiptHandle = '' }) => ({ handle: ReceiptHandle, seconds: 0 })));
      break;
    }
    const admitted = await admit(deps, { subscription, queue }, raw);
    taken.push(...admitted);
    chars += raw.reduce((sum, { Body = '' }) => sum + Body.length, 0);
    goesAt = Math.min(goesAt, ...admitted.map(({ sentAt }) => sentAt + maxDelayMs));
    leftMs = taken.length > 0 ? goesAt - deps.clock.now() : leftMs - ask.waitSeconds * MS_PER_SECOND;
    const isAll = raw.length < calls * ask.max;
    const isLate = options.signal?.aborted === true || deps.clock.now() - startedAt >= LONGEST_PULL_MS;
    if (isLate || (isAll && leftMs <= 0)) break;
    calls = isAll ? 1 : Math.min(PARALLEL_CALLS, Math.max(1, Math.floor((max - taken.length) / ask.max)));
  }
  return taken.map((one) => handedOut(deps, one));
}

/** How long a message is out: while its batch is made, and then with the consumer. */
export function leaseMs({ ackTimeoutMs, buffer }: Pick<Subscription, 'ackTimeoutMs' | 'buffer'>): number {
  return ackTimeoutMs + orNone(buffer?.maxDelayMs);
}

function askOf(subscription: Subscription, room: number, waitMs: number): Parameters<QueueConsumer['receive']>[0] {
  return {
    max: Math.min(subscription.order === 'entity' ? 1 : PER_CALL, room),
    waitSeconds: Math.min(MAX_WAIT_SECONDS, Math.max(0, Math.ceil(waitMs / MS_PER_SECOND))),
    visibilitySeconds: Math.min(MAX_VISIBILITY_SECONDS, Math.max(1, Math.ceil(leaseMs(subscription) / MS_PER_SECOND))),
  };
}

/** Keeps what is wanted; deletes what a rule let through too much, what its subscriber may not read, and what does not meet the condition now. */
async function admit(
  deps: PullDependencies,
  { subscription, queue }: Omit<Opened, 'url'>,
  raw: readonly Message[],
): Promise<readonly LeasedEvent[]> {
  const wants = wantedBy(deps.ledger, subscription);
  const isMet = conditionOf(deps, subscription);
  const now = deps.clock.now();
  const unwanted: string[] = [];
  const skipped = { [CONDITION_FALSE]: [] as Place[], [NOT_READABLE]: [] as Place[] };
  const admitted = await Promise.all(
    raw.map(async (message) => {
      const taken = await recordedIn(deps, subscription, {
        message,
        told: takenFrom(message, now, leaseMs(subscription)),
      });
      if (taken !== undefined && wants(taken.event)) {
        const isReadable = deps.mayRead(subscription.module, taken.event.entityId);
        if (isReadable && (await isMet(taken.event))) return taken;
        const { entity: chain, seq } = taken.event.ledger;
        skipped[isReadable ? CONDITION_FALSE : NOT_READABLE].push({ chain, seq });
      }
      unwanted.push(must(message.ReceiptHandle, 'the receipt handle of a message'));
      return undefined;
    }),
  );
  // Noted first: what a crash keeps from being deleted comes again.
  const at = isoOf(now);
  for (const [reason, places] of Object.entries(skipped))
    await deps.notes.add(subscription, places, { at, outcome: 'skipped', reason });
  if (unwanted.length > 0) await queue.delete(unwanted);
  return admitted.filter((one) => one !== undefined);
}

/** Undefined: this is no event. */
function takenFrom(message: Message, nowMs: number, outMs: number): LeasedEvent | undefined {
  const { Body, ReceiptHandle: handle = '', Attributes = {} } = message;
  const event = parseMessage(Body)?.event;
  if (event === undefined) return undefined;
  const attempt = Number(Attributes.ApproximateReceiveCount ?? 1);
  const sentAt = Math.min(nowMs, Number(orNone(Attributes.SentTimestamp)));
  return { event, handle, attempt, sentAt, expiresAt: nowMs + outMs };
}

/** With the event as the ledger has it; undefined: there is none, and the message is put aside. */
async function recordedIn(
  { quarantine, recorded, onForged }: PullDependencies,
  { id }: Subscription,
  { message: { Body = '' }, told }: { readonly message: Message; readonly told: LeasedEvent | undefined },
): Promise<LeasedEvent | undefined> {
  const find = 'find out who may send to it';
  if (told === undefined) {
    await quarantine.keep(quarantinedBody(Body), `no event stood in the queue of subscription "${id}": ${find}`);
    return undefined;
  }
  const { event, forged } = await checkAgainstLedger(recorded, told.event);
  if (forged !== undefined) {
    await quarantine.keep(quarantinedBody(Body), `forged, in the queue of subscription "${id}": ${forged}: ${find}`);
    onForged?.(id, forged);
  }
  return event === undefined ? undefined : { ...told, event };
}

/** Each entity is looked at once a call. */
function conditionOf(
  { readFacts }: PullDependencies,
  { when, module }: Subscription,
): (event: DeliveredEvent) => Promise<boolean> {
  const condition = compileCondition(when);
  if (condition === undefined) return () => Promise.resolve(true);
  const known = new Map<string, Promise<DeliveryFacts>>();
  return async ({ entityId }) => {
    const facts = known.get(entityId) ?? readFacts(module, entityId);
    known.set(entityId, facts);
    return condition(await facts);
  };
}

function handedOut({ ids }: PullDependencies, { event, handle, attempt, expiresAt }: LeasedEvent): ReceivedMessage {
  const { entity: chain, seq } = event.ledger;
  const receipt = formatReceipt({ handle, attempt, chain, seq, expiresAt });
  const traceparent = deliveryTraceparent(event, (length) => ids.bytes(length));
  return { receipt, attempt, ...defined({ traceparent }), event };
}
