/** Every route there is: the one table behind dispatch, validation, tests and the OpenAPI document. */
import type { Route } from './route.ts';
import { ROUTE_GROUPS } from './route-groups.ts';

export const ROUTES: readonly Route[] = Object.values(ROUTE_GROUPS).flat();
