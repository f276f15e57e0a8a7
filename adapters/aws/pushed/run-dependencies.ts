/** What a run of a pushed subscription takes. */
import type {
  BreakerChange,
  MayRead,
  Outcome,
  PushedSubscription,
  Quarantine,
  ReadFacts,
  WebhookChange,
} from '../../../core/events/index.ts';
import type { Clock, EntryStore, Ids } from '../../../core/ledger/index.ts';
import type { DeliveryNotes } from '../bus/delivery-notes.ts';
import type { DeadLetterStore } from '../subscriptions/dead-letters.ts';
import type { AttemptLog } from './attempt-log.ts';
import type { PushedItems } from './pushed-items.ts';
import type { SendEvent } from './send-event.ts';

/** How one delivery ended. */
export interface SettledDelivery {
  readonly subscription: string;
  readonly outcome: Outcome['kind'];
  readonly isDead: boolean;
  /** why it failed */
  readonly reason?: string;
}

export interface RunDependencies {
  readonly ledger: string;
  readonly entries: Pick<EntryStore, 'readLog'>;
  readonly items: PushedItems;
  readonly letters: Pick<DeadLetterStore, 'letterWrite' | 'eraseFrom'>;
  readonly attempts: Pick<AttemptLog, 'writeOf'>;
  readonly notes: Pick<DeliveryNotes, 'add'>;
  readonly quarantine: Pick<Quarantine, 'keep'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly send: SendEvent;
  /** The subscription as it is now; undefined: nothing may be sent to it, because it is paused, gone, without rights, or not verified. */
  readonly served: (id: string) => Promise<PushedSubscription | undefined>;
  readonly mayRead: MayRead;
  readonly readFacts: ReadFacts;
  /** Records what the owner of a webhook must know. Twice is once. */
  readonly onWebhook: (change: WebhookChange) => Promise<void>;
  /** Both are told, and must not throw. */
  readonly onSettled: (delivery: SettledDelivery) => void;
  readonly onBreaker: (change: BreakerChange) => void;
}
