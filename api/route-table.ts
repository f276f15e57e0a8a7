/** Every route there is: the one table behind dispatch, validation, tests and the OpenAPI document. */
import { createOpenApiDocument } from './openapi.ts';
import type { Route } from './route.ts';
import { changeSetRoutes } from './routes/change-sets.ts';
import { entityRoutes } from './routes/entities.ts';
import { eventRoutes } from './routes/events.ts';
import { ingressRoutes } from './routes/ingress.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { logRoutes } from './routes/log.ts';
import { messageRoutes } from './routes/messages.ts';
import { contractRoutes, serviceRoutes } from './routes/service.ts';
import { subscriptionRoutes } from './routes/subscriptions.ts';

let document: object | undefined;

export const ROUTES: readonly Route[] = [
  ...eventRoutes,
  ...entityRoutes,
  ...changeSetRoutes,
  ...subscriptionRoutes,
  ...messageRoutes,
  ...ledgerRoutes,
  ...ingressRoutes,
  ...logRoutes,
  ...serviceRoutes,
  ...contractRoutes(() => ROUTES, openApiDocument),
];

/** The table as an OpenAPI 3.1 document; made at the first call. */
export function openApiDocument(): object {
  document ??= createOpenApiDocument(ROUTES);
  return document;
}
