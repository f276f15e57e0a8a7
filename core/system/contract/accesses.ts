/** The access journal, as auditors see it. */
import type { ChainHash, IsoInstant } from '../../brands/index.ts';
import type { Actor } from '../../ledger/index.ts';
import type { Principal } from '../../policy/index.ts';
import type { Moment } from '../../values/index.ts';

export interface AccessView {
  readonly at: IsoInstant;
  readonly actor: Actor;
  /** the person, or who answers for the agent */
  readonly person?: string;
  /** as the API names it */
  readonly operation: string;
  readonly outcome: 'succeeded' | 'refused';
  /** why it was refused */
  readonly code?: string;
  /** sorted; at most 50 */
  readonly entities?: readonly string[];
  /** there were more entities than are named */
  readonly more?: true;
  readonly id?: string;
  readonly from?: number;
  readonly to?: number;
  readonly count?: number;
  /** refusals of the same principal before this one that were too many to be journaled */
  readonly unrecorded?: number;
  /** where the entry stands */
  readonly ledger: {
    readonly entity: string;
    readonly seq: number;
    readonly position: number;
    readonly hash: ChainHash;
  };
}

export interface AccessFilter {
  /** a person, or the id of an account, an agent or a module */
  readonly person?: string;
  readonly entity?: string;
  readonly since?: Moment;
  readonly until?: Moment;
  /** true: what was refused; false: what was not */
  readonly refused?: boolean;
  readonly after?: string;
  readonly limit: number;
}

export interface AccessPage {
  readonly accesses: readonly AccessView[];
  /** pass it as `after` to go on; a page may be empty although there is more */
  readonly cursor: string;
  /** nothing was behind it when the page was read */
  readonly isLast: boolean;
}

/** Lists the journal, oldest first. @throws PolicyError FORBIDDEN; SystemError CURSOR_INVALID | CURSOR_GONE */
export type Accesses = (principal: Principal, filter: AccessFilter) => Promise<AccessPage>;
