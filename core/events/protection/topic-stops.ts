/**
 * Which topics are stopped, for which cause. A stop and its entry on the ledger become true together, and so do a reset and
 * its entry; a stop holds in this process from the moment it is decided, and after a crash because it was recorded. What a
 * process saw before a person opened the topic, and tells only afterwards, stops nothing.
 */
import { isoOf, msOf, type IsoInstant } from '../../brands/index.ts';
import * as z from 'zod';
import type { Actor, Appender, Clock, ItemKey, ItemStore } from '../../ledger/index.ts';
import { STORM_WINDOW_MS } from '../../guard/index.ts';
import { GUARD_ACTOR, systemEvent } from '../envelope/system-event.ts';
import { SYSTEM_TOPICS, type StormDetected, type TopicReset } from '../catalog/system-topics.ts';
import { codecOf, instant, stored } from '../../values/index.ts';

/** What other processes stopped or reset is known after this, at the latest. */
const FRESH_MS = 2_000;
/** Correlations of a topic that are stopped at once. Events of further loops are refused one by one, and not kept. */
const MAX_LOOPS = 50;
const PAGE = 1_000;

export interface TopicStop extends StormDetected {
  /** of the event that tells it */
  readonly id: string;
  /** ISO 8601 UTC */
  readonly stoppedAt: IsoInstant;
}

const stormSchema = SYSTEM_TOPICS['system.storm_detected'].versions[1];
export const stopCodec = codecOf<TopicStop>(
  'topic stop',
  stormSchema.extend({ id: z.string(), stoppedAt: stormSchema.shape.resetAt.unwrap() }),
);

/** When a person last opened a topic. */
export const topicOpenedCodec = codecOf<{ readonly at: IsoInstant }>('opening of a topic', stored({ at: instant }));

export interface TopicStopsDependencies {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly appender: Pick<Appender, 'append'>;
  readonly clock: Pick<Clock, 'now'>;
  /** no other process stops or resets anything */
  readonly isAlone: boolean;
  /** Told about failures that no caller waits for. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export class TopicStops {
  private readonly deps: TopicStopsDependencies;
  private known = new Map<string, TopicStop>();
  private readonly unrecorded = new Map<string, TopicStop>();
  private readAt = -Infinity;
  /** stops and resets of this process: what was read meanwhile may be from before them */
  private changes = 0;

  constructor(deps: TopicStopsDependencies) {
    this.deps = deps;
  }

  /** The stop that this event meets. */
  find(topic: string, correlationId: string | undefined): TopicStop | undefined {
    if (this.known.size === 0) return undefined;
    return (
      this.known.get(keyOf({ topic })) ??
      (correlationId === undefined ? undefined : this.known.get(keyOf({ topic, correlationId })))
    );
  }

  /** What is stopped now. */
  list(): readonly TopicStop[] {
    return this.all().filter((stop) => !this.isOver(stop));
  }

  /** Reads what others did, if what is known is old. */
  async freshen(): Promise<void> {
    const nowMs = this.deps.clock.now();
    const age = nowMs - this.readAt;
    // A clock that was set back must not keep what is known from growing old.
    if (age < 0 || age >= (this.deps.isAlone ? Infinity : FRESH_MS)) await this.read(nowMs);
  }

  /**
   * Lifts every stop of the topic, whichever process decided it, and resolves to how many. From the first write on, no process
   * records a stop that it decided before.
   */
  async open(topic: string, by: Actor, why: string): Promise<number> {
    const value = topicOpenedCodec.encode({ at: isoOf(this.deps.clock.now()) });
    await this.deps.items.write([{ kind: 'put', key: this.openedKey(topic), value, expect: 'any' }]);
    await this.readAnew();
    const own = this.all().filter((stop) => stop.topic === topic);
    await this.lift(own, by, why);
    return own.length;
  }

  /** Lifts what has had its time. */
  async expire(): Promise<void> {
    const over = this.all().filter((stop) => this.isOver(stop));
    await this.lift(over, GUARD_ACTOR, 'its time was over');
  }

  /** Holds from now on, in this process; `record` makes it last. */
  hold(stop: TopicStop): void {
    if (this.known.has(keyOf(stop)) || (stop.cause === 'loop' && this.loopsOn(stop.topic) >= MAX_LOOPS)) return;
    this.changes += 1;
    this.known.set(keyOf(stop), stop);
    this.unrecorded.set(keyOf(stop), stop);
  }

  /** What is held is on the ledger when it resolves; what the store did not take is tried again with the next call. */
  async record(): Promise<void> {
    if (this.unrecorded.size === 0) return;
    await Promise.all([...this.unrecorded.values()].map((stop) => this.recordOne(stop)));
  }

