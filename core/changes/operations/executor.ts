/**
 * The contract of an executor, as its author implements it, and the one way it is asked. What it answers is believed by
 * nobody: see executors.ts. docs/executors.md
 */
import type { JsonObject, JsonValue } from '../../canonical/index.ts';
import type { ExecutorRequest } from './executors.ts';

export interface Planned {
  /** for people and risk rules, at most 1,024 bytes: what it comes to, such as the amount */
  readonly facts: JsonObject;
  /** what must be so when it is applied, such as the version of what it changes; absent: nothing */
  readonly precondition?: JsonValue;
  /** the input that takes it back; absent where nothing can */
  readonly inverse?: JsonValue;
}

/** `applied`: it has had its effect. `refused`: it has had none, and never will have one. */
export type Outcome = { readonly kind: 'applied' } | { readonly kind: 'refused'; readonly reason: string };
/** `not-applied`: it has had no effect so far. */
export type Status = Outcome | { readonly kind: 'not-applied' };

export interface Executor {
  /** Reads; changes nothing. The same state and input give the same plan. */
  plan(input: JsonValue): Promise<Planned>;
  /** The effect and the operation key in one transaction; the same grant again has no second effect. */
  apply(grant: string, input: JsonValue, precondition: JsonValue): Promise<Outcome>;
  /** Takes back what was applied, and refuses to apply it from then on; nothing applied: only the latter. */
  undo(grant: string, inverse: JsonValue): Promise<Outcome>;
  /** What became of an operation key; one never heard of is `not-applied`. */
  status(opKey: string): Promise<Status>;
}

export async function askExecutor(executor: Executor, request: ExecutorRequest): Promise<Planned | Status> {
  switch (request.kind) {
    case 'plan':
      return executor.plan(request.input);
    case 'apply':
      return executor.apply(request.grant, request.input, request.precondition);
    case 'undo':
      return executor.undo(request.grant, request.input);
    case 'status':
      return executor.status(request.opKey);
  }
}
