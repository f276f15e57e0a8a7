/**
 * Who publishes too fast, which topic has a storm, which events cause each other. Decides in memory, event by event in their
 * order; what others counted is learned afterwards, while the events are being recorded. It knows no payloads.
 */
import { isoOf, later, msOf, type EpochMs } from '../../brands/index.ts';
import {
  atLeast,
  loopAfter,
  STORM_WINDOW_MS,
  stormAfter,
  stormShare,
  stormLimit,
  takeTokens,
  type Protection,
  type Rate,
  type Window,
} from '../../guard/index.ts';
import type { Clock, Ids } from '../../ledger/index.ts';
import type { Principal } from '../../policy/index.ts';
import { countOf, orBlank, orNone } from '../../values/index.ts';
import { GuardError } from '../catalog/errors.ts';
import type { Guard, GuardedEvent, SharedCounts } from './guard.ts';
import type { TopicStop, TopicStops } from './topic-stops.ts';
import { MS_PER_SECOND } from '../../values/index.ts';

/** Counts kept at once; beyond, those that did not move for longest are forgotten, and the hop limit remains. */
const MAX_COUNTS = 10_000;

/** What happened since this process started. */
export interface GuardStats {
  /** events refused because their publisher had published too many */
  readonly rateLimited: number;
  /** events refused because of a stop, or because they would have been the next of a loop */
  readonly refused: number;
  readonly stormsDetected: number;
  readonly loopsDetected: number;
  readonly resets: number;
}

export interface GuardEvaluatorDependencies {
  readonly protection: Protection;
  readonly clock: Pick<Clock, 'now'>;
  readonly ids: Pick<Ids, 'next'>;
  /** absent: no other process publishes */
  readonly shared?: SharedCounts;
  /** Told whenever a count of `stats` grows. Must not throw. */
  readonly onCount?: (what: keyof GuardStats) => void;
  readonly onError: (error: unknown) => void;
}

interface WindowCount {
  readonly window: Window;
  readonly lengthMs: number;
  /** events that are not worth telling yet */
  readonly share: number;
  /** of a topic: how many are calm, and the last event that was counted */
  readonly storm?: { readonly perSecond: number; readonly event: GuardedEvent };
  events: number;
}

/** One call of `admit`. */
interface Batch {
  readonly principal: Principal;
  readonly nowMs: EpochMs;
  /** what the other processes are to be told, once for each count, however many events there were */
  readonly counted: Map<string, WindowCount>;
  /** taken of the publisher's bucket */
  tokens: number;
}

export class GuardEvaluator implements Guard {
  private readonly deps: GuardEvaluatorDependencies;
  private readonly topicStops: TopicStops;
  /** publisher → when its bucket will be full again */
  private readonly buckets = new Map<string, number>();
  /** topic, or topic and entity and correlation → events; those that moved last are last */
  private readonly windows = new Map<string, Window>();
  /** what the others have not been told of a window */
  private readonly untold = new Map<string, Window>();
  private readonly counts = { rateLimited: 0, refused: 0, stormsDetected: 0, loopsDetected: 0, resets: 0 };
  private readonly sharing = new Set<Promise<unknown>>();

  constructor(deps: GuardEvaluatorDependencies, topicStops: TopicStops) {
    this.deps = deps;
    this.topicStops = topicStops;
  }

  async admit(principal: Principal, events: readonly GuardedEvent[]): Promise<readonly (GuardError | undefined)[]> {
    // What cannot be read now is no reason to refuse: if the store is gone, recording will say so.
    await this.refresh().catch(this.deps.onError);
    const batch: Batch = { principal, nowMs: this.deps.clock.now(), counted: new Map(), tokens: 0 };
    const verdicts = events.map(
      (event) =>
        this.overRate(batch) ?? this.stopped(event, batch) ?? this.inLoop(event, batch) ?? this.inStorm(event, batch),
    );
    this.share(batch);
    await this.topicStops.record();
    return verdicts;
  }

  stats(): GuardStats {
    return { ...this.counts };
  }

