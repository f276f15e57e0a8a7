/** What a change-set shows of its exceptional ways: overridden, to be reviewed, resolved by hand, following or reverting another. */
import type { IsoInstant, PersonId } from '../../brands/index.ts';
import { defined } from '../../values/index.ts';
import type { ChangeRecord } from '../model/record.ts';
import type { Content, Resolution } from '../model/steps.ts';

export interface PostExecutionView extends Pick<Content, 'reverts' | 'supersedes'> {
  /** approved by one person in an emergency */
  readonly override?: {
    readonly personId: PersonId;
    readonly account: string;
    readonly ticket: string;
    readonly reason: string;
  };
  /** to be looked at afterwards, or looked at, by people who had no part in it */
  readonly postReview?: {
    readonly kind: 'override' | 'sample';
    /** ISO 8601 UTC */
    readonly due: IsoInstant;
    readonly reviews: readonly ReviewView[];
  };
  /** what people said became of a failed rollback, oldest first: the last word of each counts */
  readonly resolutions?: readonly (Pick<Resolution, 'personId' | 'outcome' | 'reason' | 'evidence'> & {
    readonly account: string;
  })[];
}

export interface ReviewView {
  readonly personId: PersonId;
  readonly verdict: 'justified' | 'unjustified';
  readonly reason: string;
  readonly at: IsoInstant;
}

export function viewPostExecution({ content, override, postReview, resolutions }: ChangeRecord): PostExecutionView {
  const { reverts, supersedes } = content;
  return {
    ...defined({ reverts, supersedes }),
    ...(override === undefined ? {} : { override: viewOverride(override) }),
    ...(postReview === undefined ? {} : { postReview: viewReview(postReview) }),
    ...(resolutions === undefined ? {} : { resolutions: resolutions.map(viewResolution) }),
  };
}

function viewOverride({ personId, account, ticket, reason }: Defined<'override'>): Displayed<'override'> {
  return { personId, account, ticket, reason };
}

function viewReview({ kind, due, reviews }: Defined<'postReview'>): Displayed<'postReview'> {
  return {
    kind,
    due,
    reviews: reviews.map(({ personId, verdict, reason, at }) => ({ personId, verdict, reason, at })),
  };
}

function viewResolution(said: Defined<'resolutions'>[number]): Displayed<'resolutions'>[number] {
  const { personId, account, outcome, reason, evidence } = said;
  return { personId, account, outcome, reason, evidence };
}

type Defined<Field extends keyof ChangeRecord> = NonNullable<ChangeRecord[Field]>;
type Displayed<Field extends keyof PostExecutionView> = NonNullable<PostExecutionView[Field]>;
