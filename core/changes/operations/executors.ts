/**
 * Registered executors, as they are asked: by the version that was approved, with a grant, for a limited time. What their
 * answers say is read elsewhere (executor-answers.ts), and what follows from them too (settlement.ts).
 */
import { msOf } from '../../brands/index.ts';
import type { JsonValue } from '../../canonical/index.ts';
import type { Clock, RootSigner } from '../../ledger/index.ts';
import { orNone } from '../../values/index.ts';
import { refuse } from '../model/errors.ts';
import { answerTo, readPlan, reasonOf, type ExecutorAnswer, type ExecutorPlan } from './executor-answers.ts';
import { executorId, type ExecutorDeclaration, type ExecutorsConfig } from './executor-config.ts';
import { grantInputHash, operationKey, signGrant, type GrantClaims } from './grant.ts';
import { inputOf } from './operations.ts';
import type { ClaimedWork, Operation } from '../model/steps.ts';
import { MS_PER_SECOND } from '../../values/index.ts';

/** Waited for an answer at most, whatever `maxSeconds` says; the effect of a longer one is found by its status. */
const MAX_CALL_MS = 25_000;
/** Planning and status only read. */
const READ_MS = 10_000;

/** What an executor is asked; on AWS this is the function's event. */
export type ExecutorRequest =
  /** what would be done with this input? Nothing may be done */
  | { readonly kind: 'plan'; readonly input: JsonValue }
  | { readonly kind: 'apply'; readonly grant: string; readonly input: JsonValue; readonly precondition: JsonValue }
  /** `input`: the inverse that was planned */
  | { readonly kind: 'undo'; readonly grant: string; readonly input: JsonValue }
  | { readonly kind: 'status'; readonly opKey: string };

/** How executors are reached. */
export interface Executors {
  /**
   * Resolves with the executor's answer as it is. Rejects when there is none: what was asked may have been done, or may
   * be done later, all the same. `signal`: nobody waits any longer.
   */
  call(target: ExecutorTarget, request: ExecutorRequest, signal: AbortSignal): Promise<unknown>;
}

export interface ExecutorTarget {
  readonly name: string;
  /** as configured */
  readonly function?: string | undefined;
}

/** One operation of a change-set, to be carried out or undone. */
export interface Invocation extends Pick<GrantClaims, 'change' | 'revision' | 'contentHash' | 'index' | 'direction'> {
  readonly operation: Operation;
  /** for an undo: the inverse */
  readonly input: JsonValue;
  readonly precondition: JsonValue;
  /** ISO 8601, whole seconds: nothing may be done from then on */
  readonly grantUntil: string;
  /** of an application: the claim that it rests on */
  readonly work?: ClaimedWork | undefined;
}

export interface ExecutorCalls {
  /** Of the version that the operation was approved for; undefined when that is not (or no longer) here. */
  readonly declared: (operation: Operation) => ExecutorDeclaration | undefined;
  /** @throws ChangeError EXECUTOR_FAILED when it is not here, gives no answer or no plan */
  readonly plan: (operation: Operation) => Promise<ExecutorPlan>;
  /** Applies or undoes, by what the invocation says. Never rejects for what an executor does. */
  readonly invoke: (invocation: Invocation) => Promise<ExecutorAnswer>;
  readonly status: (invocation: Invocation) => Promise<ExecutorAnswer>;
}

export interface ExecutorDependencies {
  readonly declared: ExecutorsConfig;
  /** absent: this process reaches none */
  readonly executors?: Executors | undefined;
  /** signs the grants */
  readonly root?: Pick<RootSigner, 'name' | 'sign'> | undefined;
  readonly clock: Clock;
}

export function createExecutorCalls({ declared, executors, root, clock }: ExecutorDependencies): ExecutorCalls {
  const target = (operation: Operation): (ExecutorDeclaration & { readonly name: string }) | undefined => {
    const name = operation.executor.slice(0, operation.executor.lastIndexOf('@'));
    const declaration = Object.hasOwn(declared, name) ? declared[name] : undefined;
    const isSame = declaration !== undefined && executorId(name, declaration) === operation.executor;
    return isSame ? { ...declaration, name } : undefined;
  };
  const ask = async (operation: Operation, request: ExecutorRequest, ms: number): Promise<unknown> => {
    const to = target(operation);
    if (to === undefined || executors === undefined) throw new Error(`${operation.executor} is not here`);
    return withinTime(clock, ms, (signal) => executors.call(to, request, signal));
  };
  return {
    declared: target,
    plan: async (operation) => {
      const declaration =
        target(operation) ?? refuse('EXECUTOR_FAILED', `${operation.executor} is not declared (any more)`);
      try {
        return readPlan(await ask(operation, { kind: 'plan', input: inputOf(operation) }, READ_MS), declaration);
      } catch (error) {
        return refuse('EXECUTOR_FAILED', `${operation.executor} gave no plan: ${reasonOf(error)}`);
      }
    },
    invoke: async (invocation) => {
      const { operation, direction, input, precondition } = invocation;
      const maxMs = orNone(target(operation)?.maxSeconds) * MS_PER_SECOND;
      if (root === undefined) return { kind: 'unknown', reason: 'this process signs no grants' };
      const grant = await signGrant(root, claimsOf(invocation, root.name));
      return answerTo(() =>
        ask(
          operation,
          direction === 'apply' ? { kind: 'apply', grant, input, precondition } : { kind: 'undo', grant, input },
          Math.min(maxMs, MAX_CALL_MS),
        ),
      );
    },
    status: (invocation) =>
      answerTo(() => ask(invocation.operation, { kind: 'status', opKey: operationKey(invocation) }, READ_MS)),
  };
}

function claimsOf(invocation: Invocation, issuer: string): GrantClaims {
  const { operation, change, revision, contentHash, index, direction, input, precondition, work } = invocation;
  return {
    ...{
      iss: issuer,
      aud: operation.executor,
      jti: operationKey(invocation),
      exp: msOf(invocation.grantUntil) / MS_PER_SECOND,
    },
    ...{ change, revision, contentHash, index, direction },
    inputHash: grantInputHash(input, precondition),
    ...(work === undefined ? {} : { work: { workId: work.workId, fence: work.fence } }),
  };
}

async function withinTime<T>(clock: Clock, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const timeout = clock.sleep(ms, over.signal).then((): never => {
    throw new Error(`no answer within ${ms} ms`);
  });
  try {
    // What throws at once fails like what rejects: the timeout is looked at by the race, or by nobody.
    return await Promise.race([timeout, Promise.resolve().then(() => work(over.signal))]);
  } finally {
    over.abort();
  }
}
