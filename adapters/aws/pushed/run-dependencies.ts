/** What a run of a pushed subscription takes. */
import type {
  BreakerChange,
  FunctionSubscription,
  MayRead,
  Outcome,
  Quarantine,
  ReadFacts,
} from '../../../core/events/index.ts';
import type { Clock, EntryStore, Ids } from '../../../core/ledger/index.ts';
import type { DeliveryNotes } from '../bus/delivery-notes.ts';
import type { DeadLetterStore } from '../subscriptions/dead-letters.ts';
import type { CallFunction } from './call-function.ts';
import type { PushedItems } from './pushed-items.ts';

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
  readonly letters: Pick<DeadLetterStore, 'letterWrite'>;
  readonly notes: Pick<DeliveryNotes, 'add'>;
  readonly quarantine: Pick<Quarantine, 'keep'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly call: CallFunction;
  /** The subscription as it is now; undefined: nothing may be sent to it, because it is paused, gone, or without rights. */
  readonly served: (id: string) => Promise<FunctionSubscription | undefined>;
  readonly mayRead: MayRead;
  readonly readFacts: ReadFacts;
  /** Both are told, and must not throw. */
  readonly onSettled: (delivery: SettledDelivery) => void;
  readonly onBreaker: (change: BreakerChange) => void;
}
