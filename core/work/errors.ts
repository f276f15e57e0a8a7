import type { IsoInstant } from '../brands/index.ts';
import { NervousError } from '../errors/index.ts';

/**
 * `WORK_INVALID`: the request breaks its schema; `problems` point at the places.
 * `WORK_NOT_FOUND`: nobody ever claimed this work, or you may not see it; check its id.
 * `WORK_CLAIMED`: somebody else holds the work; the error says who, since when and until when. Do other work, or come back then.
 * `WORK_COMPLETED`: the work was done, so nobody can claim it any more; what is to be done again is other work, with an id of its own.
 * `FENCE_STALE`: the claim with this fence has ended, or is not yours; stop this work, and claim it again if it is still to be done.
 */
export type WorkErrorCode = 'WORK_INVALID' | 'WORK_NOT_FOUND' | 'WORK_CLAIMED' | 'WORK_COMPLETED' | 'FENCE_STALE';

export class WorkError extends NervousError<WorkErrorCode> {}

/** The claim that is in the way. */
export interface StandingClaim {
  /** who holds it: `kind:id` */
  readonly by: string;
  readonly since: IsoInstant;
  /** it may end then, unless it is renewed */
  readonly until: IsoInstant;
}

export class WorkClaimed extends WorkError {
  readonly claim: StandingClaim;

  constructor(workId: string, claim: StandingClaim, retryAfterSeconds: number) {
    const { by, since, until } = claim;
    const message = `"${workId}" is claimed by ${by} since ${since}, until ${until}: do other work, or come back then`;
    super({ code: 'WORK_CLAIMED', message, retryAfterSeconds });
    this.claim = claim;
  }
}
