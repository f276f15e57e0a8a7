/**
 * The façade: everything a shell (HTTP, CLI, Lambda, in-process code) can ask of the system, independent of the engine.
 * Interfaces only; `create-nervous-system.ts` builds them from ports and configuration.
 */
import type { Changes } from '../changes/index.ts';
import type { JsonObject } from '../canonical/index.ts';
import type {
  Catalog,
  DeliveredEvent,
  DeliveryState,
  Ingest,
  Publish,
  Quarantined,
  SubscriptionStats,
  Subscriptions,
} from '../events/index.ts';
import type { EntryBody, VerificationReport } from '../ledger/index.ts';
import type { Policy, Principal } from '../policy/index.ts';
import type { Command, CommandResult } from './commands.ts';
import type { NervousConfig } from './config.ts';

export interface EntryView {
  readonly seq: number;
  /** log index; absent while it has none */
  readonly position?: number;
  /** hex chain hash */
  readonly hash: string;
  readonly body: EntryBody;
  /** the stored bytes as text, for clients that verify for themselves */
  readonly note: string;
}

export interface EntityView {
  readonly entityId: string;
  /** newest entry, absent when nothing was ever recorded (then the whole view is refused as not found) */
  readonly head: { readonly seq: number; readonly hash: string; readonly at: string };
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
    options: { readonly from: number; readonly limit: number },
  ): Promise<readonly EntryView[]>;
  verify(principal: Principal, entityId: string): Promise<VerificationReport>;
}

export interface EventTrace {
  readonly event: DeliveredEvent;
  /** when the entry was recorded, ISO 8601 UTC */
  readonly acceptedAt: string;
  readonly deliveries: readonly DeliveryState[];
}

export interface FeedPage {
  readonly events: readonly DeliveredEvent[];
  /** pass as `after` to go on; opaque */
  readonly cursor: string;
}

export interface Feed {
  /** Events the principal may read in commit order, waiting up to `waitMs` when there is nothing new. @throws SystemError CURSOR_INVALID */
  read(
    principal: Principal,
    options: {
      after?: string;
      topics?: readonly string[];
      entityId?: string;
      limit: number;
      waitMs: number;
      signal?: AbortSignal;
    },
  ): Promise<FeedPage>;
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
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

export interface MonitorReport {
  readonly ledger: string;
  readonly origin: string;
  readonly entries: number;
  /** operations since start: publish, propose, decide, … */
  readonly operations: { readonly total: number; readonly failed: number; readonly successRate: number };
  readonly responseTimeMs: { readonly p50: number; readonly p95: number };
  readonly subscriptions: readonly SubscriptionStats[];
  /** change-sets waiting for a decision, and the age of the oldest */
  readonly approvalQueue: { readonly length: number; readonly oldestAgeMs: number };
}

export interface NervousSystem {
  readonly config: NervousConfig;
  readonly policy: Policy;
  readonly catalog: Catalog;
  /** Makes the ledger ready: keys, subscriptions, interrupted change-sets. Idempotent. */
  initialize(): Promise<void>;
  /** Runs one command; the single door through which every change passes, so that all are counted and timed. */
  execute<C extends Command>(command: C): Promise<CommandResult<C>>;
  /** Checks configuration, keys, clock and store without changing anything. */
  validate(): Promise<ValidationReport>;
  monitor(): Promise<MonitorReport>;
  readonly publish: Publish;
  /** Takes an event as EventBridge delivers it: recorded under its topic, or kept in quarantine with the reason. */
  readonly ingest: Ingest;
  /** What could not be taken, by id. Auditors only. */
  quarantined(
    principal: Principal,
    options: { readonly after?: string; readonly limit: number },
  ): Promise<readonly Quarantined[]>;
  readonly changes: Changes;
  readonly entities: Entities;
  readonly log: PublicLogView;
  readonly subscriptions: Subscriptions;
  readonly feed: Feed;
  /** The event with its deliveries. @throws EventError EVENT_NOT_FOUND | EVENT_AMBIGUOUS */
  trace(principal: Principal, eventId: string, source?: string): Promise<EventTrace>;
  /** Verifies every chain. Auditors only. */
  verifyAll(principal: Principal, options?: { readonly signatures?: boolean }): Promise<VerificationReport>;
}
