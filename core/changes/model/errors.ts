import { NervousError } from '../../errors/index.ts';

/**
 * `CHANGE_INVALID`: the proposal, revision or decision breaks its schema or bounds; `problems` point at the fields: correct them.
 * `CHANGE_UNFIT`: its operations cannot be carried out on what the entity holds now; `problems` point at them: read it and propose again.
 * `CHANGE_NOT_FOUND`: there is no change-set with this id; check the id.
 * `CHANGE_STATE_CONFLICT`: the change-set's state does not allow this step; read it again.
 * `CHANGE_BUSY`: too many writers wrote to one change-set at once; nothing was written: retry after a pause.
 * `IDEMPOTENCY_CONFLICT`: the idempotency key stands for other content: use a new key.
 * `STALE_BASE`: the entity's document is at another version than the operation names: read it and propose again.
 * `DOCUMENT_CHANGED`: the entity's document is at another version than the request was made from: read it and propose again.
 * `RISK_BLOCKED`: the risk could not be assessed, so nobody may approve: the message says why; revise or withdraw.
 * `AGENTS_CANNOT_DECIDE`: only people decide; ask one.
 * `SELF_APPROVAL`: the person proposed or edited the change-set, or answers for the agent that did: ask someone else.
 * `NOT_ELIGIBLE`: the person holds none of the roles that the change-set needs; ask somebody who does.
 * `ALREADY_VOTED`: the person, under whichever account, has decided on this revision; one person has one vote.
 * `DECISION_STALE`: the decision names another revision, content or assessment than the current one: read and decide again.
 * `DECISION_REPLAYED`: the nonce was used before: decide again with a new nonce.
 * `DECISION_EXPIRED`: the deadline of the change-set, or of the decision, has passed; propose again.
 * `ASSERTION_REQUIRED`: the rules ask that a person's own key signs the decision: send its assertion, or enrol a key first.
 * `ASSERTION_INVALID`: the assertion is not by a key that the person has enrolled, or not over this decision: sign it again.
 * `NO_SUCH_VOTE`: the person has no standing vote on this revision that could be revoked.
 * `OVERRIDE_REFUSED`: an override cannot replace this approval, because a hard rule asks for it or the person lacks the right; get votes.
 * `REVIEW_REFUSED`: there is nothing to review, or the person had a part in it: ask someone else.
 * `NOT_REVERTIBLE`: the change-set was not executed, or what it did cannot be taken back: the message says why.
 * `DELEGATION_INVALID`: the delegation breaks its bounds, does not exist, has ended, or does not cover this; the message says which.
 * `TOO_MANY_OPEN`: the proposer has too many change-sets waiting: let some be decided or withdraw them.
 * `EXECUTOR_FAILED`: a registered executor refused or failed; the message is its own.
 * `POLICY_CHANGED`: roster or rules changed during the decision; read the change-set and decide again.
 * `FENCE_STALE`: the claim that the proposal names has ended, or is not the proposer's; claim the work again if it is still to be done.
 * `NOT_PROPOSER`: only the proposer (or, to withdraw, the agent's owner) may do this.
 */
export type ChangeErrorCode =
  | 'CHANGE_INVALID'
  | 'CHANGE_UNFIT'
  | 'CHANGE_NOT_FOUND'
  | 'CHANGE_STATE_CONFLICT'
  | 'CHANGE_BUSY'
  | 'IDEMPOTENCY_CONFLICT'
  | 'STALE_BASE'
  | 'DOCUMENT_CHANGED'
  | 'RISK_BLOCKED'
  | 'AGENTS_CANNOT_DECIDE'
  | 'SELF_APPROVAL'
  | 'NOT_ELIGIBLE'
  | 'ALREADY_VOTED'
  | 'DECISION_STALE'
  | 'DECISION_REPLAYED'
  | 'DECISION_EXPIRED'
  | 'ASSERTION_REQUIRED'
  | 'ASSERTION_INVALID'
  | 'NO_SUCH_VOTE'
  | 'OVERRIDE_REFUSED'
  | 'REVIEW_REFUSED'
  | 'NOT_REVERTIBLE'
  | 'DELEGATION_INVALID'
  | 'TOO_MANY_OPEN'
  | 'EXECUTOR_FAILED'
  | 'POLICY_CHANGED'
  | 'FENCE_STALE'
  | 'NOT_PROPOSER';

export class ChangeError extends NervousError<ChangeErrorCode> {}

/** The short way to throw: code and message. */
export function refuse(code: ChangeErrorCode, message: string): never {
  throw new ChangeError({ code, message });
}

/** What the plan makes of a document, or why it cannot. */
export function attempt<Result>(plan: () => Result): Result | string {
  try {
    return plan();
  } catch (error) {
    if (error instanceof ChangeError) return error.message;
    throw error;
  }
}

/** Runs what reads or plans an operation's payload, and places its problems where the payload is. */
export function inPayload<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ChangeError)) throw error;
    const at = `/operations/${index}/payload`;
    throw new ChangeError({
      code: error.code,
      message: `${at}: ${error.message}`,
      problems: error.problems.map(({ pointer, detail }) => ({ pointer: at + pointer, detail })),
    });
  }
}
