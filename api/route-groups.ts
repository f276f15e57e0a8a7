/**
 * Which routes are served together where each group has a function of its own. A function imports its group's files alone,
 * so that its bundle holds nothing else; this table is for those who need to see them all.
 */
import { decisionGroup } from './groups/decisions.ts';
import { publishGroup } from './groups/publish.ts';
import { readGroup } from './groups/read.ts';
import { serviceGroup } from './groups/service.ts';
import { subscriptionGroup } from './groups/subscriptions.ts';
import { createOpenApiDocument } from './openapi.ts';
import type { Route } from './route.ts';
import { changeSetRoutes } from './routes/change-sets.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { webhookRoutes } from './routes/webhooks.ts';

export type RouteGroup =
  'publish' | 'read' | 'change-sets' | 'decisions' | 'subscriptions' | 'webhooks' | 'verify' | 'service';

let document: object | undefined;

export const ROUTE_GROUPS = {
  publish: publishGroup,
  read: readGroup,
  'change-sets': changeSetRoutes,
  decisions: decisionGroup,
  subscriptions: subscriptionGroup,
  webhooks: webhookRoutes,
  verify: ledgerRoutes,
  service: serviceGroup(() => allRoutes().map(({ operationId }) => operationId), openApiDocument),
} as const satisfies Readonly<Record<RouteGroup, readonly Route[]>>;

/** The table as an OpenAPI 3.1 document; made at the first call. */
export function openApiDocument(): object {
  document ??= createOpenApiDocument(allRoutes());
  return document;
}

function allRoutes(): readonly Route[] {
  return Object.values(ROUTE_GROUPS).flat();
}
