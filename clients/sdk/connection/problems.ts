/** The two ways a call fails: the service refused it (RFC 9457 problem details), or it could not be reached. */
import type { ProblemDetails } from '../../../api/index.ts';

/** `ANSWER_UNREADABLE`: what answered is not this service, or something between changed the answer; check the URL. */
export type ApiProblemCode = ProblemDetails['code'] | 'ANSWER_UNREADABLE';

export class ApiProblem extends Error {
  readonly status: number;
  /** program against this: it never changes its meaning */
  readonly code: ApiProblemCode;
  readonly detail: string;
  /** every fault, with its place */
  readonly errors: ProblemDetails['errors'];
  /** of CURSOR_GONE: where the feed goes on */
  readonly oldestCursor: string | undefined;
  /** of WORK_CLAIMED: who holds the work, since when, and until when */
  readonly claim: ProblemDetails['claim'] | undefined;

  constructor(
    init: Pick<ProblemDetails, 'status' | 'detail' | 'errors' | 'oldestCursor' | 'claim'> & {
      readonly code: ApiProblemCode;
    },
  ) {
    super(init.detail);
    this.name = 'ApiProblem';
    this.status = init.status;
    this.code = init.code;
    this.detail = init.detail;
    this.errors = init.errors;
    this.oldestCursor = init.oldestCursor;
    this.claim = init.claim;
  }
}

/** Nobody answered. Whether the request had an effect is unknown: the same call again is safe where it is idempotent. */
export class Unreachable extends Error {
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`cannot reach ${url} (${reasonOf(cause)}): is the engine running, and is this its URL?`, { cause });
    this.name = 'Unreachable';
    this.url = url;
  }
}

/** fetch says "fetch failed" and hides why in its cause, or in the causes of that when it tried several addresses. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  if (error.name === 'TimeoutError') return 'no answer in time';
  if ('code' in error && typeof error.code === 'string' && !error.message.includes(error.code))
    return `${error.code} ${error.message}`.trim();
  return error.message === '' ? error.name : error.message;
}
