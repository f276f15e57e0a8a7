/** The event bus on AWS: events go out through EventBridge, and come to subscribers through their queues. */
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { EventBus } from '../../../core/events/index.ts';
import type { AppendedEntry } from '../../../core/ledger/index.ts';
import type { RelayMarks } from '../relay/relay-marks.ts';
import { Relay } from '../relay/relay.ts';
import { SubscriptionQueues, type SubscriptionQueuesOptions } from './subscription-queues.ts';

export interface EventBridgeBusOptions extends SubscriptionQueuesOptions {
  readonly events: EventBridgeClient;
  /** bus of a domain: `<busPrefix>-<domain>` */
  readonly busPrefix: string;
  readonly marks: RelayMarks;
  /** Told about relays that failed; the sweeper repeats them. */
  readonly onError: (error: unknown) => void;
}

export class EventBridgeBus extends SubscriptionQueues implements EventBus {
  private readonly relays: Relay;

  constructor(options: EventBridgeBusOptions) {
    super(options);
    this.relays = new Relay({ ...options, client: options.events });
  }

  relay(entries: readonly AppendedEntry[]): void {
    this.relays.add(entries);
  }

  /** Resolves when every relay begun so far was tried. Await it before the process may be frozen. */
  flush(): Promise<void> {
    return this.relays.flush();
  }
}
