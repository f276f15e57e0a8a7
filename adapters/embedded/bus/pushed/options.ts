/** What working a pushed subscription takes. */
import type {
  BreakerChange,
  DeliveredEvent,
  MayRead,
  ReadFacts,
  WebhookChange,
  WebhookSubscription,
} from '../../../../core/events/index.ts';
import type { Clock, Ids, ItemStore } from '../../../../core/ledger/index.ts';
import type { EventLog } from '../event-log.ts';
import type { Mailbox } from '../mailbox.ts';
import type { PushPool } from './push-pool.ts';
import type { Delivered } from '../../../machine/webhook-delivery.ts';

export interface PushedQueueOptions {
  readonly ledger: string;
  readonly subscription: WebhookSubscription;
  readonly log: EventLog;
  readonly mailbox: Mailbox;
  readonly items: ItemStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly pool: PushPool;
  readonly mayRead: MayRead;
  readonly readFacts: ReadFacts;
  readonly deliver: (event: DeliveredEvent, attempt: number, signal: AbortSignal) => Promise<Delivered>;
  readonly onBreaker: (change: BreakerChange) => void;
  readonly onWebhook: (change: WebhookChange) => void;
  readonly onError: (error: unknown) => void;
}

export const UNREADABLE = 'the stored entry cannot be read: verify the ledger';
