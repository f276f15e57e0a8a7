/** A change-set as it stands: by definition the fold of its entries (reduce.ts), kept as an item so it can be read at once. */
import type { ChainHash, DocumentHash, EntityId, IsoInstant, StepHash } from '../../brands/index.ts';
import type { Actor } from '../../ledger/index.ts';
import type { ChangeState, StepType } from './lifecycle.ts';
import type { Assessment, Content, Failure, Resolution, StepData, Vote } from './steps.ts';

/** Where a step stands. `step` is the step hash later steps rest on, `hash` the chain hash of the entry. */
export type Placement = {
  readonly step: StepHash;
  readonly seq: number;
  readonly hash: ChainHash;
  readonly at: IsoInstant;
};

export type StandingVote = Vote & Placement & { readonly account: string };

/** How far one operation got. */
export type Progress = {
  /** `not-applied`: an executor proved that the intended operation had no effect */
  readonly status: 'intended' | 'applied' | 'not-applied' | 'undone';
  /** step hash and seq of the intent, which holds the document to restore */
  readonly intent: StepHash;
  readonly intentSeq: number;
  readonly beforeHash: DocumentHash;
  readonly afterHash: DocumentHash;
  /** step hash of `change.applied` */
  readonly applied?: StepHash;
};

export type ChangeRecord = {
  readonly id: string;
  readonly entityId: EntityId;
  readonly state: ChangeState;
  readonly proposer: Actor;
  readonly content: Content;
  /** step hash of the proposal or revision in force */
  readonly proposal: StepHash;
  /** assessments so far */
  readonly round: number;
  /** absent: not assessed since the last revision or return, so nobody can vote */
  readonly assessment?: Assessment & { readonly step: StepHash };
  readonly blocked?: Failure;
  /** votes on the assessment in force */
  readonly votes: readonly StandingVote[];
  /** reminders sent since the assessment in force */
  readonly reminders?: number;
  /** since the escalation: for each needed role, further roles that may fill it */
  readonly eligible?: StepData<'change.escalated'>['eligible'];
  /** approved in an emergency, against soft rules */
  readonly override?: StepData<'change.overridden'> & { readonly step: StepHash; readonly account: string };
  /** to be looked at afterwards, by people who had no part in it; when two have, it is done */
  readonly postReview?: {
    readonly kind: 'override' | 'sample';
    /** ISO 8601 */
    readonly due: IsoInstant;
    readonly reviews: readonly (StepData<'change.reviewed'> & { readonly at: IsoInstant })[];
  };
  /** what people said became of a failed rollback */
  readonly resolutions?: readonly (Resolution & { readonly step: StepHash; readonly account: string })[];
  readonly approval?: { readonly step: StepHash; readonly timelockUntil: IsoInstant };
  /** step hash of the claim */
  readonly claim?: StepHash;
  readonly progress: readonly Progress[];
  /** the document as this change-set found it at the claim and changed it since */
  readonly document?: { readonly version: number; readonly hash: DocumentHash };
  readonly failure?: Failure;
  readonly entries: readonly {
    readonly type: StepType;
    readonly seq: number;
    readonly hash: ChainHash;
    readonly at: IsoInstant;
  }[];
  readonly createdAt: IsoInstant;
  readonly updatedAt: IsoInstant;
};
