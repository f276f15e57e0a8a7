/** What the system needs from the engine it runs in: each part of it some of this, and nothing is asked for that no part needs. */
import type { EpochMs } from '../../brands/index.ts';
import type { Executors } from '../../changes/index.ts';
import type { EventBus, FieldKeys, GuardStats, PublishResult, SharedCounts } from '../../events/index.ts';
import type {
  AppendedEntry,
  Clock,
  EntryStore,
  Ids,
  LogFiles,
  ItemStore,
  PointSources,
  RootSigner,
  Sealer,
  VerificationReport,
} from '../../ledger/index.ts';
import type { Passage } from '../operations/entry-point.ts';
import type { OperationMetrics } from '../operations/metrics.ts';
import type { EntryVerdict, LedgerScope, ValidationReport, VerifyRequest } from './nervous-system.ts';

/** What every process of a ledger has, whatever it does. */
export interface GroundPorts {
  readonly entries: EntryStore;
  readonly items: ItemStore;
  readonly rootSigner: RootSigner;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Told about failures that no caller waits for. Must not throw. */
  readonly onError: (error: unknown) => void;
  /** Told of every passage through the entry point, for a platform's own metrics. Must not throw. */
  readonly onPassage?: (passage: Passage) => void;
  /** Another policy has come into force: others may have tokens now. Must not throw. */
  readonly onPolicyChange?: () => void;
}

/** What the parts of the system need beside it; a system that has them all needs it all. */
export interface Ports {
  readonly sealer: Sealer;
  readonly bus: EventBus;
  /** keeps data keys of confidential fields; needed when the configuration has some */
  readonly fieldKeys?: FieldKeys;
  /** how registered executors are reached; absent: this process carries out nothing outside the ledger */
  readonly executors?: Executors;
  /** how processes of one ledger count together; absent: this one is alone, or counts for itself */
  readonly sharedCounts?: SharedCounts;
  /** Told of everything protection does. Must not throw. */
  readonly onGuard?: (what: keyof GuardStats) => void;
  /**
   * Taken in the middle of long work, so that other callers get their turn, and before a commit, so that they share it; absent: one
   * is served at a time anyway.
   */
  readonly pause?: () => Promise<void>;
  /** connections of callers to this process; absent: they are not its */
  readonly connections?: () => { readonly open: number; readonly limit: number };
  /** Told what became of published events. Must not throw. */
  readonly onPublished?: (results: readonly Pick<PublishResult, 'status'>[]) => void;
  /** what all processes of the ledger counted together; absent: what this one counts is all there is */
  readonly sharedFigures?: () => Promise<OperationMetrics>;
  /** where the log is published; absent when this process serves none */
  readonly logFiles?: Pick<LogFiles, 'read'>;
  /** sizes at which the log was begun anew after a loss; absent: never */
  readonly incarnations?: readonly number[];
  /** Entries were committed: the log can be published further. Must not throw. */
  readonly onCommit?: (entries: readonly AppendedEntry[]) => void;
  /** A change-set took a step: the workflow engine may be able to go on. Must not throw. */
  readonly onChangeStep: (changeId: string) => void;
  /** the log's anchors and witness, to verify against; absent: single entities are held against the published checkpoint */
  readonly logPoints?: Partial<Pick<PointSources, 'anchors' | 'witnessKeys' | 'witnessMemory' | 'rootKeys'>>;
  /** what the engine finds when it looks at itself, beside what every engine looks at */
  readonly checks?: () => ValidationReport['checks'];
  /** Verifies the whole ledger as fast as the engine can. */
  readonly verifyLog: (options: FullVerification) => Promise<VerificationReport>;
  /** Verifies a part of the ledger away from the thread that serves; absent: on it. */
  readonly verifyScope?: (request: VerifyRequest & { readonly scope: LedgerScope }) => Promise<VerificationReport>;
  /** Verifies entities away from the thread that serves; absent: on it. */
  readonly verifyChains?: ChainVerifier;
}

export interface ChainVerifier {
  /** @param options.now milliseconds since the Unix epoch */
  entity(
    entityId: string,
    options: { readonly now: EpochMs; readonly signal?: AbortSignal | undefined },
  ): Promise<VerificationReport>;
  /** A verdict for each entry from `from` on, `limit` of them. */
  page(entityId: string, page: { readonly from: number; readonly limit: number }): Promise<readonly EntryVerdict[]>;
}

export type FullVerification = Omit<VerifyRequest, 'scope'> & { readonly signatures: boolean };
