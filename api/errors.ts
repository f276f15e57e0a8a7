/** What can go wrong at the HTTP boundary itself, and the union of every code a caller can meet. */
import type { CanonicalErrorCode } from '../core/canonical/index.ts';
import type { ChangeErrorCode } from '../core/changes/index.ts';
import { NervousError, type NervousErrorInit } from '../core/errors/index.ts';
import type { EventErrorCode, GuardErrorCode, PatternErrorCode } from '../core/events/index.ts';
import type { LakeErrorCode } from '../core/lake/index.ts';
import type { LedgerErrorCode, LogErrorCode, TamperError } from '../core/ledger/index.ts';
import type { PolicyErrorCode } from '../core/policy/index.ts';
import type { ConfigError, SystemErrorCode } from '../core/system/index.ts';
import type { WorkErrorCode } from '../core/work/index.ts';

/**
 * `ROUTE_NOT_FOUND`: no route has this path; see /v1/openapi.json.
 * `METHOD_NOT_ALLOWED`: the path does not have this method; `Allow` lists those that it has.
 * `REQUEST_INVALID`: path, query, header or body break their schema; `errors` point at the places.
 * `MEDIA_TYPE_UNSUPPORTED`: send application/json in UTF-8, uncompressed.
 * `BODY_TOO_LARGE`: the body has more than MAX_BODY_BYTES: send less at a time.
 * `HEADERS_TOO_LARGE`: shorten URL and headers.
 * `REQUEST_TIMEOUT`: the request did not arrive in time: send it again.
 * `PRECONDITION_REQUIRED`: send If-Match with the ETag of the state that you want to change, so that nobody's change is lost.
 * `SERVER_BUSY`: the bodies of other requests take all the memory reserved for bodies; send the request again in a second.
 * `INTERNAL`: a fault of the service, which has been reported. It is safe to try again with the same idempotency key.
 */
export type ApiErrorCode =
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'REQUEST_INVALID'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'BODY_TOO_LARGE'
  | 'HEADERS_TOO_LARGE'
  | 'REQUEST_TIMEOUT'
  | 'PRECONDITION_REQUIRED'
  | 'SERVER_BUSY'
  | 'INTERNAL';

/** Where in the request a problem's pointer points. */
export type Place = 'body' | 'query' | 'path' | 'header';

export class ApiError extends NervousError<ApiErrorCode> {
  readonly place: Place;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    init: NervousErrorInit<ApiErrorCode> & {
      readonly place?: Place;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) {
    super(init);
    this.place = init.place ?? 'body';
    this.headers = init.headers ?? {};
  }
}

export type ErrorCode =
  | ApiErrorCode
  | CanonicalErrorCode
  | ChangeErrorCode
  | ConfigError['code']
  | EventErrorCode
  | GuardErrorCode
  | LakeErrorCode
  | LedgerErrorCode
  | LogErrorCode
  | PatternErrorCode
  | PolicyErrorCode
  | SystemErrorCode
  | TamperError['code']
  | WorkErrorCode;
