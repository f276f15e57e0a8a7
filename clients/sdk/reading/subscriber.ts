/**
 * A running subscription: pulls messages, hands each event to the handler once, the events of an entity one after the other
 * in the order of its chain, and settles them by how the handler ended: acknowledged only when it is done. Which events are
 * done is the memory's to know, which ones are missing the chain's.
 */
import type { MessageList } from '../../../api/index.ts';
import {
  failureReason,
  type DeliveredEvent,
  type Extended,
  type ReceivedMessage,
  type Subscription,
} from '../../../core/events/index.ts';
import { defined, MS_PER_SECOND } from '../../../core/values/index.ts';
import type { ClientClock } from '../connection/clock.ts';
import { createRecentMemory, eventKey, type ConsumerMemory } from './consumer-memory.ts';
import { createGaps, type Gaps } from './gaps.ts';
import { createSettler, type Settler } from './settlement.ts';
import { backoffMs, isAborted, isTransient, type Transport } from '../connection/transport.ts';

/** What a handler is told of the delivery beside the event. */
export interface Delivery {
  /** 1 for the first; 0: it was read from the chain, because a later event of its entity came before it */
  readonly attempt: number;
  /** W3C trace context, for the spans of the handler's own work; absent when the event came without one */
  readonly traceparent?: string;
  /**
   * For work that takes longer than `ackTimeoutMs`: call it before that has passed, and the time begins anew.
   * @returns false: it is too late, the event comes again
   */
  extend(): Promise<boolean>;
}

export interface SubscriberOptions {
  readonly transport: Transport;
  readonly clock: ClientClock;
  readonly subscription: Subscription;
  readonly handler: (event: DeliveredEvent, delivery: Delivery) => unknown;
  /** messages held at once, 1-1000 */
  readonly batchSize: number;
  readonly waitSeconds: number;
  /** seconds between two looks when nothing has come for a minute; 0: keeps waiting at the server. Default: what the server asks for */
  readonly idleSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** beside the one in memory, which knows the last events of this process */
  readonly memory?: ConsumerMemory | undefined;
  /** default `refetch` */
  readonly gaps?: 'refetch' | 'ignore' | undefined;
}

export interface RunningSubscription {
  readonly id: string;
  /** Pulls no more, finishes the events it holds, settles them. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves after stop; rejects when the subscription cannot go on, e.g. because it was removed. */
  readonly done: Promise<void>;
}

interface PullSession extends SubscriberOptions {
  readonly id: string;
  readonly settler: Settler;
  readonly stopping: AbortSignal;
  readonly memories: readonly ConsumerMemory[];
  readonly missing: Gaps | undefined;
  /** event → the receipt that settles it: of its latest delivery, the only one still valid */
  readonly held: Map<string, string>;
  /** entity → the end of what was queued for it last */
  readonly lanes: Map<string, Promise<void>>;
  /** entity → number of the event that failed, while events after it are held: with `order: entity` they come again too */
  readonly failed: Map<string, number>;
  readonly room: { wake: () => void };
  readonly idle: Idle;
}

/** Since when nothing has come (ms of the clock), and how seldom the server would like to be asked then. */
interface Idle {
  since: number;
  seconds: number | undefined;
}

/** ms between polls that come back empty at once, as those of a paused subscription do */
const EMPTY_POLL_PAUSE_MS = 500;
/** Without an event for so long, a reader waits here instead of at a server that is billed for waiting. */
const IDLE_AFTER_MS = 60_000;

export function runSubscription(options: SubscriberOptions): RunningSubscription {
  const { transport, subscription, memory, gaps } = options;
  const stopper = new AbortController();
  const { signal = stopper.signal } = options;
  const session: PullSession = {
    ...options,
    id: subscription.id,
    settler: createSettler(transport, subscription.id),
    stopping: AbortSignal.any([stopper.signal, signal]),
    // Acknowledged only when it is remembered for good, so that memory comes first.
    memories: [...(memory === undefined ? [] : [memory]), createRecentMemory()],
    missing: gaps === 'ignore' ? undefined : createGaps(transport, subscription),
    ...{ held: new Map(), lanes: new Map(), failed: new Map(), room: { wake: () => {} } },
    idle: { since: options.clock.now(), seconds: undefined },
  };
  const done = pull(session);
  return {
    id: subscription.id,
    done,
    stop: () => {
      stopper.abort();
      return done;
    },
  };
}

async function pull(session: PullSession): Promise<void> {
  const { clock, stopping, lanes, settler } = session;
  try {
    for (let failures = 0; !isAborted(stopping);) {
      await roomFor(session);
      if (isAborted(stopping)) break;
      try {
        await pullOnce(session);
        failures = 0;
      } catch (error) {
        if (isAborted(stopping)) break;
        if (!isTransient(error)) throw error;
        failures += 1;
        await clock.sleep(backoffMs(failures), stopping);
      }
    }
  } finally {
    await Promise.all(lanes.values());
    await settler.flush();
  }
}

