/**
 * The whole table for the one function that answers what no other does: methods and paths get the same answers as on any
 * engine, and a request for another group's route (a HEAD, which the gateway sends here) is told to use what that route has.
 */
import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import type { RouteGroup } from '../../api/route-groups.ts';

export function refusingOthers(
  groups: Readonly<Record<RouteGroup, readonly Route[]>>,
  own: RouteGroup,
): readonly Route[] {
  return Object.entries(groups).flatMap(([group, routes]) => (group === own ? routes : routes.map(refusing)));
}

function refusing(route: Route): Route {
  const { method, path } = route;
  const allow = `${method}, OPTIONS`;
  const refuse = (): ApiError =>
    new ApiError({ code: 'METHOD_NOT_ALLOWED', message: `use ${method} ${path}`, headers: { allow } });
  const { operationId, tag, summary, problems, responses } = route;
  return { method, path, operationId, tag, summary, problems, responses, auth: 'elsewhere', unsafe: false, refuse };
}
