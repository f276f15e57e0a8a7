/**
 * Subscriptions fed from the log: a cursor over it, what is wanted copied into the queue in log order, then the cursor
 * moved. This is how per-entity order is kept (for good), and how history reaches any subscription (until its rules are
 * sure to have taken over). Run by several at once or killed anywhere: events may come twice, never be missed or reordered.
 */
import * as z from 'zod';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { msOf, type IsoInstant } from '../../../core/brands/index.ts';
import {
  createQuarantine,
  keepGap,
  readEvent,
  type DeliveredEvent,
  type Quarantine,
  type RecordedEvent,
  type Subscription,
} from '../../../core/events/index.ts';
import type { Clock, EntryStore, Item, ItemKey, ItemStore } from '../../../core/ledger/index.ts';
import { codecOf, defined, MS_PER_SECOND, stored, whole } from '../../../core/values/index.ts';
import { wantedBy, withoutPosition } from './directory.ts';
import { formatMessage } from './message.ts';
import { deduplicationId, groupOf } from './names.ts';
import type { QueueUrls } from './queue-urls.ts';
import { sendMessages, type MessageToSend } from './send-messages.ts';

/** Each costs a look at every entry: use modules' own filters long before this. */
const MAX_ORDERED = 1_000;
/** Log entries per step: one read, one cursor write. */
const STEP = 256;
/** A new rule sees every event only after a while; events recorded meanwhile are copied as well. */
const RULES_SETTLE_MS = 30_000;
/** By then everything recorded while the rules settled has its place in the log. */
const SEQUENCED_MS = 90_000;

/** SQS forgets what it has kept for 14 days; a day of it is for copying it again. */
const QUEUE_KEEPS_MS = 13 * 86_400_000;

/** How far a subscription is fed. Its existence says: the queue and the rules were made. */
export interface FeedState {
  /** of the subscription; tells a new one from a removed one of the same id */
  readonly createdAt: string;
  /** next log position to look at */
  readonly next: number;
  /** unordered: entries recorded later (ms since the Unix epoch) come by rule; undefined: the feed goes on for good */
  readonly until?: number;
  /** the rules have taken over */
  readonly done?: true;
  /** of the subscription, when its queue and rules were brought in line with it: absent: as it was made */
  readonly changedAt?: string;
  /** of the subscription: where it was last changed for which events it is, and the feed began anew */
  readonly changedFrom?: number;
  /** entries recorded before (ms since the Unix epoch) were delivered by the rules it had then */
  readonly since?: number;
  /** when it was paused (ms since the Unix epoch), and where the log ended then */
  readonly paused?: { readonly at: number; readonly position: number };
}

export const feedCodec = codecOf<FeedState>(
  'feed of a subscription',
  stored<FeedState>({
    createdAt: z.string(),
    next: whole,
    until: z.number().exactOptional(),
    done: z.literal(true).exactOptional(),
    changedAt: z.string().exactOptional(),
    changedFrom: whole.exactOptional(),
    since: z.number().exactOptional(),
    paused: stored<NonNullable<FeedState['paused']>>({ at: z.number(), position: whole }).exactOptional(),
  }),
);

export interface LogFeedOptions {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly entries: Pick<EntryStore, 'readLog' | 'size'>;
  readonly queues: SQSClient;
  readonly urls: QueueUrls;
  readonly clock: Clock;
}

export class LogFeed {
  private readonly options: LogFeedOptions;
  private readonly quarantine: Quarantine;

  constructor(options: LogFeedOptions) {
    this.options = options;
    this.quarantine = createQuarantine(options);
  }

  state(subscription: Pick<Subscription, 'id' | 'order'>): Promise<FeedState | undefined> {
    return feedState(this.options, subscription);
  }

