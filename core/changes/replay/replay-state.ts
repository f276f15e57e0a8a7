/** What the entries that were replayed leave for those to come, so that a replay can be left off and gone on with. */
import type { Document, VersionedDocument } from '../model/document.ts';
import type { ChangeRecord } from '../model/record.ts';
import { DatedAuthority, type Authority, type AuthorityState } from './authority.ts';
import type { DayByTurnsState } from './day-by-turns.ts';
import type { OnceState } from './once.ts';
import type { BrokenClaim, ClaimReplayState } from '../../work/index.ts';

export interface Unauthorized {
  /** log index */
  readonly position: number;
  /** what was wrong */
  readonly reason: string;
  /** absent: nobody was entitled to it */
  readonly verdict?: BrokenClaim['verdict'] | 'UNAUTHORIZED_DECISION';
}

export interface ReplayOutcome {
  /** the one with the lowest log index */
  readonly first?: Unauthorized;
  /** entries that were judged */
  readonly judged: number;
  /** of these, recorded before there was a policy to judge them by */
  readonly beforePolicy: number;
  /** of these, those that do not name the policy they rest on */
  readonly withoutUnder: number;
  /** assessments that rest on what executors said */
  readonly advised: number;
  /** assessments on a document that the chain did not lead to; nothing was carried out on them */
  readonly external: number;
  /** claims of work and their ends */
  readonly claims: number;
  /** what was done under them */
  readonly underClaims: number;
}

/** A change-set that has not come to its end, or that somebody still has to review. */
export interface Open {
  readonly record: ChangeRecord;
  /** entries of it so far */
  readonly steps: number;
  /** the assessment in force was made on another document than the chain led to: nothing may be carried out on it */
  readonly isExternal: boolean;
  /** documents before operations, by step hash of the intent */
  readonly images: Map<string, Document>;
}

/** Plain data that structured cloning keeps: all that the entries so far leave for those to come. */
export interface ReplayState {
  readonly authority: AuthorityState;
  readonly hasPolicy: boolean;
  readonly open: ReadonlyMap<string, Open>;
  readonly documents: ReadonlyMap<string, VersionedDocument>;
  readonly locks: ReadonlyMap<string, string>;
  readonly nonces: OnceState;
  readonly turns: OnceState;
  readonly days: DayByTurnsState;
  readonly firstUnder: number | undefined;
  readonly first: Unauthorized | undefined;
  readonly claims: ClaimReplayState;
  readonly counts: Omit<ReplayOutcome, 'first' | 'claims' | 'underClaims'>;
}

/** @throws TypeError: the other kind of authority is not carried over */
export function datedOf(authority: Authority): DatedAuthority {
  if (authority instanceof DatedAuthority) return authority;
  throw new TypeError('only a replay whose authority is told its chains can be left off and gone on with');
}
