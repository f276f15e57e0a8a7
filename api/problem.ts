/**
 * Writes errors as RFC 9457 problem details. A caller learns what it can change. A fault of the service shows only its code
 * and a fixed sentence, and never a message, stack or name from inside.
 */
import { NervousError, type Problem } from '../core/errors/index.ts';
import type { PublishProblem } from '../core/events/index.ts';
import { CursorGone } from '../core/system/index.ts';
import { isUnreadable } from '../core/values/index.ts';
import { WorkClaimed } from '../core/work/index.ts';
import { ApiError, type ErrorCode, type Place } from './errors.ts';
import { isErrorCode, PROBLEMS } from './problem-table.ts';
import type { ApiResponse } from './route.ts';
import type { ProblemDetails } from './schemas/problem.ts';

/** Never served over the network by us: an identifier, as RFC 9457 section 3.1.1 allows. */
const PROBLEM_BASE = 'https://nervous-system.dev/problems/';
const PROBLEM_MEDIA_TYPE = 'application/problem+json';
const MAX_INSTANCE_CHARS = 300;
const RETRY_AFTER_SECONDS = '1';
/** Ours, and nothing went wrong. */
const EXPECTED: ReadonlySet<ErrorCode> = new Set(['SERVER_BUSY', 'VERIFICATION_ENDED']);
const SAFE_TO_REPEAT = 'Sending the same request again is safe: with the same id or Idempotency-Key it counts once';

/** @param report told about every error that is ours, with its cause */
export function problemResponse(
  error: unknown,
  path?: string,
  report?: (error: unknown) => void,
): ApiResponse & { readonly body: string } {
  const known = isKnown(error) ? error : undefined;
  const code = known?.code ?? (isUnreadable(error) ? 'ENTRY_UNREADABLE' : 'INTERNAL');
  const { status, title } = PROBLEMS[code];
  if (status >= 500 && !EXPECTED.has(code)) report?.(error);
  const place = known instanceof ApiError ? known.place : 'body';
  return {
    status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {}),
      ...(known?.retryAfterSeconds === undefined ? {} : { 'retry-after': String(known.retryAfterSeconds) }),
      ...(known instanceof ApiError ? known.headers : {}),
    },
    body: JSON.stringify(
      problemDetails(code, {
        detail: detailOf(known, { status, title }),
        errors: status >= 500 ? [] : placed(known?.problems ?? [], place),
        ...(path === undefined ? {} : { instance: path.slice(0, MAX_INSTANCE_CHARS) }),
        ...retryAfter(known?.retryAfterSeconds),
        ...memberOf(known),
      }),
    ),
  };
}

/** What problems of this kind alone say. */
function memberOf(known: Error | undefined): Pick<ProblemDetails, 'oldestCursor' | 'claim'> {
  if (known instanceof CursorGone) return { oldestCursor: known.oldestCursor };
  return known instanceof WorkClaimed ? { claim: known.claim } : {};
}

/** Whoever is told to come back is told what makes that safe. */
function detailOf(
  known: Error | undefined,
  { status, title }: { readonly status: number; readonly title: string },
): string {
  if (known !== undefined && status < 500) return known.message;
  return status === 503 ? `${title}. ${SAFE_TO_REPEAT}` : title;
}

/** The refusal of one event of a batch. */
export function eventProblem({ code, detail, errors, retryAfterSeconds }: PublishProblem): ProblemDetails {
  const known = isErrorCode(code) ? code : 'INTERNAL';
  return problemDetails(known, { detail, errors: [...errors], ...retryAfter(retryAfterSeconds) });
}

/** In the body as well: a batch has one header for all its events. */
function retryAfter(seconds: number | undefined): Pick<ProblemDetails, 'retryAfterSeconds'> {
  return seconds === undefined ? {} : { retryAfterSeconds: seconds };
}

function isKnown(error: unknown): error is NervousError<ErrorCode> {
  return error instanceof NervousError && isErrorCode((error as NervousError).code);
}

function problemDetails(
  code: ErrorCode,
  particulars: Pick<ProblemDetails, 'detail' | 'errors' | 'instance' | 'oldestCursor' | 'claim' | 'retryAfterSeconds'>,
): ProblemDetails {
  const { status, title } = PROBLEMS[code];
  return { type: problemType(code), title, status, code, ...particulars };
}

export function problemType(code: ErrorCode): string {
  return PROBLEM_BASE + code.toLowerCase().replaceAll('_', '-');
}

function placed(problems: readonly Problem[], place: Place): ProblemDetails['errors'] {
  return problems.map((problem) => (place === 'body' ? { ...problem } : { ...problem, in: place }));
}
