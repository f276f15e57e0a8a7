/**
 * The façade: everything a shell (HTTP, CLI, Lambda, in-process code) can ask of the system, independent of the engine.
 * Interfaces only; `create-nervous-system.ts` builds them from ports and configuration.
 */
import type { IsoInstant } from '../../brands/index.ts';
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
} from '../../events/index.ts';
import type { EntryBody, KeyRecord, Scope, VerificationReport, Verdict } from '../../ledger/index.ts';
import type { Policy, Principal } from '../../policy/index.ts';
import type { NervousConfig } from '../config/config.ts';
import type { Execute } from '../operations/entry-point.ts';
import type { Outcomes } from '../operations/metrics.ts';
import type { MapReport } from '../map/map.ts';
import type { Alarms } from '../operations/performance.ts';
import type { UseCaseName } from '../operations/use-case-table.ts';

export interface EntryView {
  readonly seq: number;
  /** log index; absent while it has none */
  readonly position?: number;
  /** hex chain hash */
  readonly hash: string;
  readonly body: EntryBody;
  /** the stored bytes as text, for clients that verify for themselves */
  readonly note: string;
  /** when it was asked for */
  readonly verification?: EntryVerdict;
}

/** Of one entry: its bytes, signatures, the link to the entry before it, its place in the published log. */
export interface EntryVerdict {
  /** NOT_YET_ANCHORED: sound, but no anchor covers it yet */
  readonly verdict: Verdict;
  readonly detail?: string;
}

/** What of the ledger is to be verified; the log's own scopes, or the documents alone. */
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
  /** aborted: nobody waits for the answer any more, and the work ends */
  readonly signal?: AbortSignal;
}

export interface EntityView {
  readonly entityId: string;
  /** newest entry, absent when nothing was ever recorded (then the whole view is refused as not found) */
  readonly head: { readonly seq: number; readonly hash: string; readonly at: IsoInstant };
  /** the entity's document as change-sets made it; absent when none did */
  readonly document?: JsonObject;
  /** version of the document, 0 when there is none */
  readonly version: number;
}

