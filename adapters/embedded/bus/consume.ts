/**
 * A function target: delivers a subscription's events to a handler in this process, in order of arrival, acknowledging on
 * success. A handler that throws is a failed delivery: retried, then dead-lettered, without stopping the others.
 */
import {
  failureReason,
  type DeliveredEvent,
  type ReceivedMessage,
  type Subscriptions,
} from '../../../core/events/index.ts';
import type { Clock } from '../../../core/ledger/index.ts';
import type { Principal } from '../../../core/policy/index.ts';

const BATCH = 100;
const WAIT_MS = 20_000;
const PAUSE_AFTER_ERROR_MS = 200;

export type EventHandler = (event: DeliveredEvent) => void | Promise<void>;

export interface ConsumeDependencies {
  readonly subscriptions: Pick<Subscriptions, 'receive' | 'ack' | 'nack'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export function consume(
  deps: ConsumeDependencies,
  target: { readonly principal: Principal; readonly id: string; readonly handler: EventHandler },
): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const running = pull(deps, target, stopped.signal);
  return {
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}

async function pull(
  deps: ConsumeDependencies,
  { principal, id, handler }: { readonly principal: Principal; readonly id: string; readonly handler: EventHandler },
  signal: AbortSignal,
): Promise<void> {
  const { subscriptions, clock, onError } = deps;
  while (!signal.aborted) {
    try {
      const messages = await subscriptions.receive(principal, id, { max: BATCH, waitMs: WAIT_MS, signal });
      const done: string[] = [];
      for (const message of messages) {
        const failure = await attempt(handler, message);
        if (failure === undefined) done.push(message.receipt);
        else await subscriptions.nack(principal, id, [message.receipt], { reason: failure });
      }
      if (done.length > 0) await subscriptions.ack(principal, id, done);
      else if (messages.length === 0) await clock.sleep(1, signal); // a paused subscription answers at once
    } catch (error) {
      onError(error);
      await clock.sleep(PAUSE_AFTER_ERROR_MS, signal);
    }
  }
}

/** @returns why the handler failed, or undefined */
async function attempt(handler: EventHandler, { event }: ReceivedMessage): Promise<string | undefined> {
  try {
    const result = handler(event);
    if (result instanceof Promise) await result;
    return undefined;
  } catch (error) {
    return failureReason(error);
  }
}
