/**
 * Relays what was just recorded to EventBridge, in rounds: what comes while a round is under way goes with the next one.
 * Losing a round costs nothing but time: what carries no relay mark, the outbox sweeper relays again.
 */
import { appendedEvent, type DeliveredEvent } from '../../../core/events/index.ts';
import type { AppendedEntry } from '../../../core/ledger/index.ts';
import { putEvents, type PutEventsDependencies } from '../bus/put-events.ts';
import type { RelayMarks } from './relay-marks.ts';

export interface RelayOptions extends PutEventsDependencies {
  readonly marks: RelayMarks;
  readonly onError: (error: unknown) => void;
}

interface Waiting {
  readonly event: DeliveredEvent;
  readonly at: string;
}

export class Relay {
  private readonly options: RelayOptions;
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    this.options = options;
  }

  add(entries: readonly AppendedEntry[]): void {
    for (const entry of entries) {
      const event = appendedEvent(withoutPosition(entry));
      if (event !== undefined) this.waiting.push({ event, at: entry.at });
    }
    if (this.waiting.length > 0) this.running ??= this.run();
  }

  /** Resolves when everything added so far was tried. */
  async flush(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    await Promise.resolve(); // groups of one commit are announced one by one: let them share the round
    while (this.waiting.length > 0) {
      const round = this.waiting;
      this.waiting = [];
      await this.relay(round).catch(this.options.onError);
    }
    this.running = undefined;
  }

  private async relay(round: readonly Waiting[]): Promise<void> {
    const recordedAt = new Map(round.map(({ event, at }) => [event, at]));
    const { relayed, failed } = await putEvents(this.options, [...recordedAt.keys()]);
    for (const { event, reason } of failed)
      this.options.onError(new Error(`event "${event.eventId}" was not relayed, the sweeper will: ${reason}`));
    const places = relayed.map((event) => ({
      chain: event.ledger.entity,
      seq: event.ledger.seq,
      at: recordedAt.get(event) ?? event.timestamp,
    }));
    if (places.length > 0) await this.options.marks.write(places);
  }
}

/** The bus never knows log indexes, so a filter never sees one here, whoever recorded the event. */
function withoutPosition(entry: AppendedEntry): AppendedEntry {
  return { ...entry, position: undefined };
}