async function pullOnce(session: PullSession): Promise<void> {
  const { transport, clock, id, batchSize, stopping, held, idle } = session;
  const askedAt = clock.now();
  const isIdle = idle.seconds !== undefined && askedAt - idle.since >= IDLE_AFTER_MS;
  const waitSeconds = isIdle ? 0 : session.waitSeconds;
  const { messages, idleSeconds } = await transport<MessageList>({
    method: 'GET',
    path: `/v1/subscriptions/${encodeURIComponent(id)}/messages`,
    query: { max: batchSize - held.size, wait: waitSeconds },
    idempotent: false, // its retries are ours, so that stopping ends them
    signal: stopping,
    waitSeconds,
  });
  for (const message of messages.toSorted(bySeq)) take(session, message);
  if (messages.length > 0) {
    Object.assign(idle, { since: clock.now(), seconds: undefined });
    return;
  }
  idle.seconds = (session.idleSeconds ?? idleSeconds) || undefined;
  const wasShort = clock.now() - askedAt < EMPTY_POLL_PAUSE_MS;
  if (isIdle && idle.seconds !== undefined) await clock.sleep(idle.seconds * MS_PER_SECOND, stopping);
  else if (wasShort) await clock.sleep(EMPTY_POLL_PAUSE_MS, stopping);
}

/** Waits until half of what may be held is free, so that polls stay large under load. */
async function roomFor({ held, batchSize, room, stopping }: PullSession): Promise<void> {
  while (held.size > batchSize / 2 && !isAborted(stopping)) {
    await new Promise<void>((resolve) => {
      room.wake = resolve;
      stopping.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

function bySeq(a: ReceivedMessage, b: ReceivedMessage): number {
  return a.event.ledger.seq - b.event.ledger.seq;
}

function take(session: PullSession, message: ReceivedMessage): void {
  const { receipt, event } = message;
  const key = eventKey(event);
  const isHeld = session.held.has(key);
  session.held.set(key, receipt);
  if (isHeld) return;
  const { entityId } = event;
  const lane = (session.lanes.get(entityId) ?? Promise.resolve()).then(() => work(session, key, message));
  session.lanes.set(entityId, lane);
  void lane.then(() => {
    if (session.lanes.get(entityId) !== lane) return;
    session.lanes.delete(entityId);
    session.failed.delete(entityId);
  });
}

/** One message, from its turn to its settlement. Never rejects. */
async function work(session: PullSession, key: string, message: ReceivedMessage): Promise<void> {
  const { held, settler, room, failed, subscription } = session;
  const { entityId, ledger } = message.event;
  let failure: string | undefined;
  try {
    await handleInOrder(session, message);
  } catch (error) {
    if (subscription.order === 'entity') failed.set(entityId, Math.min(ledger.seq, failed.get(entityId) ?? Infinity));
    failure = failureReason(error) || 'the handler failed';
  }
  const receipt = held.get(key) ?? message.receipt;
  held.delete(key);
  room.wake();
  if (failure === undefined) settler.ack(receipt);
  else settler.nack(receipt, failure);
}

/** What comes before it on its chain is done first; if that fails, so has this delivery, and both come again. */
async function handleInOrder(
  session: PullSession,
  { receipt, event, attempt, traceparent }: ReceivedMessage,
): Promise<void> {
  const extend = (): Promise<boolean> => keepLonger(session, eventKey(event), receipt);
  const failed = session.failed.get(event.entityId) ?? Infinity;
  if (failed < event.ledger.seq) throw new Error(`it waits for event ${failed} of its entity, which failed`);
  if (session.missing !== undefined && !(await isDone(session, event))) {
    for await (const earlier of session.missing.before(event)) {
      await handleOnce(session, earlier, { attempt: 0, extend });
      session.missing.delivered(earlier);
    }
  }
  session.missing?.delivered(event);
  await handleOnce(session, event, { attempt, ...defined({ traceparent }), extend });
}

/** What comes before an event is done under its receipt, too. */
async function keepLonger({ transport, id, held }: PullSession, key: string, first: string): Promise<boolean> {
  const receipt = held.get(key) ?? first;
  const path = `/v1/subscriptions/${encodeURIComponent(id)}/extend`;
  const call = { method: 'POST', path, body: { receipts: [receipt] }, idempotent: true } as const;
  const { extended } = await transport<Extended>(call);
  const [kept] = extended;
  // A later delivery of the event may have come meanwhile: its receipt is the valid one.
  if (kept !== undefined && held.get(key) === receipt) held.set(key, kept.receipt);
  return kept !== undefined;
}

async function handleOnce(session: PullSession, event: DeliveredEvent, delivery: Delivery): Promise<void> {
  if (await isDone(session, event)) return;
  await session.handler(event, delivery);
  for (const memory of session.memories) await memory.remember(event);
}

async function isDone({ memories }: PullSession, event: DeliveredEvent): Promise<boolean> {
  for (const memory of memories) if (await memory.recall(event)) return true;
  return false;
}