  /** What another process stopped a moment ago is known, too. */
  private async readAnew(): Promise<void> {
    for (let changes = -1; changes !== this.changes;) {
      changes = this.changes;
      await this.read(this.deps.clock.now());
    }
  }

  /** Each with its own entry, once, whoever else lifts it too. */
  private async lift(stops: readonly TopicStop[], by: Actor, why: string): Promise<void> {
    await Promise.all(
      stops.map(async (stop) => {
        const { id, eventId: _, source: __, resetAt: ___, ...told } = stop;
        const data = { ...told, why } satisfies TopicReset;
        await this.deps.appender.append({
          entries: [systemEvent('system.topic_reset', { id: `reset-${id}`, by, payload: data })],
          writes: () => [{ kind: 'delete', key: this.itemKey(stop), expect: 'any' }],
        });
        this.changes += 1;
        this.known.delete(keyOf(stop));
        this.unrecorded.delete(keyOf(stop));
      }),
    );
  }

  private async read(nowMs: number): Promise<void> {
    const { items, ledger } = this.deps;
    const { changes } = this;
    const found = await items.list(partition(ledger), { limit: PAGE });
    if (changes !== this.changes) return;
    const stops = found.map((item) => stopCodec.decode(item));
    this.known = new Map([...stops, ...this.unrecorded.values()].map((stop) => [keyOf(stop), stop]));
    this.readAt = nowMs;
  }

  private async recordOne(stop: TopicStop): Promise<void> {
    try {
      const openedKey = this.openedKey(stop.topic);
      const opened = await this.deps.items.get(openedKey);
      const isOpenedSince = opened !== undefined && this.isFromBefore(stop, msOf(topicOpenedCodec.decode(opened).at));
      if (isOpenedSince || !(await this.append(stop, openedKey, opened?.version))) this.drop(stop);
      this.unrecorded.delete(keyOf(stop));
    } catch (error) {
      this.deps.onError(error);
    }
  }

  /**
   * A storm is counted from the beginning of its second, and other processes do not forget what they counted: what came before a
   * person opened the topic is no reason to stop it again. If the storm goes on, the next second stops it.
   */
  private isFromBefore({ cause, stoppedAt }: TopicStop, openedMs: number): boolean {
    const stoppedMs = msOf(stoppedAt);
    if (cause === 'loop' || this.deps.isAlone) return stoppedMs < openedMs;
    return stoppedMs - (stoppedMs % STORM_WINDOW_MS) <= openedMs;
  }

  /**
   * False when a person opened the topic since `openedVersion` was read, and then nothing is written. Nor is it when another
   * process stopped the same before: that is as good.
   */
  private async append(stop: TopicStop, openedKey: ItemKey, openedVersion: number | undefined): Promise<boolean> {
    const { id, stoppedAt: _, ...told } = stop;
    const outcome = await this.deps.appender.append({
      entries: [systemEvent('system.storm_detected', { id, payload: told })],
      writes: () => [
        { kind: 'check', key: openedKey, expect: openedVersion ?? 'absent' },
        { kind: 'put', key: this.itemKey(stop), value: stopCodec.encode(stop), expect: 'absent' },
      ],
    });
    return !(outcome.kind === 'precondition' && outcome.failed.pk === openedKey.pk);
  }

  /** Decided before a person opened the topic. Another one may stand in its place, so what is known is read again. */
  private drop(stop: TopicStop): void {
    this.changes += 1;
    this.known.delete(keyOf(stop));
    this.readAt = -Infinity;
  }

  private loopsOn(topic: string): number {
    return this.all().filter((stop) => stop.topic === topic && stop.cause === 'loop').length;
  }

  private all(): readonly TopicStop[] {
    return [...this.known.values()];
  }

  private isOver({ resetAt }: TopicStop): boolean {
    return resetAt !== undefined && msOf(resetAt) <= this.deps.clock.now();
  }

  private itemKey(stop: TopicStop): ItemKey {
    return { pk: partition(this.deps.ledger), sk: keyOf(stop) };
  }

  private openedKey(topic: string): ItemKey {
    return { pk: `${this.deps.ledger}#guard-opened`, sk: topic };
  }
}

/** A topic has no `#`, so no correlation can be taken for one. */
function keyOf({ topic, correlationId }: { readonly topic: string; readonly correlationId?: string }): string {
  return correlationId === undefined ? topic : `${topic}#${correlationId}`;
}

function partition(ledger: string): string {
  return `${ledger}#guard`;
}
