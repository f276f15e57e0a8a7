/**
 * The façade: everything a shell (HTTP, CLI, Lambda, in-process code) can ask of the system, independent of the engine.
 * Interfaces only; `create-nervous-system.ts` builds them from ports and configuration.
 */
import type { Accesses } from './accesses.ts';
import type { ChainHash, DocumentHash, EntityId, Given, IsoInstant } from '../../brands/index.ts';
import type { ApprovalQueue, Changes, PolicyUseCases, ReviewQueue } from '../../changes/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import type {
  Catalog,
  DeliveredEvent,
  DeliveryState,
  Guards,
  GuardStats,
  Ingest,
  Publish,
  Quarantined,
  Reveal,
  SubscriptionStats,
  StreamFilter,
  Subscriptions,
  Webhooks,
} from '../../events/index.ts';
import type { EntryBody, KeyRecord, Scope, VerificationReport, Verdict } from '../../ledger/index.ts';
import type { Policy, Principal } from '../../policy/index.ts';
import type { Moment } from '../../values/index.ts';
import type { Work } from '../../work/index.ts';
import type { NervousConfig } from '../config/config.ts';
import type { Execute } from '../operations/entry-point.ts';
import type { Outcomes } from '../operations/metrics.ts';
import type { Notices } from './notices.ts';
import type { MapReport } from '../map/map.ts';
import type { Alarms } from '../operations/performance.ts';
import type { UseCaseName } from '../operations/use-case-table.ts';

export interface EntryView {
  readonly seq: number;
  /** log index; absent while it has none */
  readonly position?: number;
  /** hex chain hash */
  readonly hash: ChainHash;
  readonly body: EntryBody;
  /** the stored bytes as text, for clients that verify for themselves */
  readonly note: string;
  /** only when the request asked for it */
  readonly verification?: EntryVerdict;
}

/** The verdict on one entry: its bytes, signatures, the link to the entry before it, and its place in the published log. */
export interface EntryVerdict {
  /** NOT_YET_ANCHORED: sound, but no anchor covers it yet */
  readonly verdict: Verdict;
  readonly detail?: string;
}

/** The part of the ledger to verify: one of the log's own scopes, or the documents alone. */
export type LedgerScope = Scope | { readonly mode: 'state' };

export interface VerifyRequest {
  /** default: everything */
  readonly scope?: LedgerScope;
  /** default true */
  readonly signatures?: boolean;
  /** a signed checkpoint that the caller kept; needed for `since` */
  readonly remembered?: Uint8Array;
  readonly requireAnchored?: boolean;
  readonly maxAgeMinutes?: number;
  /** when it is aborted, nobody waits for the answer any more, and the work ends */
  readonly signal?: AbortSignal;
}

export interface EntityView {
  readonly entityId: Given<EntityId>;
  /** the newest entry; an entity without entries has no view, and the request is refused as not found */
  readonly head: { readonly seq: number; readonly hash: ChainHash; readonly at: IsoInstant };
  /** the entity's document as change-sets made it; absent when there is none */
  readonly document?: JsonObject;
  /** version of the document, 0 when there is none */
  readonly version: number;
}

/** An entity as it was when an entry of its chain was the newest, computed from the entries up to that one. */
export interface EntityAt {
  readonly entityId: Given<EntityId>;
  /** the newest entry then: its hash is over all that the answer was computed from */
  readonly entry: {
    readonly seq: number;
    readonly hash: ChainHash;
    readonly at: IsoInstant;
    readonly position?: number;
  };
  readonly document?: JsonObject;
  readonly version: number;
  /** as the entry that wrote the document says it, too */
  readonly documentHash: DocumentHash;
  /** that entry; absent: none did */
  readonly writtenBy?: { readonly seq: number; readonly hash: ChainHash; readonly at: IsoInstant };
}

