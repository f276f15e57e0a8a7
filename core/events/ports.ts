/** What subscriptions need from the engine that delivers. Delivery is at least once everywhere. */
import type { AppendedEntry } from '../ledger/index.ts';
import type { DeliveredEvent } from './envelope.ts';
import type { Subscription } from './subscription.ts';

export interface ReceivedMessage {
  /** proof of this delivery, valid until it is acknowledged, refused or timed out */
  readonly receipt: string;
  /** 1 for the first delivery */
  readonly attempt: number;
  readonly event: DeliveredEvent;
}

export interface DeadLetter {
  /** log index of the event, which names it within the subscription */
  readonly position: number;
  readonly attempts: number;
  /** why the last attempt failed */
  readonly reason: string;
  /** ISO 8601 UTC */
  readonly diedAt: string;
  readonly event: DeliveredEvent;
}

/** How one subscription stands with one event. */
export type DeliveryState =
  | {
      readonly subscription: string;
      /** `relayed`: handed to the subscription's queue, whose inside this engine cannot see */
      readonly state: 'pending' | 'relayed' | 'in-flight' | 'delivered';
    }
  | {
      readonly subscription: string;
      readonly state: 'retrying' | 'dead-letter';
      readonly attempts: number;
      readonly reason: string;
    };

export interface SubscriptionStats {
  readonly subscription: string;
  readonly module: string;
  /** events delivered and acknowledged since the engine started */
  readonly delivered: number;
  readonly failed: number;
  /** events waiting, at most: where the engine cannot tell, log positions not looked at yet */
  readonly backlog: number;
  readonly inFlight: number;
  readonly retrying: number;
  readonly deadLetters: number;
}

export interface EventBus {
  /** Told about committed entries in commit order. Never blocks, never throws; whatever is lost here is found again in the log. */
  relay(entries: readonly AppendedEntry[]): void;
  /** Begins (or, after pause, goes on) delivering. Idempotent. A new subscription begins at its `from`. */
  attach(subscription: Subscription): Promise<void>;
  /** Stops delivering; nothing is lost, `attach` goes on where it stopped. */
  pause(id: string): Promise<void>;
  /** Stops delivering and forgets the subscription's position, retries and dead letters. */
  detach(id: string): Promise<void>;
  /** Waits up to `waitMs` for events, then leases at most `max` of them. Aborted: returns what it has. */
  receive(
    id: string,
    options: { readonly max: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly ReceivedMessage[]>;
  /** Settles deliveries. `stale` receipts timed out or were settled before; their events may come again. */
  ack(id: string, receipts: readonly string[]): Promise<{ readonly stale: readonly string[] }>;
  /** Refuses deliveries: retried after backoff (or `delayMs`), or dead-lettered when attempts are used up. Durable on return. */
  nack(
    id: string,
    receipts: readonly string[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<{ readonly stale: readonly string[] }>;
  deadLetters(id: string, options: { readonly after?: number; readonly limit: number }): Promise<readonly DeadLetter[]>;
  /** Makes dead letters due again with fresh attempts. @returns how many */
  redrive(id: string, positions?: readonly number[]): Promise<number>;
  trace(event: DeliveredEvent): Promise<readonly DeliveryState[]>;
  stats(): Promise<readonly SubscriptionStats[]>;
}