  /** Resolves when what was counted is shared. */
  async flush(): Promise<void> {
    await Promise.all(this.sharing);
  }

  /** After a reset: what stopped the topic must not stop it again. */
  forget(topic: string, topicStops: number): void {
    for (const key of this.windows.keys()) if (key === topic || key.startsWith(`${topic}\n`)) this.windows.delete(key);
    this.untold.delete(topic);
    this.count('resets', topicStops);
  }

  private async refresh(): Promise<void> {
    await this.topicStops.freshen();
    await this.topicStops.expire();
  }

  private overRate(batch: Batch): GuardError | undefined {
    const { principal, nowMs } = batch;
    const limit = rateOf(this.deps.protection, principal);
    if (limit === undefined) return undefined;
    const { rate, publisher } = limit;
    const { fullAtMs, taken, retryAfterMs } = takeTokens(rate, countOf(this.buckets, publisher), 1, nowMs);
    this.buckets.set(publisher, fullAtMs);
    batch.tokens += taken;
    if (taken === 1) return undefined;
    this.count('rateLimited');
    return new GuardError({
      code: 'RATE_LIMITED',
      message: `"${principal.id}" may publish ${rate.perMinute} events a minute, ${rate.burst} at once`,
      retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / MS_PER_SECOND)),
    });
  }

  private stopped({ topic, origin }: GuardedEvent, { nowMs }: Batch): GuardError | undefined {
    const stop = this.topicStops.find(topic, origin.correlationId);
    return stop === undefined ? undefined : this.refuse(stop, nowMs);
  }

  private inLoop(event: GuardedEvent, batch: Batch): GuardError | undefined {
    const { topic, chain, origin, eventId } = event;
    const { loop } = this.deps.protection;
    const { correlationId = eventId } = origin;
    const key = `${topic}\n${chain}\n${correlationId}`;
    const { window, verdict } = loopAfter(this.windows.get(key), origin, loop, batch.nowMs);
    const lengthMs = loop.windowSeconds * MS_PER_SECOND;
    if (window !== undefined) this.note(batch, key, { window, lengthMs, share: 1 });
    if (verdict.kind === 'straight') return undefined;
    this.count('loopsDetected');
    const stop = this.stop(event, batch, { cause: 'loop', correlationId, reason: verdict.reason });
    return this.refuse(stop, batch.nowMs);
  }

  private inStorm(event: GuardedEvent, batch: Batch): GuardError | undefined {
    const { topic } = event;
    const perSecond = stormLimit(this.deps.protection, topic);
    if (perSecond === undefined) return undefined;
    const { window, verdict } = stormAfter(this.windows.get(topic), perSecond, batch.nowMs);
    const storm = { perSecond, event };
    this.note(batch, topic, { window, lengthMs: STORM_WINDOW_MS, share: stormShare(perSecond), storm });
    if (verdict === 'calm') return undefined;
    return this.refuse(this.haltStorm(event, batch, perSecond), batch.nowMs);
  }

  /** Others counted more than was known here: found with these events on their way, which are recorded, and no later. */
  private async haltLate({ storm }: WindowCount, batch: Batch, count: number): Promise<void> {
    if (storm === undefined || count <= storm.perSecond) return;
    const { event, perSecond } = storm;
    if (this.topicStops.find(event.topic, undefined) !== undefined) return;
    this.haltStorm(event, batch, perSecond);
    await this.topicStops.record();
  }

  private haltStorm(event: GuardedEvent, batch: Batch, perSecond: number): TopicStop {
    this.count('stormsDetected');
    return this.stop(event, batch, { cause: 'storm', reason: `more than ${perSecond} events in one second` });
  }

  private stop(
    { topic, eventId }: GuardedEvent,
    { principal, nowMs }: Batch,
    why: Pick<TopicStop, 'cause' | 'reason' | 'correlationId'>,
  ): TopicStop {
    const { protection, ids } = this.deps;
    const seconds = (why.cause === 'storm' ? protection.storm : protection.loop).resetAfterSeconds;
    const stop: TopicStop = {
      ...{ id: ids.next(), topic, ...why, eventId, source: principal.id, stoppedAt: isoOf(nowMs) },
      ...(seconds === undefined ? {} : { resetAt: isoOf(later(nowMs, seconds * MS_PER_SECOND)) }),
    };
    this.topicStops.hold(stop);
    return stop;
  }

  private refuse({ topic, cause, correlationId, reason, stoppedAt, resetAt }: TopicStop, nowMs: EpochMs): GuardError {
    this.count('refused');
    const reset = `an auditor or security opens it: POST /v1/guards/${topic}/reset`;
    const opens = resetAt === undefined ? reset : `it opens at ${resetAt}, or ${reset}`;
    return new GuardError({
      ...(cause === 'storm'
        ? { code: 'TOPIC_STOPPED', message: `topic "${topic}" was stopped at ${stoppedAt}: ${reason}; ${opens}` }
        : {
            code: 'LOOP_DETECTED',
            message: `topic "${topic}" takes no events of correlation "${orBlank(correlationId)}": ${reason}; ${opens}`,
          }),
      ...(resetAt === undefined
        ? {}
        : { retryAfterSeconds: Math.max(1, Math.ceil((msOf(resetAt) - nowMs) / MS_PER_SECOND)) }),
    });
  }

  private note({ counted }: Batch, key: string, of: Omit<WindowCount, 'events'>): void {
    this.keep(key, of.window);
    counted.set(key, { ...of, events: orNone(counted.get(key)?.events) + 1 });
  }

  private keep(key: string, window: Window): void {
    this.windows.delete(key);
    this.windows.set(key, window);
    for (const oldest of this.windows.keys()) {
      if (this.windows.size <= MAX_COUNTS) return;
      this.windows.delete(oldest);
    }
  }

  /** Tells the others what was counted, and learns what they did: for the events after these. */
  private share(batch: Batch): void {
    const { principal, nowMs, counted, tokens } = batch;
    const { shared, protection, onError } = this.deps;
    if (shared === undefined) return;
    const tell = (telling: Promise<void>): void => {
      const told = telling.catch(onError).finally(() => this.sharing.delete(told));
      this.sharing.add(told);
    };
    for (const [key, one] of counted) {
      const events = this.owed(key, one);
      if (events === 0) continue;
      const { lengthMs } = one;
      const { startMs } = one.window;
      tell(
        shared.add(key, { startMs, lengthMs }, events).then((count) => {
          this.keep(key, atLeast(this.windows.get(key), { startMs, count }));
          return this.haltLate(one, batch, count);
        }),
      );
    }
    const limit = rateOf(protection, principal);
    if (limit === undefined || tokens === 0) return;
    const { rate, publisher } = limit;
    tell(
      shared.owe(publisher, rate, tokens, nowMs).then((fullAtMs) => {
        this.buckets.set(publisher, Math.max(fullAtMs, countOf(this.buckets, publisher)));
      }),
    );
  }

  /** What is to be told now: nothing, until it is worth a write. */
  private owed(key: string, { window: { startMs }, share, events }: WindowCount): number {
    const before = this.untold.get(key);
    const count = events + (before?.startMs === startMs ? before.count : 0);
    if (count < share) {
      this.untold.set(key, { startMs, count });
      return 0;
    }
    this.untold.delete(key);
    return count;
  }

  private count(what: keyof GuardStats, times = 1): void {
    for (let i = 0; i < times; i++) this.deps.onCount?.(what);
    this.counts[what] += times;
  }
}

/** A person publishes as one, whatever account is used. What AWS services bring is not theirs to slow down. */
function rateOf(
  { rates }: Protection,
  principal: Principal,
): { readonly rate: Rate; readonly publisher: string } | undefined {
  const { kind } = principal;
  const limit = kind === 'module' ? rates.modules[principal.id] : kind === 'service' ? undefined : rates.sessions;
  if (limit === undefined || limit === 'unlimited') return undefined;
  return { rate: limit, publisher: `${kind}/${kind === 'person' ? principal.personId : principal.id}` };
}