  /** Called when queue and rules are ready; goes on where an earlier call of the same subscription stopped. */
  async begin(subscription: Subscription): Promise<void> {
    const { createdAt, from: next, order } = subscription;
    const item = await this.options.items.get(this.keyOf(subscription));
    const existing = item && feedCodec.decode(item);
    const until = order === 'entity' ? {} : { until: this.options.clock.now() + RULES_SETTLE_MS };
    if (existing?.createdAt !== createdAt) {
      const { changedAt, changedFrom } = subscription;
      const state = { createdAt, next, ...until, ...defined({ changedAt, changedFrom }) };
      await this.save(subscription, state, item?.version);
      return;
    }
    const known = existing.changedAt === subscription.changedAt ? existing : afterChange(existing, subscription, until);
    const state = subscription.status === 'paused' ? known : this.resumed(known, order, until);
    if (state !== existing) await this.save(subscription, state, item?.version);
  }

  /** Remembers where the log ended, so that a pause longer than SQS keeps messages loses nothing. */
  async pause(subscription: Subscription): Promise<void> {
    const { items, entries, clock } = this.options;
    const item = await items.get(this.keyOf(subscription));
    const state = item && feedCodec.decode(item);
    if (state === undefined || state.paused !== undefined) return;
    const paused = { at: clock.now(), position: await entries.size() };
    await this.save(subscription, { ...state, paused }, item?.version);
  }

  async forget(subscription: Pick<Subscription, 'id' | 'order'>): Promise<void> {
    await this.options.items.write([{ kind: 'delete', key: this.keyOf(subscription), expect: 'any' }]);
  }

  /** Ids of the subscriptions whose feed never ends. */
  async orderedIds(): Promise<readonly string[]> {
    const { items, ledger } = this.options;
    return (await items.list(partition(ledger, 'entity'), { limit: MAX_ORDERED })).map(({ sk }) => sk);
  }

  /** Copies until the log's end or `deadline` (ms since the Unix epoch). @returns whether it got to the end */
  async advance(subscription: Subscription, deadline: number): Promise<boolean> {
    const { clock } = this.options;
    for (;;) {
      const step = await this.step(subscription);
      if (step !== 'more') return step === 'end';
      if (clock.now() >= deadline) return false;
    }
  }

  /** Puts into its queue what the subscription wants of them. */
  async send(subscription: Subscription, recorded: readonly RecordedEvent[]): Promise<void> {
    const wants = wantedBy(this.options.ledger, subscription);
    const wanted = recorded.filter(({ event }) => wants(event));
    if (wanted.length === 0) return;
    const url = await this.options.urls.of(subscription);
    if (url === undefined) throw new Error(`the queue of subscription "${subscription.id}" is missing`);
    const now = this.options.clock.now();
    const { delayMs = 0 } = subscription;
    const delayOf = (at: string): number => Math.min(delayMs, Math.max(0, msOf(at) + delayMs - now));
    const messages = wanted.map(({ event, at }) => toMessage(subscription, event, delayOf(at)));
    await sendMessages(this.options.queues, url, messages);
  }

  private async step(subscription: Subscription): Promise<'more' | 'end' | 'yield'> {
    const { items, entries, clock } = this.options;
    const item = await items.get(this.keyOf(subscription));
    const state = item && feedCodec.decode(item);
    if (item === undefined || state === undefined || state.createdAt !== subscription.createdAt) return 'yield';
    if (state.done === true) return 'end';
    const startedAt = clock.now();
    const page = await entries.readLog(state.next, STEP);
    const events: RecordedEvent[] = [];
    for (const read of page.map((entry) => readEvent(entry))) {
      if (read !== undefined && 'reason' in read) await keepGap(this.quarantine, read);
      else if (read !== undefined) events.push(read);
    }
    const due = events.filter(({ at }) => isDue(subscription, state, at));
    await this.send(subscription, due);
    const isEnd = page.length < STEP;
    const isDone = isEnd && state.until !== undefined && startedAt > state.until + SEQUENCED_MS;
    if (page.length === 0 && !isDone) return 'end';
    const next = (page.at(-1)?.position ?? state.next - 1) + 1;
    const saved = await this.save(
      subscription,
      { ...state, next, ...(isDone ? { done: true as const } : {}) },
      item.version,
    );
    if (!saved) return 'more'; // another one feeds too: go on from where it is
    return isEnd ? 'end' : 'more';
  }

