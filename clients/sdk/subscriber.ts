/**
 * A running subscription: pulls messages, hands each event to the handler once, the events of an entity one after the other
 * in the order of its chain, and settles them by how the handler ended. Remembers the last 10,000 events it has done, so
 * that redelivery after a lost acknowledgement does not repeat work; what must hold across restarts is the handler's to do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageList } from '../../api/index.ts';
import { failureReason, type DeliveredEvent, type ReceivedMessage } from '../../core/events/index.ts';
import { RecentKeys } from './recent-keys.ts';
import { createSettler, type Settler } from './settle.ts';
import { backoffMs, isAborted, isTransient, type Transport } from './transport.ts';

export interface SubscriberOptions {
  readonly transport: Transport;
  readonly id: string;
  readonly handler: (event: DeliveredEvent) => unknown;
  /** messages held at once, 1-1000 */
  readonly batchSize: number;
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RunningSubscription {
  readonly id: string;
  /** Pulls no more, finishes the events it holds, settles them. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves after stop; rejects when the subscription cannot go on, e.g. because it was removed. */
  readonly done: Promise<void>;
}

interface World extends SubscriberOptions {
  readonly settler: Settler;
  readonly stopping: AbortSignal;
  readonly finished: RecentKeys;
  /** event → the receipt that settles it: of its latest delivery, the only one still valid */
  readonly held: Map<string, string>;
  /** entity → the end of what was queued for it last */
  readonly lanes: Map<string, Promise<void>>;
  readonly room: { wake: () => void };
}

const REMEMBERED_EVENTS = 10_000;
/** ms between polls that come back empty at once, as those of a paused subscription do */
const EMPTY_POLL_PAUSE_MS = 500;

export function runSubscription(options: SubscriberOptions): RunningSubscription {
  const stopper = new AbortController();
  const { signal = stopper.signal } = options;
  const world: World = {
    ...options,
    settler: createSettler(options.transport, options.id),
    stopping: AbortSignal.any([stopper.signal, signal]),
    finished: new RecentKeys(REMEMBERED_EVENTS),
    ...{ held: new Map(), lanes: new Map(), room: { wake: () => {} } },
  };
  const done = pull(world);
  return {
    id: options.id,
    done,
    stop: () => {
      stopper.abort();
      return done;
    },
  };
}

async function pull(world: World): Promise<void> {
  const { stopping, lanes, settler } = world;
  try {
    for (let failures = 0; !isAborted(stopping);) {
      await roomFor(world);
      if (isAborted(stopping)) break;
      try {
        await pullOnce(world);
        failures = 0;
      } catch (error) {
        if (isAborted(stopping)) break;
        if (!isTransient(error)) throw error;
        failures += 1;
        await pause(backoffMs(failures), stopping);
      }
    }
  } finally {
    await Promise.all(lanes.values());
    await settler.flush();
  }
}

async function pullOnce(world: World): Promise<void> {
  const { transport, id, waitSeconds, batchSize, stopping, held } = world;
  const askedAt = performance.now();
  const { messages } = await transport<MessageList>({
    method: 'GET',
    path: `/v1/subscriptions/${encodeURIComponent(id)}/messages`,
    query: { max: batchSize - held.size, wait: waitSeconds },
    idempotent: false, // its retries are ours, so that stopping ends them
    signal: stopping,
    waitSeconds,
  });
  for (const message of messages.toSorted(bySeq)) take(world, message);
  const wasShort = performance.now() - askedAt < EMPTY_POLL_PAUSE_MS;
  if (messages.length === 0 && wasShort) await pause(EMPTY_POLL_PAUSE_MS, stopping);
}

/** Waits until half of what may be held is free, so that polls stay large under load. */
async function roomFor({ held, batchSize, room, stopping }: World): Promise<void> {
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

function take(world: World, { receipt, event }: ReceivedMessage): void {
  const key = `${event.source}\n${event.eventId}`;
  if (world.finished.has(key)) {
    world.settler.ack(receipt);
    return;
  }
  const isHeld = world.held.has(key);
  world.held.set(key, receipt);
  if (isHeld) return;
  const { entityId } = event;
  const lane = (world.lanes.get(entityId) ?? Promise.resolve()).then(() => work(world, key, event));
  world.lanes.set(entityId, lane);
  void lane.then(() => {
    if (world.lanes.get(entityId) === lane) world.lanes.delete(entityId);
  });
}

async function work(
  { handler, held, finished, settler, room }: World,
  key: string,
  event: DeliveredEvent,
): Promise<void> {
  let failure: { readonly reason: string } | undefined;
  try {
    await handler(event);
    finished.add(key);
  } catch (error) {
    failure = { reason: failureReason(error) || 'the handler failed' };
  }
  const receipt = held.get(key);
  held.delete(key);
  room.wake();
  if (receipt === undefined) return;
  if (failure === undefined) settler.ack(receipt);
  else settler.nack(receipt, failure.reason);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