export interface Entities {
  /** @throws SystemError ENTITY_NOT_FOUND, PolicyError FORBIDDEN, as all here */
  get(principal: Principal, entityId: Given<EntityId>): Promise<EntityView>;
  /** The entity as it was. @throws also ENTRY_UNREADABLE: what is stored leads to no document */
  at(
    principal: Principal,
    entityId: Given<EntityId>,
    options: { readonly at: { readonly seq: number } | Moment; readonly signal?: AbortSignal },
  ): Promise<EntityAt>;
  entries(
    principal: Principal,
    entityId: Given<EntityId>,
    options: { readonly from: number; readonly limit: number; readonly verify?: boolean },
  ): Promise<readonly EntryView[]>;
  /** @param options.signal when it is aborted, the work ends. @throws SystemError VERIFICATION_ENDED */
  verify(
    principal: Principal,
    entityId: Given<EntityId>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<VerificationReport>;
}

export interface EventTrace {
  readonly event: DeliveredEvent;
  /** when the entry was recorded, ISO 8601 UTC */
  readonly acceptedAt: IsoInstant;
  readonly deliveries: readonly DeliveryState[];
}

export interface FeedFilter {
  /** globs, `transactions.*`; none: all */
  readonly topics?: readonly string[];
  readonly entityId?: Given<EntityId>;
  /** Only events that this subscription lets through, including the rights to subscribe and to read. Without a cursor it says where to begin. */
  readonly subscription?: Pick<StreamFilter, 'from' | 'wants'>;
  /** Where to begin without a cursor: at the first entry recorded then or later, as found by a search (feed/log-times.ts). */
  readonly since?: Moment;
  /** Where to end: behind the last entry recorded before it. What is not recorded yet is not waited for. */
  readonly until?: Moment;
}

export interface FeedItem {
  readonly event: DeliveredEvent;
  /** opaque; pass it as `after` to continue behind this event */
  readonly cursor: string;
}

export interface FeedBatch {
  /** empty: the batch only says how far the log was read */
  readonly items: readonly FeedItem[];
  readonly cursor: string;
  /** the end that `until` named is reached */
  readonly isLast?: true;
}

/** Events the principal may read, in commit order. `after` is a cursor, or `latest` for the end of the log. */
export interface Feed {
  /** One page, waiting up to `waitMs` at the end of the log. @throws SystemError CURSOR_INVALID | CURSOR_GONE */
  read(
    principal: Principal,
    options: FeedFilter & {
      readonly after?: string;
      readonly limit: number;
      readonly waitMs: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<FeedBatch>;
  /**
   * Yields the recorded events, then new ones, until the signal is aborted or the reader stops reading. The first batch has the
   * cursor at which it begins; then a batch comes at least every 15 s. With `until` it ends there; undefined: it has ended already. It reads only when it is asked to, so a slow reader costs no memory.
   * @throws SystemError CURSOR_INVALID | CURSOR_GONE | STREAMS_EXHAUSTED
   */
  follow(
    principal: Principal,
    options: FeedFilter & { readonly after?: string; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<FeedBatch> | undefined>;
}

/** The published log. It returns bytes as they are stored, so that callers can check them with their own tools. */
export interface PublicLogView {
  /** The newest signed checkpoint. @throws SystemError NOT_PUBLISHED_YET */
  checkpoint(): Promise<Uint8Array>;
  /** A tile, or (auditors) a bundle, by its C2SP path. @throws SystemError TILE_NOT_FOUND */
  file(principal: Principal, path: string): Promise<Uint8Array>;
  /** A C2SP tlog-proof of an entry. @throws SystemError ENTITY_NOT_FOUND | NOT_PUBLISHED_YET */
  proof(principal: Principal, entityId: Given<EntityId>, seq: number): Promise<Uint8Array>;
}

export interface ValidationReport {
  /** whether all `checks` pass; slowness is not among them, because a slow system should stay in service */
  readonly ok: boolean;
  /** the current state of the alarm `performance_degraded` */
  readonly performanceCheck: { readonly ok: boolean; readonly detail: string };
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

export interface MonitorReport {
  readonly ledger: string;
  readonly origin: string;
  readonly entries: number;
  /** ISO 8601: `operations` and `published` are counted since then. It is the start of the process, or of the year where many processes are counted together */
  readonly countedSince: string;
  /** requests that passed the entry point since then, by outcome; `successRate` is the share that succeeded */
  readonly operations: Outcomes & {
    readonly total: number;
    readonly successRate: number;
    /** empty where use cases are not counted separately (AWS) */
    readonly byUseCase: Readonly<Partial<Record<UseCaseName, Outcomes>>>;
  };
  readonly responseTimeMs: { readonly p50: number; readonly p95: number };
  /** from recording to acknowledgement, of the slowest subscription; absent when nothing was delivered or measured */
  readonly messageLatencyMs?: { readonly p50: number; readonly p95: number };
  /** of the last minute; where many processes are counted together, of the last five known minutes */
  readonly systemThroughput: { readonly operationsPerSecond: number; readonly eventsPerSecond: number };
  /** whether subscribers can be reached (no breaker is open) and callers can connect (a connection is free) */
  readonly connectionHealth: {
    readonly ok: boolean;
    readonly openBreakers: number;
    /** absent where this process does not accept connections itself */
    readonly connections?: { readonly open: number; readonly limit: number };
  };
  readonly alarms: Alarms;
  /** events since `countedSince`, by what became of them */
  readonly published: { readonly accepted: number; readonly duplicate: number; readonly rejected: number };
  readonly subscriptions: readonly SubscriptionStats[];
  /** change-sets waiting for a decision */
  readonly approvalQueue: ApprovalQueue;
  /** change-sets that ran without the usual approval and wait for their review */
  readonly reviewQueue: ReviewQueue;
  /** streams of the feed that are open now; absent where none are served */
  readonly streams?: number;
  /** what protection did; absent where nothing is published */
  readonly guard?: GuardStats;
}

export interface NervousSystem {
  readonly config: NervousConfig;
  /** answers by the roster in force */
  readonly policy: Policy;
  /** Reads the policy in force, unless that was done in the last `maxAgeMs` (default 0). @throws PolicyError POLICY_UNREADABLE */
  refreshPolicy(maxAgeMs?: number): Promise<void>;
  readonly catalog: Catalog;
  /** Makes the ledger ready: keys, subscriptions, interrupted change-sets. Idempotent. */
  initialize(): Promise<void>;
  /**
   * The one entry point of every shell. It checks who calls, with what right and on what budget, and counts and times each call with its
   * outcome. Code that calls the use cases below on somebody's behalf must call them through it.
   */
  readonly execute: Execute;
  /** Checks configuration, keys, clock and store without changing anything. */
  validate(): Promise<ValidationReport>;
  monitor(): Promise<MonitorReport>;
  /**
   * Shows who publishes and subscribes to what, and where events can go round in a circle. For those who may read everything.
   * @param options.observe how many of the newest entries to read for traffic. @throws PolicyError FORBIDDEN
   */
  map(principal: Principal, options: { readonly observe: number }): Promise<MapReport>;
  readonly publish: Publish;
  /** Lists stopped topics and opens them again. */
  readonly guards: Pick<Guards, 'list' | 'reset'>;
  /** Reads the confidential fields of an entry, and records on the entity's chain who saw them. */
  readonly reveal: Reveal;
  /** Takes an event as EventBridge delivers it: records it under its topic, or keeps it in quarantine with the reason. */
  readonly ingest: Ingest;
  /** Lists events that could not be recorded, by id. Auditors only. */
  quarantined(
    principal: Principal,
    options: { readonly after?: string; readonly limit: number },
  ): Promise<readonly Quarantined[]>;
  /** Claims of work: one holder at a time. docs/work.md */
  readonly work: Work;
  readonly changes: Changes;
  readonly governing: PolicyUseCases;
  readonly entities: Entities;
  readonly log: PublicLogView;
  readonly subscriptions: Subscriptions;
  /** Sends events to receivers of others. docs/webhooks.md */
  readonly webhooks: Webhooks;
  readonly feed: Feed;
  /** Lists who read what, and who was refused what. Auditors only. docs/access.md */
  readonly accesses: Accesses;
  /** What people should know of, each for those whom it concerns. docs/notices.md */
  readonly notices: Notices;
  /** Reads an event with its deliveries. @throws EventError EVENT_NOT_FOUND | EVENT_AMBIGUOUS */
  trace(principal: Principal, eventId: string, source?: string): Promise<EventTrace>;
  /**
   * Revokes a session key: verification believes nothing that it signs from now on. Auditors only.
   * @param key `keys/<16 hex>`. @throws LedgerError KEY_NOT_FOUND | KEY_REASON_INVALID
   */
  revokeKey(principal: Principal, key: string, reason: string): Promise<KeyRecord>;
  /** Verifies every chain, or the part that the request names. Auditors only. @throws SystemError VERIFICATION_ENDED */
  verifyAll(principal: Principal, request?: VerifyRequest): Promise<VerificationReport>;
}
