/**
 * Refusals as values: why a step, or a whole act, is not done. They are handed on like any other answer, and thrown once, by
 * `orThrow` at the edge of a use case.
 */
import { msOf, type IsoInstant } from '../../brands/index.ts';
import type { Problem } from '../../errors/index.ts';
import type { Actor } from '../../ledger/index.ts';
import { PolicyError, type Denial } from '../../policy/index.ts';
import { ChangeError, type ChangeErrorCode } from './errors.ts';
import type { ChangeRecord } from './record.ts';

/** By a rule of change-sets. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: ChangeErrorCode;
  readonly message: string;
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

/** By such a rule, or for want of a right. */
export type Refused = Refusal | Denial;

/** The fields a step sets; undefined removes one. */
export type Fields = { readonly [Key in keyof ChangeRecord]?: ChangeRecord[Key] | undefined };
export type Update = { readonly kind: 'update'; readonly fields: Fields } | Refusal;

export function update(fields: Fields): Update {
  return { kind: 'update', fields };
}

export function refused(code: ChangeErrorCode, message: string): Refusal {
  return { kind: 'refused', code, message };
}

export function isRefused(outcome: unknown): outcome is Refused {
  return typeof outcome === 'object' && outcome !== null && (outcome as Partial<Refused>).kind === 'refused';
}

/** The edge of a use case: what was refused is thrown here. @throws ChangeError, PolicyError FORBIDDEN */
export function orThrow<Outcome>(outcome: Outcome | Refused): Outcome {
  if (!isRefused(outcome)) return outcome;
  throw outcome.code === 'FORBIDDEN' ? new PolicyError(outcome) : new ChangeError(outcome);
}

/** The way out of what reads and plans operations, which throws where it stands, many calls down. */
export function orRefusal<Result>(work: () => Result): Result | Refusal {
  try {
    return work();
  } catch (error) {
    return refusalOf(error);
  }
}

/** The refusal that was thrown; anything else goes on as it is. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ChangeError)) throw error;
  const { code, message, problems, cause } = error;
  return { kind: 'refused', code, message, problems, cause };
}

export function noSuchChange(id: string): Refusal {
  return refused('CHANGE_NOT_FOUND', `no change-set "${id.slice(0, 64)}"`);
}

/** What only people may do. */
export function agentRefusal({ kind, id }: Pick<Actor, 'kind' | 'id'>): Refusal | undefined {
  return kind === 'person' ? undefined : refused('AGENTS_CANNOT_DECIDE', `${kind} "${id}" cannot decide: ask a person`);
}

/** A step that does not rest on what it must rest on: the chain, or the code that wrote it, is wrong. */
export function inconsistent(message: string): Refusal {
  return refused('CHANGE_STATE_CONFLICT', message);
}

/** The fields of a change-set nobody can vote on until it is assessed (again). */
export const NOT_ASSESSED = {
  votes: [],
  assessment: undefined,
  approval: undefined,
  blocked: undefined,
  override: undefined,
  postReview: undefined,
  reminders: undefined,
  eligible: undefined,
} as const;

/** Both are server time in ISO 8601 UTC; input may leave the milliseconds out, so text order is not enough. */
export function isBefore(at: IsoInstant, limit: IsoInstant): boolean {
  return msOf(at) < msOf(limit);
}
