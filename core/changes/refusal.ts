/** What the reducer answers for one step: the fields that change, or why the step is refused. */
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

/** A step that does not rest on what it must rest on: the chain, or the code that wrote it, is wrong. */
export function inconsistent(message: string): Refusal {
  return refused('CHANGE_STATE_CONFLICT', message);
}

/** The fields of a change-set nobody can vote on until it is assessed (again). */
export const NOT_ASSESSED = { votes: [], assessment: undefined, approval: undefined, blocked: undefined } as const;
