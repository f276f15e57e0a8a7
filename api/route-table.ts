/** Every route there is: the one table behind dispatch, validation, tests and the OpenAPI document. */
import type { NervousSystem } from '../core/system/index.ts';
import type { Route } from './route.ts';
import { createOpenApiDocument } from './openapi.ts';
import { ROUTE_GROUPS } from './route-groups.ts';
import { contractRoutes } from './routes/service.ts';

export const ROUTES: readonly Route<NervousSystem>[] = Object.values(ROUTE_GROUPS).flat();

/** The table with what an engine serves beside it; the documents it serves tell of both. */
export function routesWith(own: readonly Route<NervousSystem>[]): readonly Route<NervousSystem>[] {
  let document: object | undefined;
  const describing = contractRoutes(
    () => all.map(({ operationId }) => operationId),
    () => (document ??= createOpenApiDocument(all)),
  );
  const described = new Set(describing.map(({ operationId }) => operationId));
  const all: readonly Route<NervousSystem>[] = [
    ...ROUTES.filter(({ operationId }) => !described.has(operationId)),
    ...own,
    ...describing,
  ];
  return all;
}
