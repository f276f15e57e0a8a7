/**
 * Hands one event to a Lambda function and says what its answer means. What Lambda itself could not do (too many at once, an update
 * under way, no answer) is nobody's failed attempt: the event stays as it was, and everything waits a moment.
 */
import {
  failureReason,
  type DeliveredEvent,
  type FunctionSubscription,
  type Outcome,
} from '../../../core/events/index.ts';
import { isObject } from '../../../core/values/index.ts';
import type { InvokeFunction } from '../request/invoke-function.ts';

/** Until a function that Lambda could not run is tried again, at least; as much again at most. */
const BUSY_MS = 5_000;

const MISSING_MS = 60_000;

/** Lambda's words for what passes by itself. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const PASSING =
  /^(TooManyRequestsException|ServiceException|EC2\w*Exception|EFS\w*Exception|ENILimitReachedException|ENINotReadyException|SubnetIPAddressLimitReachedException|ResourceConflictException|ResourceNotReadyException|SnapStart\w*Exception|Http(429|5\d\d))$/;
/** It is too large for Lambda, and always will be. */
const NEVER = /^(RequestTooLargeException|Http413)$/;

/** What the function is called with. */
export interface FunctionCall {
  readonly subscription: string;
  /** 1 for the first */
  readonly attempt: number;
  /** W3C trace context of this delivery; absent when the event came without one */
  readonly traceparent?: string;
  readonly event: DeliveredEvent;
}

export interface CallFunctionOptions {
  readonly invoke: InvokeFunction;
  /** name → ARN, as whoever deployed said it */
  readonly functions: Readonly<Record<string, string>>;
  readonly random: () => number;
}

export type CallFunction = (
  subscription: FunctionSubscription,
  call: Omit<FunctionCall, 'subscription'>,
  /** nobody wants the outcome any more */
  stopped: AbortSignal,
) => Promise<Outcome>;

export function createCallFunction({ invoke, functions, random }: CallFunctionOptions): CallFunction {
  return async ({ id, target, ackTimeoutMs }, call, stopped) => {
    const arn = Object.hasOwn(functions, target.name) ? functions[target.name] : undefined;
    // Its events wait until it is deployed again, as they do in the embedded engine.
    if (arn === undefined) return { kind: 'withdrawn', quietMs: MISSING_MS };
    const late = AbortSignal.timeout(ackTimeoutMs);
    const payload: FunctionCall = { subscription: id, ...call };
    try {
      const { error, text } = await invoke(arn, JSON.stringify(payload), AbortSignal.any([late, stopped]));
      return error === undefined ? { kind: 'delivered' } : { kind: 'failed', reason: reasonIn(text) };
    } catch (error) {
      if (stopped.aborted) return { kind: 'withdrawn' };
      if (late.aborted) return { kind: 'failed', reason: `it did not finish within ${ackTimeoutMs} ms` };
      const name = error instanceof Error ? error.name : '';
      if (NEVER.test(name)) return { kind: 'failed', isFinal: true, reason: failureReason(error) };
      const isUnanswered = error instanceof TypeError || name === 'TimeoutError' || name === 'AbortError';
      if (isUnanswered || PASSING.test(name)) return { kind: 'withdrawn', quietMs: BUSY_MS * (1 + random()) };
      return { kind: 'failed', reason: failureReason(error) };
    }
  };
}

/** What a function that threw, timed out or ran out of memory left as its answer. */
function reasonIn(text: string): string {
  try {
    const answer: unknown = JSON.parse(text);
    if (isObject(answer)) {
      const { errorType, errorMessage } = answer;
      const said = [errorType, errorMessage].filter((part): part is string => typeof part === 'string' && part !== '');
      if (said.length > 0) return failureReason(said.join(': '));
    }
  } catch {
    // no JSON: it stands for itself
  }
  return failureReason(text) || 'the function failed';
}
