/** What the reducer answers for one step: the fields that change, or why the step is refused. */
import type { Actor } from '../../ledger/index.ts';
import type { ChangeErrorCode } from './errors.ts';
import type { ChangeRecord } from './record.ts';

export type Refusal = { readonly kind: 'refused'; readonly code: ChangeErrorCode; readonly message: string };

/** The fields a step sets; undefined removes one. */
export type Fields = { readonly [Key in keyof ChangeRecord]?: ChangeRecord[Key] | undefined };
export type Update = { readonly kind: 'update'; readonly fields: Fields } | Refusal;

export function update(fields: Fields): Update {
  return { kind: 'update', fields };
}

export function refused(code: ChangeErrorCode, message: string): Refusal {
  return { kind: 'refused', code, message };
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
export function isBefore(at: string, limit: string): boolean {
  return Date.parse(at) < Date.parse(limit);
}
