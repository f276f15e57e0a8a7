/**
 * Delivers a subscription's events to a handler in this process, acknowledging on success. A handler that throws or takes
 * too long is a failed delivery: retried, then dead-lettered, without stopping the others. Events of one entity are handled
 * one after the other, those of several at the same time, as many as asked for.
 */
import { failureReason, type DeliveredEvent, type EventBus, type ReceivedMessage } from '../../../core/events/index.ts';
import type { Clock } from '../../../core/ledger/index.ts';

const WAIT_MS = 20_000;
/** Between polls that come back empty at once, as those of a paused subscription do. */
const EMPTY_POLL_PAUSE_MS = 50;
const PAUSE_AFTER_ERROR_MS = 200;
/** A handler this quick is given events in advance, up to so many times what it handles at once. */
const QUICK_MS = 5;
const MAX_AHEAD = 32;

/** What a handler is told of the delivery beside the event. */
export interface Delivery {
  /** 1 for the first */
  readonly attempt: number;
  /** W3C trace context; absent when the event came without one */
  readonly traceparent?: string;
  /** aborted when the handler has taken too long: what it does from then on is done again by another delivery */
  readonly signal: AbortSignal;
}

export type EventHandler = (event: DeliveredEvent, delivery: Delivery) => unknown;

/** One subscription, as its consumer sees it. */
export interface MessageSource {
  receive(options: Parameters<EventBus['receive']>[1]): Promise<readonly ReceivedMessage[]>;
  /** Its time to acknowledge begins now, not while it waited in line. @returns false: it is over, the event comes again */
  begin?(receipt: string): boolean;
  ack(receipts: readonly string[]): Promise<unknown>;
  nack(receipts: readonly string[], failure: { readonly reason: string }): Promise<unknown>;
}

export interface ConsumeOptions {
  readonly source: MessageSource;
  readonly handler: EventHandler;
  /** events handled at the same time */
  readonly concurrency: number;
  /** a handler that takes longer has failed; absent: it may take its time */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export interface Consumer {
  /** Pulls no more, and resolves when what is being handled is done and settled. */
  stop(): Promise<void>;
}

export function consume(options: ConsumeOptions): Consumer {
  const stopping = new AbortController();
  const running = new Puller(options, stopping.signal).run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

class Puller {
  private readonly options: ConsumeOptions;
  private readonly stopping: AbortSignal;
  /** entity being handled, or about to be → what comes after */
  private readonly lanes = new Map<string, ReceivedMessage[]>();
  /** the first of each lane, until its turn */
  private readonly ready: ReceivedMessage[] = [];
  private readonly done: string[] = [];
  private readonly settlements = new Set<Promise<void>>();
  private active = 0;
  private held = 0;
  /** Events pulled per one handled at a time. A lease must not run out while it waits for a slow handler: then 1. */
  private ahead = 1;
  private onRoom: () => void = () => undefined;

  constructor(options: ConsumeOptions, stopping: AbortSignal) {
    this.options = options;
    this.stopping = stopping;
  }

  async run(): Promise<void> {
    const { clock, onError } = this.options;
    while (!this.stopping.aborted) {
      try {
        const most = this.ahead * this.options.concurrency;
        // Whoever has enough to go on with asks for many at a time: each request has its price.
        const isLow = this.held < this.options.concurrency || this.held <= most / 2;
        if (isLow) await this.pull(most - this.held);
        else await this.room();
      } catch (error) {
        onError(error);
        await clock.sleep(PAUSE_AFTER_ERROR_MS, this.stopping);
      }
    }
    while (this.held > 0) await this.room();
    await Promise.all(this.settlements);
  }

  private async pull(max: number): Promise<void> {
    const { source, clock } = this.options;
    const askedAt = clock.now();
    const messages = await source.receive({ max, waitMs: WAIT_MS, signal: this.stopping });
    for (const message of messages) this.queue(message);
    this.work();
    const wasShort = clock.now() - askedAt < EMPTY_POLL_PAUSE_MS;
    if (messages.length === 0 && wasShort) await clock.sleep(EMPTY_POLL_PAUSE_MS, this.stopping);
  }

  private room(): Promise<void> {
    return new Promise((resolve) => (this.onRoom = resolve));
  }

  private queue(message: ReceivedMessage): void {
    const { entityId } = message.event;
    this.held += 1;
    const lane = this.lanes.get(entityId);
    if (lane !== undefined) {
      lane.push(message);
      return;
    }
    this.lanes.set(entityId, []);
    this.ready.push(message);
  }

  private work(): void {
    while (this.active < this.options.concurrency) {
      const message = this.ready.shift();
      if (message === undefined) break;
      if (this.options.source.begin?.(message.receipt) === false) this.leave(message);
      else this.handle(message);
    }
    if (this.done.length > 0) this.settle(this.options.source.ack(this.done.splice(0)));
    this.onRoom();
  }

  private handle(message: ReceivedMessage): void {
    const { event, attempt, traceparent } = message;
    const { handler, clock } = this.options;
    const startedAt = clock.now();
    const timeout = new AbortController();
    const end = (reason?: string): void => {
      this.ahead = clock.now() - startedAt <= QUICK_MS ? Math.min(MAX_AHEAD, this.ahead * 2) : 1;
      this.end(message, reason);
    };
    this.active += 1;
    try {
      const trace = traceparent === undefined ? {} : { traceparent };
      const result = handler(event, { attempt, ...trace, signal: timeout.signal });
      if (!(result instanceof Promise)) {
        end();
        return;
      }
      void this.inTime(result, timeout)
        .then(
          () => end(),
          (error: unknown) => end(reasonOf(error)),
        )
        .then(() => this.work());
    } catch (error) {
      end(reasonOf(error));
    }
  }

  private end(message: ReceivedMessage, reason: string | undefined): void {
    const { receipt } = message;
    this.active -= 1;
    this.leave(message);
    if (reason === undefined) this.done.push(receipt);
    else this.settle(this.options.source.nack([receipt], { reason }));
  }

  private leave({ event }: ReceivedMessage): void {
    this.held -= 1;
    const next = this.lanes.get(event.entityId)?.shift();
    if (next === undefined) this.lanes.delete(event.entityId);
    else this.ready.push(next);
  }

  /** What cannot be settled comes again when its lease is over. */
  private settle(settled: Promise<unknown>): void {
    const settlements = settled.then(
      () => void this.settlements.delete(settlements),
      (error: unknown) => {
        this.settlements.delete(settlements);
        this.options.onError(error);
      },
    );
    this.settlements.add(settlements);
  }

  private async inTime(result: Promise<unknown>, timeout: AbortController): Promise<void> {
    const { timeoutMs, clock } = this.options;
    if (timeoutMs === undefined) {
      await result;
      return;
    }
    const done = new AbortController();
    const late = clock.sleep(timeoutMs, done.signal).then(() => {
      if (done.signal.aborted) return;
      timeout.abort();
      throw new Error(`it did not finish within ${timeoutMs} ms`);
    });
    try {
      await Promise.race([result, late]);
    } finally {
      done.abort();
    }
  }
}

function reasonOf(error: unknown): string {
  return failureReason(error) || 'the handler failed';
}
