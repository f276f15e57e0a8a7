/**
 * The whole table for the one function that answers what no other does: methods and paths get the same answers as on any
 * engine, and a request for another function's route (a HEAD, which the gateway sends here) is told to use what that has.
 */
import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';

export type OutlinedRoute = Pick<Route, 'method' | 'path' | 'operationId'>;
type Refused = Extract<Route, { readonly auth: 'elsewhere' }>;

/** @param routes all that there are, own ones included */
export function refusingOthers<Own extends Route>(
  routes: readonly OutlinedRoute[],
  own: readonly Own[],
): readonly (Own | Refused)[] {
  const served = new Set(own.map(({ operationId }) => operationId));
  return [...own, ...routes.filter(({ operationId }) => !served.has(operationId)).map(refusing)];
}

function refusing({ method, path, operationId }: OutlinedRoute): Refused {
  const allow = `${method}, OPTIONS`;
  const refuse = (): ApiError =>
    new ApiError({ code: 'METHOD_NOT_ALLOWED', message: `use ${method} ${path}`, headers: { allow } });
  const unsaid = { tag: '', summary: '', problems: [], responses: {} };
  return { method, path, operationId, ...unsaid, auth: 'elsewhere', unsafe: false, refuse };
}