  private resumed(known: FeedState, order: Subscription['order'], until: Pick<FeedState, 'until'>): FeedState {
    if (known.paused === undefined) return known;
    const { paused, done, ...state } = known;
    const isForgotten = order === 'none' && this.options.clock.now() - paused.at > QUEUE_KEEPS_MS;
    if (!isForgotten) return { ...state, ...defined({ done }) };
    return { ...state, ...until, next: done === true ? paused.position : state.next };
  }

  private async save(
    subscription: Pick<Subscription, 'id' | 'order'>,
    state: FeedState,
    version: Item['version'] | undefined,
  ): Promise<boolean> {
    const key = this.keyOf(subscription);
    const write = { kind: 'put', key, value: feedCodec.encode(state), expect: version ?? 'absent' } as const;
    return (await this.options.items.write([write])).kind === 'written';
  }

  private keyOf(subscription: Pick<Subscription, 'id' | 'order'>): ItemKey {
    return keyOf(this.options.ledger, subscription);
  }
}

/**
 * Rules take a while to let through what they did not before: meanwhile the log is read. In order it is read anyway, by the settings
 * of the moment. While history is still being copied, it is copied on.
 */
function afterChange(
  state: FeedState,
  { order, changedAt, changedFrom }: Subscription,
  until: Pick<FeedState, 'until'>,
): FeedState {
  const known = { ...state, ...defined({ changedAt, changedFrom }) };
  if (order === 'entity' || changedAt === undefined || changedFrom === undefined || changedFrom === state.changedFrom)
    return known;
  const { done, ...begun } = known;
  return { ...begun, ...until, ...(done === true ? { next: changedFrom, since: msOf(changedAt) } : {}) };
}

/** How far it is fed, for those who only want to know. */
export async function feedState(
  { items, ledger }: Pick<LogFeedOptions, 'items' | 'ledger'>,
  subscription: Pick<Subscription, 'id' | 'order'>,
): Promise<FeedState | undefined> {
  const item = await items.get(keyOf(ledger, subscription));
  return item && feedCodec.decode(item);
}

function keyOf(ledger: string, { id, order }: Pick<Subscription, 'id' | 'order'>): ItemKey {
  return { pk: partition(ledger, order), sk: id };
}

function isDue(subscription: Subscription, { until = Infinity, since = 0 }: FeedState, at: IsoInstant): boolean {
  const recordedAt = msOf(at);
  return recordedAt <= until && recordedAt >= since && isAfterStart(subscription, at);
}

/** Log indexes come late, so a beginning in time goes by time: an entry recorded before may have a later index. */
export function isAfterStart(
  { startAt, createdAt }: Pick<Subscription, 'startAt' | 'createdAt'>,
  at: IsoInstant,
): boolean {
  if (typeof startAt === 'number' || startAt === 'earliest') return true;
  return msOf(at) >= msOf(startAt === 'latest' ? createdAt : startAt);
}

/**
 * A message as rules write them; in a FIFO queue, in its entity's group.
 * @param delayMs instead of the subscription's own. A FIFO queue delays all messages alike: there it is not used
 */
export function toMessage(subscription: Subscription, event: DeliveredEvent, delayMs: number): MessageToSend {
  const body = formatMessage({ subscription: subscription.id, event: withoutPosition(event) });
  if (subscription.order === 'none')
    return {
      body,
      ...(subscription.delayMs === undefined ? {} : { delaySeconds: Math.ceil(delayMs / MS_PER_SECOND) }),
    };
  const { entity, seq } = event.ledger;
  return { body, group: groupOf(entity), deduplicationId: deduplicationId(entity, seq) };
}

function partition(ledger: string, order: Subscription['order']): string {
  return `${ledger}#feed#${order}`;
}
