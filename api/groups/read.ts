/** What is read: events, entities, who read what, the published log, quarantine. */
import { accessRoutes } from '../routes/access.ts';
import { entityRoutes } from '../routes/entities.ts';
import { eventRoutes } from '../routes/events.ts';
import { feedRoutes } from '../routes/feed.ts';
import { ingressRoutes } from '../routes/ingress.ts';
import { logRoutes } from '../routes/log.ts';

export const readGroup = [
  ...accessRoutes,
  ...eventRoutes,
  ...feedRoutes,
  ...entityRoutes,
  ...ingressRoutes,
  ...logRoutes,
];
