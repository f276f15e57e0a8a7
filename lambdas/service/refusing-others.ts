/**
 * The whole table for the one function that answers what no other does: methods and paths get the same answers as on any
 * engine, and a request for another group's route (a HEAD, which the gateway sends here) is told to use what that route has.
 */
import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';

type Refused = Extract<Route, { readonly auth: 'elsewhere' }>;

export function refusingOthers<Group extends string, Own extends Route>(
  groups: Readonly<Record<Group, readonly Route[]>>,
  own: readonly Own[],
): readonly (Own | Refused)[] {
  return Object.values<readonly Route[]>(groups).flatMap((routes): readonly (Own | Refused)[] =>
    routes === own ? own : routes.map(refusing),
  );
}

function refusing(route: Route): Refused {
  const { method, path } = route;
  const allow = `${method}, OPTIONS`;
  const refuse = (): ApiError =>
    new ApiError({ code: 'METHOD_NOT_ALLOWED', message: `use ${method} ${path}`, headers: { allow } });
  const { operationId, tag, summary, problems, responses } = route;
  return { method, path, operationId, tag, summary, problems, responses, auth: 'elsewhere', unsafe: false, refuse };
}
