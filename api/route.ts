/**
 * What a route is: its place in the URL space, the schemas of what goes in and out, and the use case behind it. One value
 * serves the dispatcher, the validation, the tests and the OpenAPI document.
 */
import type { z } from 'zod';
import type { JsonValue } from '../core/canonical/index.ts';
import type { Principal } from '../core/policy/index.ts';
import type { AccessSubject, Outcome, UseCaseName } from '../core/system/index.ts';
import type { ErrorCode } from './errors.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ApiRequest {
  readonly method: string;
  /** path and query as they stood in the request line */
  readonly target: string;
  /** names in lower case */
  readonly headers: RequestHeaders;
  /** Asked for only when the request may have a body and everything before it was in order. @throws ApiError BODY_TOO_LARGE */
  readonly body: () => Promise<Uint8Array>;
  /** undefined: no or unknown credentials */
  readonly principal: Principal | undefined;
  /** aborted when nobody waits for the answer any more */
  readonly signal: AbortSignal;
  /** true: the transport passes an answer on when it is whole, so none may go on without end */
  readonly buffered?: boolean;
}

/** A body that comes piece by piece. The transport asks for the next piece when the one before is on its way. */
export type StreamedBody = AsyncIterable<Uint8Array>;

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text, or bytes of the type the headers say, at once or streamed; undefined: no content */
  readonly body: string | Uint8Array | StreamedBody | undefined;
}

/** How a body becomes a handler's input. */
export interface BodySpec<Body> {
  /** as documented */
  readonly schema: z.ZodType;
  /** `core`: the use case checks the body itself, so the route does not do it twice */
  readonly checkedBy: 'route' | 'core';
  /** true: an absent body counts as `{}` */
  readonly optional: boolean;
  /** other media types that are taken, all JSON underneath, each with its schema; the handler tells them apart */
  readonly alternatives?: Readonly<Record<string, z.ZodType>>;
  /** names the type the handler gets; never called */
  readonly type?: () => Body;
}

export interface Input<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly idempotencyKey: string | undefined;
  readonly request: Pick<ApiRequest, 'signal' | 'headers' | 'buffered'>;
  /** Journals a piece of what goes out piece by piece, before it does. @throws LedgerError STORE_UNAVAILABLE */
  readonly journal: Journal;
}

/** undefined: there was nothing to see */
export type Journal = (subject: AccessSubject | undefined) => Promise<void>;

export interface ResponseSpec {
  readonly description: string;
  /** of an answer that is not JSON: its body is bytes */
  readonly mediaType?: string;
  /** its body comes piece by piece where the transport can do that */
  readonly streamed?: true;
  readonly schema?: z.ZodType;
  /** other media types the caller may ask for (Accept), each with its schema */
  readonly alternatives?: Readonly<Record<string, z.ZodType>>;
}

type Responses = Readonly<Record<number, ResponseSpec>>;

/** One of the declared statuses with a body of its schema. */
type ResultOf<R extends Responses> = {
  [Status in keyof R]: {
    readonly status: Status;
    readonly headers?: Readonly<Record<string, string>>;
  } & (R[Status] extends { readonly schema: z.ZodType<infer Body> }
    ? { readonly body: Body | AlternativeTo<R[Status]> }
    : R[Status] extends { readonly streamed: true }
      ? { readonly body: Uint8Array | StreamedBody }
      : R[Status] extends { readonly mediaType: string }
        ? { readonly body: Uint8Array }
        : object);
}[keyof R];

type AlternativeTo<Spec> = Spec extends { readonly alternatives: Readonly<Record<string, z.ZodType<infer Body>>> }
  ? Body
  : never;