export interface Entities {
  /** @throws SystemError ENTITY_NOT_FOUND, PolicyError FORBIDDEN, as all here */
  get(principal: Principal, entityId: string): Promise<EntityView>;
  entries(
    principal: Principal,
    entityId: string,
    options: { readonly from: number; readonly limit: number; readonly verify?: boolean },
  ): Promise<readonly EntryView[]>;
  /** @param options.signal aborted: nobody waits any more, and the work ends. @throws SystemError VERIFICATION_ENDED */
  verify(
    principal: Principal,
    entityId: string,
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
  readonly entityId?: string;
  /** What it lets through: the rights to subscribe and to read included; without a cursor it says where to begin. */
  readonly subscription?: Pick<StreamFilter, 'from' | 'wants'>;
}

export interface FeedItem {
  readonly event: DeliveredEvent;
  /** pass as `after` to go on behind it; opaque */
  readonly cursor: string;
}

export interface FeedBatch {
  /** none: nothing to tell but how far the log was looked at */
  readonly items: readonly FeedItem[];
  readonly cursor: string;
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
   * What there is, then what comes, until the signal is aborted or the reader stops reading. First the cursor it begins
   * at; then something at least every 15 s. Reads on only when it is asked to: a slow reader costs no memory.
   * @throws SystemError CURSOR_INVALID | CURSOR_GONE | STREAMS_EXHAUSTED
   */
  follow(
    principal: Principal,
    options: FeedFilter & { readonly after?: string; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<FeedBatch>>;
}

/** The published log. Bytes are given as they are, for checking with tools of one's own. */
export interface PublicLogView {
  /** The newest signed checkpoint. @throws SystemError NOT_PUBLISHED_YET */
  checkpoint(): Promise<Uint8Array>;
  /** A tile, or (auditors) a bundle, by its C2SP path. @throws SystemError TILE_NOT_FOUND */
  file(principal: Principal, path: string): Promise<Uint8Array>;
  /** A C2SP tlog-proof of an entry. @throws SystemError ENTITY_NOT_FOUND | NOT_PUBLISHED_YET */
  proof(principal: Principal, entityId: string, seq: number): Promise<Uint8Array>;
}

export interface ValidationReport {
  /** of `checks`: what is slow is no reason to take the system out of service */
  readonly ok: boolean;
  /** the alarm `performance_degraded`, as it stands */
  readonly performanceCheck: { readonly ok: boolean; readonly detail: string };
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

export interface MonitorReport {
  readonly ledger: string;
  readonly origin: string;
  readonly entries: number;
  /** ISO 8601: `operations` and `published` are counted from then on. The start of the process, or of the year where many are counted together */
  readonly countedSince: string;
  /** what passed the entry point since then, by outcome; `successRate`: what was done of all that was asked for */
  readonly operations: Outcomes & {
    readonly total: number;
    readonly successRate: number;
    /** empty where they are not counted apart (AWS) */
    readonly byUseCase: Readonly<Partial<Record<UseCaseName, Outcomes>>>;
  };
  readonly responseTimeMs: { readonly p50: number; readonly p95: number };
  /** from recorded to acknowledged, of the slowest subscription; absent: nothing was delivered, or nobody measures */
  readonly messageLatencyMs?: { readonly p50: number; readonly p95: number };
  /** of the last minute; of many processes together, of the last five that are known */
  readonly systemThroughput: { readonly operationsPerSecond: number; readonly eventsPerSecond: number };
  /** whether everybody is reached: subscribers (no breaker open), and callers (a connection is free) */
  readonly connectionHealth: {
    readonly ok: boolean;
    readonly openBreakers: number;
    /** absent: connections are not this process's */
    readonly connections?: { readonly open: number; readonly limit: number };
  };
  readonly alarms: Alarms;
  /** events since `countedSince`, by what became of them */
  readonly published: { readonly accepted: number; readonly duplicate: number; readonly rejected: number };
  readonly subscriptions: readonly SubscriptionStats[];
  /** change-sets waiting for a decision */
  readonly approvalQueue: ApprovalQueue;
  /** what ran without the usual approval and waits to be looked at */
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
   * The one entry point of every shell: who calls, with what right, on what budget; counted and timed with its outcome. The use
   * cases below are what stands behind it: whoever calls them for somebody calls them through it.
   */
  readonly execute: Execute;
  /** Checks configuration, keys, clock and store without changing anything. */
  validate(): Promise<ValidationReport>;
  monitor(): Promise<MonitorReport>;
  /**
   * Who publishes and subscribes to what, and what goes round in a circle. For who may read everything.
   * @param options.observe newest entries looked at for traffic. @throws PolicyError FORBIDDEN
   */
  map(principal: Principal, options: { readonly observe: number }): Promise<MapReport>;
  readonly publish: Publish;
  /** What is stopped, and opening it again. */
  readonly guards: Pick<Guards, 'list' | 'reset'>;
  /** What the confidential fields of an entry hold. Journaled on the entity's chain. */
  readonly reveal: Reveal;
  /** Takes an event as EventBridge delivers it: recorded under its topic, or kept in quarantine with the reason. */
  readonly ingest: Ingest;
  /** What could not be taken, by id. Auditors only. */
  quarantined(
    principal: Principal,
    options: { readonly after?: string; readonly limit: number },
  ): Promise<readonly Quarantined[]>;
  readonly changes: Changes;
  readonly governing: PolicyUseCases;
  readonly entities: Entities;
  readonly log: PublicLogView;
  readonly subscriptions: Subscriptions;
  readonly feed: Feed;
  /** The event with its deliveries. @throws EventError EVENT_NOT_FOUND | EVENT_AMBIGUOUS */
  trace(principal: Principal, eventId: string, source?: string): Promise<EventTrace>;
  /**
   * From now on nothing that this session key signs is believed. Auditors only.
   * @param key `keys/<16 hex>`. @throws LedgerError KEY_NOT_FOUND | KEY_REASON_INVALID
   */
  revokeKey(principal: Principal, key: string, reason: string): Promise<KeyRecord>;
  /** Verifies every chain, or what the request asks for. Auditors only. @throws SystemError VERIFICATION_ENDED */
  verifyAll(principal: Principal, request?: VerifyRequest): Promise<VerificationReport>;
}
