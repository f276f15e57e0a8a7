/** What subscriptions need from the engine that delivers. Delivery is at least once everywhere. */
import type { EpochMs, IsoInstant } from '../../brands/index.ts';
import type { Problem } from '../../errors/index.ts';
import type { Breaker } from '../../guard/index.ts';
import type { AppendedEntry } from '../../ledger/index.ts';
import type { DeliveredEvent } from '../envelope/delivered-event.ts';
import type { Subscription, WebhookSubscription } from './subscription.ts';

export interface ReceivedMessage {
  /** proof of this delivery, valid until it is acknowledged, refused or timed out */
  readonly receipt: string;
  /** 1 for the first delivery */
  readonly attempt: number;
  /** W3C trace context of this delivery; absent when the event came without one */
  readonly traceparent?: string;
  readonly event: DeliveredEvent;
}

/** Deliveries whose time to be settled began anew. */
export interface Extended {
  readonly extended: readonly {
    /** the receipt that was handed in */
    readonly was: string;
    /** the one that is valid now: the same, or another */
    readonly receipt: string;
    /** ISO 8601 UTC: by then it has to be settled or extended again */
    readonly until: IsoInstant;
  }[];
  /** receipts that timed out or were settled before, or that the engine can extend no more */
  readonly stale: readonly string[];
}

export interface DeadLetter {
  /** log index of the event, which names it within the subscription */
  readonly position: number;
  readonly attempts: number;
  /** why the last attempt failed */
  readonly reason: string;
  /** ISO 8601 UTC */
  readonly diedAt: IsoInstant;
  readonly event: DeliveredEvent;
}

/** How one try to deliver an event ended. */
export interface DeliveryAttempt {
  /** ISO 8601 UTC */
  readonly at: IsoInstant;
  /** `skipped`: the subscription's condition was not met */
  readonly outcome: 'delivered' | 'failed' | 'skipped';
  readonly reason?: string;
}

interface SubscriptionHistory {
  readonly subscription: string;
  /** the newest tries, oldest first; absent when there was none, or it is no longer known */
  readonly history?: readonly DeliveryAttempt[];
}

/** How one subscription stands with one event. */
export type DeliveryState =
  | (SubscriptionHistory & {
      /**
       * `relayed`: handed to the subscription's queue, whose inside this engine cannot see.
       * `settled`: delivered or skipped so long ago that it is no longer known which
       */
      readonly state: 'pending' | 'relayed' | 'in-flight' | 'delivered' | 'skipped' | 'settled';
    })
  | (SubscriptionHistory & {
      readonly state: 'retrying' | 'dead-letter';
      readonly attempts: number;
      /** absent: told to the subscriber, and to those who look after everybody's */
      readonly reason?: string;
    });

/** A subscription's breaker changed its state. */
export interface BreakerChange {
  readonly subscription: string;
  readonly module: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** of the failure that opened it, or `reset` */
  readonly reason?: string;
  readonly at: EpochMs;
}
export type BreakerState = Breaker['state'];

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
  /** absent: the engine has none */
  readonly breaker?: BreakerState;
  /** from recorded to acknowledged, of the newest deliveries; absent: none yet, or not measured */
  readonly latencyMs?: { readonly p50: number; readonly p95: number };
}

/** Where what was recorded sets out from. */
export interface EventRelay {
  /** Told about committed entries in commit order. Never blocks, never throws; whatever is lost here is found again in the log. */
  relay(entries: readonly AppendedEntry[]): void;
}

/** What is known of deliveries, without touching them. */
export interface DeliveryReports {
  trace(event: DeliveredEvent): Promise<readonly DeliveryState[]>;
  stats(): Promise<readonly SubscriptionStats[]>;
}

/** The queues of subscriptions. */
export interface SubscriptionBus {
  /** Where waiting is billed: seconds between two looks of a reader who has had nothing for a while. Absent: waiting is free. */
  readonly idleSeconds?: number;
  /**
   * Why this engine cannot deliver to such a subscription; undefined: it can. Absent: it takes every one.
   * @param before what it was, if it is to be changed
   */
  refusal?(subscription: Subscription, before?: Subscription): Problem | undefined;
  /** Begins (or, after pause, goes on) delivering. Idempotent. A new subscription begins at its `from`. */
  attach(subscription: Subscription): Promise<void>;
  /**
   * Its settings are others now. What is out stays out and may be settled, what is being retried goes on being retried, and the
   * log is read on where it was being read. Also of one that is paused.
   */
  change(subscription: Subscription): Promise<void>;
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
  /** Their time to be settled begins anew. */
  extend(id: string, receipts: readonly string[]): Promise<Extended>;
  /** Refuses deliveries: retried after backoff (or `delayMs`), or dead-lettered when attempts are used up. Durable on return. */
  nack(
    id: string,
    receipts: readonly string[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<{ readonly stale: readonly string[] }>;
  deadLetters(id: string, options: { readonly after?: number; readonly limit: number }): Promise<readonly DeadLetter[]>;
  /** Makes dead letters due again with fresh attempts. @returns how many */
  redrive(id: string, positions?: readonly number[]): Promise<number>;
  /** Closes the subscription's breaker: deliveries go on at once. Absent: the engine has no breakers. */
  reset?(id: string): Promise<void>;
  /** Absent: the engine sends no webhooks. */
  readonly webhooks?: WebhookBus | undefined;
}

/** One attempt to send a webhook. */
export interface WebhookAttempt {
  /** ISO 8601 UTC */
  readonly at: IsoInstant;
  /** `verify`, `test`, or the event */
  readonly of: 'event' | 'verify' | 'test';
  /** log index of the event */
  readonly position?: number;
  /** the header `webhook-id` */
  readonly webhookId: string;
  /** 1 for the first */
  readonly attempt: number;
  readonly outcome: 'delivered' | 'failed';
  /** of the answer; absent: there was none */
  readonly status?: number;
  readonly durationMs: number;
  /** why it failed */
  readonly reason?: string;
  /** the beginning of the answer, as text */
  readonly answer?: string;
}

/** How a webhook fares: told by the bus, recorded by core. */
export type WebhookChange =
  | {
      readonly kind: 'failing';
      readonly subscription: string;
      readonly module: string;
      readonly percent: number;
      readonly since: EpochMs;
    }
  | {
      readonly kind: 'gone';
      readonly subscription: string;
      readonly module: string;
      readonly reason: string;
      readonly at: EpochMs;
    };

/** What an engine that sends webhooks can do beside delivering them. */
export interface WebhookBus {
  /** Asks the receiver whether it wants the webhook. */
  challenge(subscription: WebhookSubscription): Promise<WebhookAttempt>;
  /** Sends a test event, once. */
  test(subscription: WebhookSubscription): Promise<WebhookAttempt>;
  /** The newest attempts first. */
  attempts(id: string, limit: number): Promise<readonly WebhookAttempt[]>;
  /** Delivers the event at a log index once more. @returns false: it is not the subscription's */
  resend(id: string, position: number): Promise<boolean>;
  /** Delivers what was recorded from a log index on once more, in order. */
  recover(id: string, position: number): Promise<void>;
}

/** All of it: what an engine in one process has. A function on AWS has the side that it uses. */
export interface EventBus extends EventRelay, DeliveryReports, SubscriptionBus {}