export interface RouteResult {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Description {
  readonly method: Method;
  /** `/v1/events/{id}`: a parameter is one segment, percent-encoded; `{id+}` at the end takes all segments left */
  readonly path: string;
  /** the use case behind it: what it takes to pass, and what it is paid from, stands in core's table */
  readonly operationId: UseCaseName;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** a GET that changes something, so that HEAD must not run it */
  readonly unsafe?: boolean;
  /** whether nothing was thrown and it was refused all the same; default: it succeeded */
  readonly outcomeOf?: (result: RouteResult) => Outcome;
  /**
   * What the request is about, for the access journal: asked before it is served, and again with what comes out. undefined: nothing that
   * is journaled. Default: nothing ever.
   */
  readonly access?: (input: Input<unknown, unknown, unknown>, result?: RouteResult) => AccessSubject | undefined;
  /** true: the request must say which state it is about (If-Match), so that nobody's change is lost; `optional`: it may */
  readonly conditional?: true | 'optional';
  /** what the use case refuses with, beyond what every request can meet */
  readonly problems: readonly ErrorCode[];
}

export interface Schemas<Params, Query, Body, R extends Responses> {
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: BodySpec<Body>;
  readonly responses: R;
}

/**
 * `System` is what of the system the handler uses: whoever serves the route must have it. A route of which nothing is said
 * (the default) can be looked at, not served.
 */
export type Route<System = never> = Description &
  Schemas<unknown, unknown, unknown, Responses> &
  (
    | {
        readonly auth: 'required';
        /** whether this request, read, is one of the heavy ones */
        readonly isHeavy?: (input: Input<unknown, unknown, unknown>) => boolean;
        readonly handler: (
          system: System,
          principal: Principal,
          input: Input<unknown, unknown, unknown>,
        ) => Promise<RouteResult>;
      }
    | { readonly auth: 'none'; readonly handler: () => Promise<RouteResult> }
    /** served by another function: whoever asks here is told what to use, and nothing is asked for */
    | { readonly auth: 'elsewhere'; readonly refuse: () => Error }
  );

/** All that these routes use of the system: whoever serves them has it. */
export type UsedBy<Served extends Route> = (
  Served extends { readonly handler: (system: infer System, ...more: never[]) => unknown }
    ? (used: System) => void
    : (used: unknown) => void
) extends (used: infer All) => void
  ? All
  : never;

/** Makes a route that only an authenticated principal may use. */
type MakeRoute<System> = <Params, Query, Body, const R extends Responses>(
  spec: Description &
    Schemas<Params, Query, Body, R> & {
      readonly isHeavy?: (input: Input<Params, Query, Body>) => boolean;
      readonly handler: (
        system: System,
        principal: Principal,
        input: Input<Params, Query, Body>,
      ) => Promise<ResultOf<R>>;
    },
) => Route<System>;

/** Routes on the part of the system that is named: their handlers get it, and nothing else. */
export function routesOn<System>(): MakeRoute<System> {
  return (spec) => ({ ...spec, auth: 'required' }) as unknown as Route<System>;
}

/** A route that tells nothing a stranger may not know. */
export function openRoute<const R extends Responses>(
  spec: Description &
    Schemas<unknown, unknown, unknown, R> & {
      readonly handler: () => Promise<ResultOf<R>>;
    },
): Route<unknown> {
  return { ...spec, auth: 'none' } as Route<unknown>;
}

/** The route checks the body: the handler gets what the schema makes of it. */
export function checkedBody<Schema extends z.ZodType>(
  schema: Schema,
  options: { readonly optional?: boolean } = {},
): BodySpec<z.output<Schema>> {
  return { schema, checkedBy: 'route', optional: options.optional ?? false };
}

/** The use case checks the body: the handler gets any JSON and passes it on. */
export function bodyForCore(
  schema: z.ZodType,
  options: {
    readonly optional?: boolean;
    readonly alternatives?: NonNullable<BodySpec<JsonValue>['alternatives']>;
  } = {},
): BodySpec<JsonValue> {
  const { optional = false, ...more } = options;
  return { schema, checkedBy: 'core', optional, ...more };
}
